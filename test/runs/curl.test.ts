// The exported shell script, run: curl must send what hwctl sends.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { toCurl } from '../../src/cli/scenario/convert/to-curl.js';
import { remembering, requests } from '../scenario/convert/sent.js';
import { runText, scenarioOf } from '../scenario/run-text.js';

const skip = spawnSync('curl', ['--help', 'all']).stdout?.includes('--url-query')
  ? false
  : 'needs curl 7.87 or newer on the PATH';

async function runScript(t: Test, script: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-curl-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'script.sh');
  writeFileSync(file, script);
  return execa('sh', [file], { reject: false, env: { TMPDIR: folder, ...env }, timeout: 60_000 });
}

t.test('curl sends what hwctl sends', { skip }, async (t) => {
  const { url, take } = await remembering(t);
  const yaml = requests(url, true);
  const { result } = await runText(yaml, url);
  t.ok(result.passed);
  const ours = take();
  const { text, losses } = toCurl(scenarioOf(yaml));
  t.same(losses, []);
  const run = await runScript(t, text);
  t.equal(run.exitCode, 0, run.stderr);
  t.same(take(), ours);
});

t.test('generated values, captured ones and hostile names', { skip }, async (t) => {
  const { url, take } = await remembering(t);
  const yaml = JSON.stringify({
    name: 'x\ntouch injected',
    why: 'y\nexit 9',
    url: `${url}/$(exit 9)`,
    variables: { PATH: 'mine', jars: 'q"\\{{$uuid}}', both: ['{{$int(5,5)}}', '{{$pick(a"b)}}'] },
    steps: [
      { name: 'a\nexit 9', skip: 'b\nexit 9', request: 'GET /' },
      {
        name: 'c\nexit 9',
        request: `POST ${url}/echo`,
        json: {
          n: '{{$int(3,3)}}',
          u: '{{jars}}',
          f: '{{$float(1,1)}}',
          t: '{{$text(4)}}',
          x: '{{PATH}}',
          s: '{{$add(1,2)}}',
        },
        capture: { id: '$.body' },
      },
      { request: `POST ${url}/echo`, json: { id: '{{id}}', inner: 'a {{id.b}} c' }, form: undefined },
    ],
  });
  const { text, losses } = toCurl(scenarioOf(yaml));
  const env = { v_id: 'a "quoted"\nline', v_id__b: '\\' };
  const run = await runScript(t, text, env);
  t.equal(run.exitCode, 0, run.stderr);
  const [first, second] = take().map((each) => JSON.parse(JSON.parse(each).body));
  t.match(first, { n: 3, f: 1, x: 'mine', s: 3, u: /^q"\\[\da-f-]{36}$/, t: /^[a-z\d]{4}$/ });
  t.same(second, { id: env.v_id, inner: 'a \\ c' });
  t.match(losses.join('\n'), /the variable both: a list of generated values stands as text/);
  t.match(losses.join('\n'), /\{\{id\}\} stands as text in the JSON body/);
  t.match(losses.join('\n'), /\{\{id\.b\}\}: set v_id__b to that value/);
});

const hostile = ['<id>', '"q"', 'a b', '{x}', '[1]', '|', '^', '`', '\\', "it's", 'é', '%41', '$HOME', '#', '@f', '-H'];

t.test('addresses, headers and bodies that curl or a shell reads as something else', { skip }, async (t) => {
  const { url, take } = await remembering(t);
  const inAddress = hostile.filter((each) => each !== '#');
  const variables = { empty: '', ...Object.fromEntries(hostile.map((each, index) => [`v${index}`, each])) };
  const names = hostile.flatMap((each, index) => (each === '#' ? [] : [`{{v${index}}}`]));
  const starts = ['@/etc/passwd', '@{{empty}}', '<f', ''];
  const fields = Object.fromEntries([...starts, ...hostile, ...names].map((each, index) => [`f${index}`, each]));
  const steps = [
    ...[...inAddress, ...names].map((each) => ({ request: `GET /echo/a/${each}/b?x=${each}&y=1` })),
    ...['', '{{empty}}', ...hostile.filter((each) => each !== 'é')].map((each) => ({
      request: 'GET /echo',
      headers: { 'X-Key': each, 'X-Both': `${each}{{empty}}` },
    })),
    ...[...starts, ...hostile].map((each) => ({ request: 'POST /echo/text', text: each })),
    { request: 'POST /echo/form', form: fields },
    { request: 'POST /echo/json', json: fields },
    { request: 'POST /echo/parts', multipart: fields },
  ];
  const yaml = JSON.stringify({
    name: 'hostile',
    url,
    variables,
    steps: steps.map((step, i) => ({ name: `s${i}`, ...step })),
  });
  const { result } = await runText(yaml, url);
  t.ok(result.passed, JSON.stringify(result.failures.slice(0, 3)));
  const ours = take();
  const { text, losses } = toCurl(scenarioOf(yaml));
  t.same(losses, []);
  const run = await runScript(t, text);
  t.equal(run.exitCode, 0, run.stderr);
  const theirs = take();
  t.equal(theirs.length, ours.length);
  for (const [index, each] of ours.entries()) t.equal(theirs[index], each, JSON.stringify(steps[index]));
});
