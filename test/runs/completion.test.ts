import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../golden.js';

/** The real shells, each with its real script: what they would put on the command line. */
const home = mkdtempSync(join(tmpdir(), 'hwctl-completion-'));
t.teardown(() => rmSync(home, { recursive: true, force: true }));
mkdirSync(join(home, 'bin'));
mkdirSync(join(home, 'sub dir'));
for (const file of ['my file.yaml', 'a.json', 'sub dir/in.yaml']) writeFileSync(join(home, file), '');
writeFileSync(join(home, 'kubeconfig'), 'contexts:\n- {name: "two words", context: {}}\n- {name: a:b, context: {}}\n');
writeFileSync(join(home, 'bin/hwctl'), `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'bin/hwctl.js')}' "$@"\n`);
chmodSync(join(home, 'bin/hwctl'), 0o755);
const env = {
  PATH: `${join(home, 'bin')}:${process.env.PATH}`,
  LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH,
  HOME: home,
  XDG_STATE_HOME: home,
  KUBECONFIG: join(home, 'kubeconfig'),
  LC_ALL: 'C.UTF-8',
  TERM: 'dumb',
};
const scriptOf = (shell: string) => readFileSync(join(root, 'completions', `hwctl.${shell}`), 'utf8');

function runShell(shell: string, args: string[], script: string): string {
  const file = join(home, 'bin', `script.${shell}`);
  writeFileSync(file, script);
  const run = spawnSync(shell, [...args, file], { env, cwd: home, encoding: 'utf8', timeout: 60_000 });
  return run.stderr === '' ? run.stdout : `${run.stdout}stderr: ${run.stderr}`;
}

function missing(shell: string): { skip: string } | Record<string, never> {
  return spawnSync(shell, ['--version'], { env }).error === undefined ? {} : { skip: `${shell} is not installed` };
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

t.test('bash', missing('bash'), async (t) => {
  // The words as readline cuts them (COMP_WORDBREAKS), the last one being at the cursor.
  const table: [words: string[], line: string, expected: string][] = [
    [['hwctl', 'sta'], 'hwctl sta', 'status'],
    [['hwctl', 'completion', ''], 'hwctl completion ', 'bash zsh fish'],
    [['hwctl', 'scenario', 'e'], 'hwctl scenario e', 'export'],
    [['hwctl', 'load', '--summary', 'k'], 'hwctl load --summary k', 'k6'],
    [['hwctl', 'load', '--summary', '=', 'k'], 'hwctl load --summary=k', 'k6'],
    [['hwctl', 'load', '--summary', '='], 'hwctl load --summary=', 'hwctl k6 ab locust wrk'],
    [['hwctl', 'load', '--url', 'http', ':', '//x', 'sp'], 'hwctl load --url http://x sp', 'spike'],
    [['hwctl', 'test', 'my'], 'hwctl test my', 'my file.yaml +filenames'],
    [['hwctl', 'test', 'my\\ f'], 'hwctl test my\\ f', 'my file.yaml +filenames'],
    [['hwctl', 'test', '"my f'], 'hwctl test "my f', 'my file.yaml +filenames'],
    [['hwctl', 'test', 'sub'], 'hwctl test sub', 'sub dir/ +filenames +nospace'],
    [['hwctl', 'test', '-r', 'junit', '=', 'a'], 'hwctl test -r junit=a', 'a.json +filenames'],
    [['hwctl', 'up', '--context', 't'], 'hwctl up --context t', 'two\\ words'],
    [['hwctl', 'up', '--context', '"two w'], 'hwctl up --context "two w', 'two words'],
    [['hwctl', 'up', '--context', 'a', ':'], 'hwctl up --context a:', 'b'],
    [['hwctl', 'up', '--set', 'sto'], 'hwctl up --set sto', 'store= +nospace'],
    [['hwctl', 'up', '--set', 'store', '=', 'p'], 'hwctl up --set store=p', 'postgres'],
    [['hwctl', 'test', '$HOME/m'], 'hwctl test $HOME/m', ' +default'],
    [['hwctl', 'status', '>', 'a'], 'hwctl status > a', ' +default'],
    [['./bin/hwctl', 'doctor', 'm'], './bin/hwctl doctor m', 'minikube'],
    [['hwctl', 'load', '--rps', ''], 'hwctl load --rps ', ''],
  ];
  // compopt works in a completion alone: what it is asked for is printed instead.
  const lines = table.map(
    ([words, line]) => `
COMP_WORDS=(${words.map(quote).join(' ')}); COMP_CWORD=${words.length - 1}
COMP_LINE=${quote(line)}; COMP_POINT=${line.length}; asked=""; _hwctl; echo "\${COMPREPLY[*]}$asked"`,
  );
  const input = `compopt() { asked+=" +$2"; }\nsource <(hwctl completion bash)\n${lines.join('\n')}\n`;
  const found = runShell('bash', ['--norc'], input).split('\n');
  for (const [index, [, line, expected]] of table.entries()) t.equal(found[index], expected, line);
  t.equal(found.length, table.length + 1);
  t.equal(runShell('bash', ['-n'], scriptOf('bash')), '');
});

t.test('zsh', missing('zsh'), async (t) => {
  const table: [words: string[], expected: string][] = [
    [['hwctl', 'sta'], 'status'],
    [['hwctl', 'load', '--summary=k'], '--summary=k6'],
    [['hwctl', 'test', 'my'], 'my file.yaml'],
    [['hwctl', 'test', 'sub'], 'open sub dir/'],
    [['hwctl', 'up', '--context', 't'], 'two words'],
    [['hwctl', 'up', '--manifests', 'sub\\ dir', 'a'], 'all'],
    [['hwctl', 'up', '--set', 'sto'], 'open store='],
    [['hwctl', 'test', '~/m'], '_files'],
    [['hwctl', 'load', '--rps', ''], ''],
  ];
  const lines = table.map(
    ([words]) => `words=(${words.map(quote).join(' ')}); CURRENT=${words.length}; PREFIX=${quote(words.at(-1)!)}
asked=(); _hwctl; print -r -- "$asked"`,
  );
  const stubs = `compdef() { :; }
_files() { asked+=(_files) }
compadd() { [[ $1 == -S ]] && asked+=(open) ; asked+=("\${(@P)@[-1]}") }
`;
  const found = runShell('zsh', ['-f'], `${stubs}source <(hwctl completion zsh)\n${lines.join('\n')}\n`).split('\n');
  for (const [index, [words, expected]] of table.entries()) t.equal(found[index], expected, words.join(' '));
});

t.test('fish', missing('fish'), async (t) => {
  const table: [line: string, expected: string[]][] = [
    ['hwctl sta', ['status\twhat runs, where, how healthy']],
    ['hwctl load --summary=k', ['--summary=k6']],
    ['hwctl completion ', ['bash', 'zsh', 'fish']],
    ['hwctl test my', ['my file.yaml']],
    ['hwctl test sub', ['sub dir/']],
    ['hwctl up --context t', ['two words\tkubeconfig context']],
    ['hwctl up --context "two w', ['two words\tkubeconfig context']],
    ['hwctl up --manifests "sub dir" a', ['all\tevery stack']],
    ['hwctl load --rps ', []],
  ];
  const lines = table.map(([line]) => `complete -C ${quote(line)}; echo ==`);
  const output = runShell('fish', ['--no-config'], `hwctl completion fish | source\n${lines.join('\n')}\n`);
  const found = output.split('==\n');
  for (const [index, [line, expected]] of table.entries())
    t.strictSame(
      found[index]?.split('\n').filter((each) => each !== ''),
      expected,
      line,
    );
});
