import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Argument, Command, Option } from 'commander';
import fc from 'fast-check';
import t from 'tap';
import { answerShell } from '../../../src/cli/commands/completion/complete.js';
import { kinds } from '../../../src/cli/commands/completion/kinds.js';
import { completeWords, defined, isRepeatable, kindOf, rowsOf } from '../../../src/cli/commands/completion/words.js';
import type { Context } from '../../../src/cli/commands/context/context.js';
import { commandEntries } from '../../../src/cli/commands/registry.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), 'hwctl-complete-'));
t.teardown(() => rmSync(cwd, { recursive: true, force: true }));
for (const folder of ['sub dir', '.hidden', 'k8s/own', '.minikube/profiles/p1', '.minikube/profiles/empty'])
  mkdirSync(join(cwd, folder), { recursive: true });
for (const file of [
  'a.json',
  'a.har',
  'a.csv',
  'ca.pem',
  'my file.yaml',
  'notes.txt',
  'sub dir/in.yml',
  '.env',
  'evil\u001b[31m.json',
])
  writeFileSync(join(cwd, file), '');
writeFileSync(join(cwd, 'k8s/own/kustomization.yaml'), '# My own service.\nresources: []\n');
writeFileSync(join(cwd, '.minikube/profiles/p1/config.json'), '{}');
writeFileSync(join(cwd, 'kube.yaml'), 'contexts:\n- {name: one, context: {}}\n- {name: "two words", context: {}}\n');
writeFileSync(join(cwd, 'broken.yaml'), 'contexts: [{{\n');
const env = { HOME: cwd, KUBECONFIG: `${join(cwd, 'broken.yaml')}:${join(cwd, 'kube.yaml')}` };
const context = { root, cwd, env, columns: 80 } as unknown as Context;

/** The candidates for a line whose last word is at the cursor; words are parted by one blank here. */
async function complete(line: string): Promise<string[]> {
  return (await completeWords(line.split(' '), context)).map(({ word }) => word);
}

async function ask(argv: string[]): Promise<string> {
  let text = '';
  const reader = { ...context, document: (part: string) => (text += part) } as unknown as Context;
  await answerShell(argv, reader);
  return text;
}

const folders = ['k8s/', 'sub dir/'];
const scenarios = ['hello', 'idempotency-strict', 'idempotency', 'orders-strict', 'orders', 'prices', 'users'];
const profiles = ['breakpoint', 'hello-ab', 'orders-flow', 'prices-ramp', 'soak', 'spike', 'steady', 'users-mix'];
const stacks = ['hello', 'idempotency', 'orders', 'prices', 'users'];
const services = ['auth', 'billing', 'hello', 'notifications', 'orders', 'postgres', 'prices', 'users'];
const served = ['auth', 'billing', 'orders', 'notifications', 'users', 'prices', 'hello'];
const yaml = ['broken.yaml', 'kube.yaml', 'my file.yaml'];
const reporters = ['cli', 'json', 'junit', 'tap', 'html', 'markdown', 'github'];
const everyFile = ['a.csv', 'a.har', 'a.json', 'ca.pem', 'notes.txt', ...yaml, ...folders];

t.test('words and what may stand in place of the last one', async (t) => {
  const table: [line: string, expected: string[]][] = [
    ['', [...commandEntries.map(({ name }) => name), 'help']],
    ['s', ['status', 'serve', 'scenario']],
    ['help lo', ['logs', 'load']],
    ['--v', ['--version']],
    ['nosuch ', []],
    ['up ', [...stacks, 'all']],
    ['up hello o', ['orders']],
    ['up hello ', ['idempotency', 'orders', 'prices', 'users']],
    ['up --manifests k8s ', ['own', 'all']],
    ['up --manifests=k8s o', ['own']],
    ['up --manifests ~/k8s o', ['own']],
    ['up --manifests ', folders],
    ['--json up o', ['orders']],
    ['up -- ', [...stacks, 'all']],
    ['down ', stacks],
    ['dev h', ['hello']],
    ['verify i', ['idempotency']],
    ['diff p', ['prices']],
    ['render ', [...stacks, 'all']],
    ['render --as helm ', folders],
    ['render --as helm --out x ', [...stacks, 'all']],
    ['render --as helm charts o', ['orders']],
    ['render --as ', ['yaml', 'helm']],
    ['render --target ', ['minikube', 'kind', 'kube']],
    ['logs ', services],
    ['logs auth --tail ', []],
    ['open ', ['app', 'grafana', 'prometheus', ...services]],
    ['open app ', []],
    ['status ', []],
    ['forward --address ', []],
    ['debug -- ', []],
    ['serve auth ', served.slice(1)],
    ['serve --data ', folders],
    ['test ', [...scenarios, 'all', 'a.json', ...yaml, ...folders]],
    ['test hello h', []],
    ['test my', ['my file.yaml']],
    ['test sub', ['sub dir/']],
    ['test ./', [`./a.json`, ...yaml.map((name) => `./${name}`), ...folders.map((name) => `./${name}`)]],
    ['test ~/a', ['~/a.json']],
    ['test -r ', reporters],
    ['test -rju', ['-rjunit']],
    ['test --reporters cli,ju', ['cli,junit']],
    ['test --reporters=cli,', reporters.slice(1).map((name) => `--reporters=cli,${name}`)],
    ['test -r junit=no', ['junit=notes.txt']],
    ['test -r cli,junit=a.json,ta', ['cli,junit=a.json,tap']],
    ['test -d ', ['a.csv', 'a.json', ...folders]],
    ['test -e ', ['a.json', ...folders]],
    ['test --env-file .', ['.env', '.hidden/', '.minikube/']],
    ['test --working-dir ', folders],
    ['test --cac', ['--cacert']],
    ['test --cacert ', ['ca.pem', ...folders]],
    ['test --ssl-client-key=c', ['--ssl-client-key=ca.pem']],
    ['test --step ', []],
    ['load ', [...profiles, ...yaml, ...folders, 'compare']],
    ['load spike ', []],
    ['load --url http://x st', ['steady']],
    ['load --rps ', []],
    ['load --summary ', ['hwctl', 'k6', 'ab', 'locust', 'wrk']],
    ['load --summary=k', ['--summary=k6']],
    ['load --scenario or', ['orders-strict', 'orders']],
    ['load -d @a', ['@a.csv', '@a.har', '@a.json']],
    ['load -d a', []],
    ['load -kX P', ['POST', 'PUT', 'PATCH']],
    ['load --out ', ['a.csv', 'a.json', ...folders]],
    ['load compare ', ['a.json', ...folders]],
    ['load compare a.json ', ['a.json', ...folders]],
    ['load compare a.json b.json ', []],
    ['load compare --', ['--json', '--tolerance', '--out', '--help']],
    ['load steady compare', []],
    ['scenario ', ['list', 'show', 'validate', 'export', 'import']],
    ['scenario show h', ['hello']],
    ['scenario export hello --to ', ['postman', 'k6', 'curl']],
    ['scenario export hello --output a', ['a.csv', 'a.har', 'a.json']],
    ['scenario validate k', ['kube.yaml', 'k8s/']],
    ['scenario import a', ['a.har', 'a.json']],
    ['scenario list ', []],
    ['doctor ', ['local', 'minikube', 'kind']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['completion bash ', []],
    ['up --target ', ['auto', 'local', 'minikube', 'kind', 'kube']],
    ['up --target=m', ['--target=minikube']],
    ['up --context ', ['one', 'two words']],
    ['up --allow-context t', ['two words']],
    ['up --profile ', ['p1']],
    ['up --set st', ['store=']],
    ['up --set store=', ['store=postgres', 'store=sqlite']],
    ['up --set ingress=f', ['ingress=false']],
    ['up --values my', ['my file.yaml']],
    ['up --unknown ', [...stacks, 'all']],
  ];
  for (const [line, expected] of table) t.strictSame((await complete(line)).sort(), [...expected].sort(), line);
  t.strictSame((await complete('load --unix-socket ')).sort(), [...everyFile].sort());
});

/** Every command and subcommand as the program defines it, with the words that call it. */
async function everyCommand(): Promise<{ path: string; command: Command }[]> {
  const walk = (command: Command, path: string): { path: string; command: Command }[] => [
    { path, command },
    ...command.commands.flatMap((child) => walk(child, `${path} ${child.name()}`)),
  ];
  const all = await Promise.all(commandEntries.map(async ({ name }) => walk((await defined(name, context))!, name)));
  return all.flat();
}

t.test('every flag with a value and every argument has a kind, and every kind is used', async (t) => {
  const used = new Set<string>();
  for (const { path, command } of await everyCommand()) {
    const places: (Option | Argument)[] = [
      ...command.options.filter((option) => option.required || option.optional),
      ...command.registeredArguments,
    ];
    for (const place of places) {
      const what = 'flags' in place ? place.flags : place.name();
      t.ok(kindOf(command, place) !== undefined, `hwctl ${path} ${what}: a row in completion-kinds.ts`);
      const row = place.argChoices === undefined ? rowsOf(command, place).find((each) => each in kinds) : undefined;
      if (row !== undefined) used.add(row);
    }
  }
  t.strictSame(
    Object.keys(kinds).filter((row) => !used.has(row)),
    [],
    'no row stands for nothing',
  );
});

t.test('every flag of every command is offered, a second time only where it gathers', async (t) => {
  for (const { path, command } of await everyCommand()) {
    const offered = await complete(`${path} -`);
    for (const option of command.options) {
      const names = [option.long, option.short].filter((name) => name != null) as string[];
      for (const name of names) {
        if (!offered.includes(name)) t.fail(`hwctl ${path} does not offer ${name}`);
        const line = `${path} ${name}${option.required ? ' x' : ''} -`;
        const again = names.some((each) => each !== '' && offered.includes(each)) && (await complete(line));
        t.equal((again as string[]).includes(name), isRepeatable(option), `hwctl ${line}`);
      }
    }
  }
  for (const flag of ['--set', '--values']) t.ok((await complete(`up ${flag} x --`)).includes(flag), flag);
  for (const flag of ['--header', '--out', '--threshold']) t.ok((await complete(`load ${flag} x --`)).includes(flag));
  t.notOk((await complete('load --rps 5 --')).includes('--rps'));
});

t.test('the answer to a shell', async (t) => {
  t.equal(await ask(['--', 'doctor', '']), 'words\nlocal\nminikube\nkind\n');
  t.match(await ask(['--', 'scenario', 's']), /^words\nshow\tthe steps and checks/);
  t.equal(await ask(['--', 'test', 'my']), 'files\nmy file.yaml\n');
  t.equal(await ask(['--', 'test', 'sub']), 'files nospace\nsub dir/\n');
  t.equal(await ask(['--', 'up', '--set', 'st']).then((text) => text.split('\t')[0]), 'words nospace\nstore=');
  t.equal(await ask(['--quoted', '--', 'test', 'my\\ f']), 'files\nmy file.yaml\n');
  t.equal(await ask(['--quoted', '--', 'test', '"sub dir"/i']), 'files\nsub dir/in.yml\n');
  t.equal(await ask(['--quoted', '--', 'up', '--context', "'two w"]), 'words\ntwo words\tkubeconfig context\n');
  t.equal(await ask(['--quoted', '--', 'test', '$HOME/m']), 'shell\n', 'a variable is the shell’s');
  t.equal(await ask(['--quoted', '--', 'up', '--manifests', '$X', 'al']), 'words\nall\tevery stack\n');
  t.equal(await ask(['--', 'test', 'evil']), 'words\n', 'no control characters');
  t.equal(await ask([]).then((text) => text.split('\n')[0]), 'words');
});

t.test('what is up on this machine is known, a damaged record is not in the way', async (t) => {
  const folder = join(cwd, 'state', 'hwctl', 'local');
  mkdirSync(folder, { recursive: true });
  const process = { stacks: ['own'], command: [], env: {}, ports: [], after: [], folders: [], files: [], digest: '' };
  const state = {
    version: 1,
    stacks: ['own'],
    manifests: '/x',
    values: {},
    digest: '',
    inputs: '',
    routes: [],
    services: [],
    loadPaths: {},
  };
  const processes = ['notes', 'gateway'].map((name) => ({
    ...process,
    name,
    kind: name === 'gateway' ? name : 'service',
    startTimeoutMs: 1,
    graceMs: 1,
  }));
  writeFileSync(join(folder, 'state.json'), JSON.stringify({ ...state, processes }));
  const here = { ...context, env: { ...env, XDG_STATE_HOME: join(cwd, 'state') } };
  const ask = async (line: string) => (await completeWords(line.split(' '), here)).map(({ word }) => word);
  t.strictSame(await ask('down o'), ['orders', 'own']);
  t.strictSame(await ask('logs n'), ['notifications', 'notes']);
  t.strictSame(await ask('open n'), ['notifications', 'notes']);
  t.strictSame(await ask('open g'), ['grafana']);
  t.strictSame(await ask('logs g'), ['gateway']);
  t.strictSame(await ask('logs s'), ['supervisor']);
  writeFileSync(join(folder, 'state.json'), '{');
  t.strictSame(await ask('down o'), ['orders']);
});

t.test('any words get candidates that begin as the last one does, and no error', async () => {
  const commands = await everyCommand();
  const flags = [
    ...new Set(commands.flatMap(({ command }) => command.options.flatMap(({ long, short }) => [long, short]))),
  ];
  const word = fc.oneof(
    fc.constantFrom(...commands.flatMap(({ path }) => path.split(' ')), ...flags.map(String)),
    fc.constantFrom('', '-', '--', '=', '--=', '-r', 'cli,', 'a=', '~', '~/', '../', '@', '__proto__', '--__proto__'),
    fc.string({ maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (words) => {
      const found = await completeWords(words, context);
      return found.every((candidate) => candidate.word.startsWith(words.at(-1) ?? ''));
    }),
    { numRuns: 300, seed: 12 },
  );
});
