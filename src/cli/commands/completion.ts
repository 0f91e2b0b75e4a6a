import { Command, type Option } from 'commander';
import { Failure } from '../kernel/failure.js';
import { didYouMean } from '../kernel/nearest.js';
import type { Context } from './context.js';
import { commandEntries, type Define } from './registry.js';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

interface Words {
  name: string;
  summary: string;
  options: { flag: string; takesValue: boolean; choices: string[]; description: string }[];
}

/** `hwctl completion bash|zsh|fish`: a script made from the commands themselves, so that it is never behind them. */
export const define: Define = (command, context) => {
  command
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      '\nbash: source <(hwctl completion bash)\nzsh:  source <(hwctl completion zsh)\nfish: hwctl completion fish | source',
    )
    .action(async (name: string, options: { json?: boolean }) => {
      const shell = shells.find((known) => known === name);
      if (shell === undefined) {
        throw new Failure({
          code: 'unknown-shell',
          message: `unknown shell ${JSON.stringify(name)}${didYouMean(name, shells)}`,
          hint: 'hwctl completion bash, hwctl completion zsh or hwctl completion fish',
        });
      }
      const script = scriptFor(shell, await collectWords(context));
      if (options.json) context.json({ shell, script });
      else context.document(`${script}\n`);
    });
};

async function collectWords(context: Context): Promise<Words[]> {
  return Promise.all(
    commandEntries.map(async (entry) => {
      const command = new Command(entry.name)
        .option('--json', 'one JSON document (or NDJSON) on stdout')
        .option('-h, --help', 'show help');
      (await entry.load()).define(command, context);
      return {
        name: entry.name,
        summary: entry.summary,
        options: command.options.filter((option) => !option.hidden).map(toWord),
      };
    }),
  );
}

function toWord(option: Option): Words['options'][number] {
  return {
    flag: option.long ?? option.short ?? '',
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
    description: option.description,
  };
}

function scriptFor(shell: Shell, words: Words[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(words);
    case 'zsh':
      return zshScript(words);
    case 'fish':
      return fishScript(words);
  }
}

function bashScript(words: Words[]): string {
  const flagCases = words.map(
    (word) => `    ${word.name}) flags="${word.options.map((option) => option.flag).join(' ')}" ;;`,
  );
  const choiceCases = words.flatMap((word) =>
    word.options
      .filter((option) => option.choices.length > 0)
      .map(
        (option) =>
          `    "${word.name} ${option.flag}") COMPREPLY=($(compgen -W "${option.choices.join(' ')}" -- "$cur")); return ;;`,
      ),
  );
  return `# hwctl completion for bash: source <(hwctl completion bash)
_hwctl() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" flags=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words.map((word) => word.name).join(' ')}" -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]} $prev" in
${choiceCases.join('\n') || '    "") ;;'}
  esac
  case "\${COMP_WORDS[1]}" in
${flagCases.join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -F _hwctl hwctl`;
}

/** Text inside zsh's single quotes and _arguments brackets. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:');
}

function zshScript(words: Words[]): string {
  const cases = words.map((word) => {
    const specs = word.options.map((option) => {
      const value = option.takesValue
        ? `:value:${option.choices.length > 0 ? `(${option.choices.join(' ')})` : '_files'}`
        : '';
      return `'*${option.flag}[${zshText(option.description)}]${value}'`;
    });
    return `    ${word.name}) _arguments ${specs.join(' ')} '*:file:_files' ;;`;
  });
  return `#compdef hwctl
# hwctl completion for zsh: source <(hwctl completion zsh)
_hwctl() {
  if (( CURRENT == 2 )); then
    local -a commands=(${words.map((word) => `'${word.name}:${zshText(word.summary)}'`).join(' ')})
    _describe 'command' commands
    return
  fi
  local name=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join('\n')}
  esac
}
compdef _hwctl hwctl`;
}

function fishScript(words: Words[]): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = words.flatMap((word) => [
    `complete -c hwctl -n __fish_use_subcommand -f -a ${word.name} -d ${quote(word.summary)}`,
    ...word.options.map((option) => {
      const value =
        option.choices.length > 0 ? ` -x -a ${quote(option.choices.join(' '))}` : option.takesValue ? ' -r' : '';
      const flag = option.flag.startsWith('--') ? `-l ${option.flag.slice(2)}` : `-s ${option.flag.slice(1)}`;
      return `complete -c hwctl -n ${quote(`__fish_seen_subcommand_from ${word.name}`)} ${flag} -d ${quote(option.description)}${value}`;
    }),
  ]);
  return `# hwctl completion for fish: hwctl completion fish | source\n${lines.join('\n')}`;
}
