import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

interface Outcome {
  ok: boolean;
  block: string[];
  counts: { pass: number; fail: number; skip: number; todo: number };
}
const scripts = new URL('../scripts/', import.meta.url);
const { javaScriptOf } = (await import(new URL('test-build.mjs', scripts).href)) as {
  javaScriptOf: (source: string) => Promise<string>;
};
const { runTestFile } = (await import(new URL('test-run.mjs', scripts).href)) as {
  runTestFile: (file: string, how: object) => Promise<Outcome>;
};

interface Case {
  text: string;
  /** What its block says. */
  says: RegExp;
  counts: Partial<Outcome['counts']>;
}
const head = "import t from 'tap';\ninterface Typed {\n  a: number;\n}\n";
const passing: Record<string, Case> = {
  'assertions of subtests are counted, a skip and a todo are told': {
    text: `${head}t.test('a', async (t) => { t.ok(true); t.test('b', async (t) => { t.ok(true); t.ok(true); }); });
t.ok(false, 'x', { skip: 'why' });
t.ok(false, 'y', { todo: 'later' });`,
    says: /# SKIP why[\s\S]*# TODO later[\s\S]*^ok 1 - \S+ # time=\d+ms$/m,
    counts: { pass: 3, fail: 0, skip: 1, todo: 1 },
  },
  'a file that says why it has no test is skipped': {
    text: `${head}t.plan(0, 'no cluster');`,
    says: /^ok 1 - \S+ # SKIP no cluster$/m,
    counts: { pass: 0, fail: 0, skip: 1 },
  },
};
const failing: Record<string, Case> = {
  'a wrong value and a throw: the file and the line of the source': {
    text: `${head}const typed: Typed = { a: 1 };
t.same(typed, { a: 2 }, 'wrong one');
t.test('x', async () => {
  throw new Error('thrown');
});`,
    says: /not ok 1 - wrong one[\s\S]*FILE\n\s*lineNumber: 6\n[\s\S]*not ok 1 - thrown[\s\S]*FILE:8:9/,
    counts: { pass: 0, fail: 2 },
  },
  'no assertion': { text: head, says: /asserts nothing/, counts: { fail: 1 } },
  'no word of tap': { text: "console.log('hello');", says: /hello[\s\S]*asserts nothing/, counts: { fail: 1 } },
  'an exit code beside passed assertions': {
    text: `${head}t.ok(true);\nprocess.exit(7);`,
    says: /^not ok 1[\s\S]*exitCode: 7/m,
    counts: { pass: 1, fail: 1 },
  },
  'an error of syntax: its line': { text: `${head}a b c`, says: /SyntaxError[\s\S]*FILE:5:2/, counts: { fail: 1 } },
  'an import that is not there: what stderr says of it': {
    text: `import './nothing.js';`,
    says: /# stderr: .*Cannot find module .*nothing\.js/,
    counts: { fail: 1 },
  },
  'a wait without an end: killed, and told': {
    text: `${head}t.setTimeout(300);
t.test('hangs', async (t) => {
  t.ok(true);
  await new Promise(() => setInterval(() => 0, 9));
});`,
    says: /not ok \d - timeout![\s\S]*timeout: killed, not done after 0\.3 s/,
    counts: { pass: 1, fail: 1 },
  },
  'a loop without an end: killed, and told': {
    text: `${head}t.setTimeout(300);\nt.ok(true);\nfor (;;);`,
    says: /timeout: killed, not done after 0\.3 s\n\s*signal: SIGKILL/,
    counts: { pass: 1, fail: 1 },
  },
};

async function run(folder: string, name: string, text: string): Promise<Outcome> {
  const source = join(folder, `${name}.ts`);
  const program = join(folder, `${name}.js`);
  writeFileSync(source, text);
  writeFileSync(program, await javaScriptOf(source));
  return runTestFile(source, { id: 0, number: () => 1, timeoutSeconds: 30, program });
}

async function runsOf(folder: string, cases: Record<string, Case>): Promise<[string, Case, Outcome][]> {
  const runs = Object.entries(cases).map(
    async ([name, one], index): Promise<[string, Case, Outcome]> => [
      name,
      one,
      await run(folder, `t${index}`, one.text),
    ],
  );
  return Promise.all(runs);
}

for (const [ok, cases] of [
  [true, passing],
  [false, failing],
] as const)
  t.test(`a file that ${ok ? 'passes' : 'fails'}`, async (t) => {
    for (const [name, { says, counts }, outcome] of await runsOf(t.testdir(), cases)) {
      const text = outcome.block.join('\n').replaceAll(/\S*\/t\d+\.ts/g, 'FILE');
      t.equal(outcome.ok, ok, name);
      t.match(text, says, name);
      t.match(outcome.counts, counts, name);
    }
  });

t.test('the last line reaches a pipe that is read late, however much comes before it', async (t) => {
  const module = new URL('exit-drained.mjs', scripts).href;
  const code = `const { exitDrained } = await import('${module}');
    process.stdout.write('x'.repeat(1_000_000));
    process.stdout.write('the last line');
    exitDrained(3);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdout.pause();
  await new Promise((resolve) => setTimeout(resolve, 500));
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) text += chunk;
  t.equal(text.length, 1_000_013);
  t.ok(text.endsWith('the last line'));
  t.equal(await ended, 3);
});
