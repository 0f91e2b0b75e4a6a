import { Command, CommanderError } from 'commander';
import { exitCodes, Failure } from '../kernel/failure.js';
import { didYouMean } from '../kernel/nearest.js';
import { ReaderLeft } from '../kernel/output.js';
import { answerShell, completeCommand } from './completion/complete.js';
import type { Context } from './context/context.js';
import { formatFailure, withoutSecrets } from './context/failure-text.js';
import { appendStepSummary, failureBlocks } from './context/step-summary.js';
import { type Ends, jsonWhat } from './options/define-command.js';
import { newmanCounterpart } from './options/newman-options.js';
import { commandEntries } from './registry.js';

/**
 * Runs the command that `argv` names and returns the exit code of the process. Failures are reported here and nowhere else.
 * `endWithReader` is called where the command has no end of its own but that nobody reads it any more (`| head`).
 */
export async function runCommand(
  argv: string[],
  context: Context,
  endWithReader: () => void = () => undefined,
): Promise<number> {
  const usage: Usage = { text: '' };
  let exitCode: number = exitCodes.pass;
  const ends: Ends = {
    exit: (code) => {
      exitCode = code;
    },
    withReader: endWithReader,
  };
  if (argv[0] === completeCommand) {
    await answerShell(argv.slice(1), context);
    return exitCodes.pass;
  }
  try {
    const program = await buildProgram(argv, context, usage, ends);
    await program.parseAsync(argv, { from: 'user' });
    if (leavesNothing.includes(commandOf(argv))) (await import('./last-failure.js')).forgetFailure(context);
    return context.signal.aborted && !isUnread(context) ? exitCodes.interrupted : exitCode;
  } catch (error) {
    const code = report(error, argv, context, usage);
    if (usage.failure !== undefined && commandOf(argv) !== 'explain')
      (await import('./last-failure.js')).keepFailure(usage.failure, context);
    return code;
  }
}

function commandOf(argv: readonly string[]): string {
  return argv.find((word) => !word.startsWith('-')) ?? '';
}

/** Commands that write a summary of a step of GitHub Actions, also where they could not run. */
const summarized = ['test', 'load', 'verify'];

/** Commands after which no file of hwctl is left. */
const leavesNothing = ['down', 'verify'];

/** What commander wrote about a wrong call: the usage of a command that was named without one of its own commands. */
interface Usage {
  text: string;
  /** What was reported, for `hwctl explain`. */
  failure?: Failure;
}

async function buildProgram(argv: string[], context: Context, usage: Usage, ends: Ends): Promise<Command> {
  const program = new Command('hwctl')
    .description('Takes an empty machine to a proven service: provision, deploy, test and load-check.')
    .version(context.version, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError(true);
  const wanted = argv.find((word) => !word.startsWith('-'));
  const helpTopic = wanted === 'help' ? argv.filter((word) => !word.startsWith('-'))[1] : wanted;
  if (wanted !== undefined && wanted !== 'help' && !commandEntries.some((entry) => entry.name === wanted)) {
    throw unknownCommand(wanted);
  }
  if (wanted === 'help' && helpTopic !== undefined && !commandEntries.some((entry) => entry.name === helpTopic)) {
    throw unknownCommand(helpTopic);
  }
  for (const entry of commandEntries) {
    const command = program.command(entry.name).summary(entry.summary).description(entry.summary);
    command.option('--json', jsonWhat);
    if (entry.name === helpTopic) (await entry.load()).define(command, context, ends);
    else if (entry.operands !== undefined) command.arguments(entry.operands);
    if (entry.examples !== undefined)
      command.addHelpText('after', ['', 'Examples:', ...entry.examples.map((call) => `  ${call}`)].join('\n'));
  }
  forEachCommand(program, (command) => {
    // What is wrong with a call of `load compare` is answered with its own help.
    command.exitOverride((error) => {
      throw Object.assign(error, { usage: pathOf(command) });
    });
    command.configureHelp({ minWidthToWrap: 20 });
    command.configureOutput({
      writeOut: (text) => context.document(text),
      // Usage errors are thrown and reported by `report`, with their cure.
      writeErr: (text) => {
        usage.text += text;
      },
      getOutHelpWidth: () => context.columns,
    });
  });
  if (argv.length === 0) {
    context.document(program.helpInformation());
    throw new Failure({
      code: 'no-command',
      message: 'no command given',
      hint: 'hwctl verify is the one to start with',
    });
  }
  return program;
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}

function unknownCommand(word: string): Failure {
  return new Failure({
    code: 'unknown-command',
    message: `unknown command ${JSON.stringify(word)}${didYouMean(
      word,
      commandEntries.map((entry) => entry.name),
    )}`,
    hint: 'hwctl --help lists the commands',
  });
}

function report(error: unknown, argv: string[], context: Context, usage: Usage): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.pass;
    if (error.code === 'commander.help' && !argv.includes('--json')) context.print(usage.text.trimEnd().split('\n'));
    return report(usageFailure(error, argv), argv, context, usage);
  }
  if (context.signal.aborted && (error === context.signal.reason || isAbort(error))) {
    if (isUnread(context)) return exitCodes.pass;
    context.note('Interrupted.');
    return exitCodes.interrupted;
  }
  if (error instanceof Failure) {
    usage.failure = error;
    const call = commandOf(argv);
    if (summarized.includes(call)) appendStepSummary(failureBlocks(call, error), context);
    if (argv.includes('--json')) {
      const { code, message, hint, details } = withoutSecrets(error);
      context.json({ error: { code, message, hint, details: details.length > 0 ? details : undefined } });
    }
    context.note(formatFailure(error, context));
    return error.exitCode;
  }
  if (isEnvironmentTrouble(error)) {
    return report(
      new Failure({
        code: 'environment',
        message: error.message,
        hint: 'hwctl doctor checks what this machine must offer',
        cause: error,
      }),
      argv,
      context,
      usage,
    );
  }
  const bug = error instanceof Error ? error : new Error(String(error));
  context.note(`hwctl: a bug in hwctl: ${bug.stack ?? bug.message}`.split('\n'));
  context.note('Please report it with the command you ran and the lines above.');
  return exitCodes.bug;
}

/** Whether the command was ended because nobody reads it any more: that is its natural end. */
function isUnread(context: Context): boolean {
  return context.signal.reason instanceof ReaderLeft;
}

/** What the system refuses whatever the program: rights, room, limits. Other errors of it (no such file) may be a bug of ours. */
const troubles = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ELOOP'];

function isEnvironmentTrouble(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return error instanceof Error && syscall !== undefined && troubles.includes(code ?? '');
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'ABORT_ERR'));
}

/** The words that call a command: `load compare`; nothing for the program itself. */
function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim();
}

function usageFailure(error: CommanderError & { usage?: string }, argv: string[]): Failure {
  const given = argv.find((word) => commandEntries.some((entry) => entry.name === word));
  const command = error.usage || given;
  if (error.code === 'commander.help') {
    return new Failure({
      code: 'no-command',
      message: `hwctl ${command} needs one of its commands`,
      hint: `hwctl ${command} --help lists them`,
    });
  }
  const unknown = /unknown option '([^'=]+)/.exec(error.message)?.[1];
  const counterpart = command === 'test' && unknown !== undefined ? newmanCounterpart(unknown) : undefined;
  return new Failure({
    code: 'usage',
    // Of an unknown `--name=value` the name is enough.
    message: error.message
      .replace(/^error: /, '')
      .replace(/'(--[^\s=']+)=[^']*'/, "'$1'")
      .replace(/\s*\((Did you mean .*)\)\s*$/, '. $1'),
    hint: counterpart ?? `hwctl ${command === undefined ? '' : `${command} `}--help shows the usage`,
  });
}
