import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { hwctl } from '../../golden.js';

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const slow = `${'a'.repeat(60)}!`;

async function setup(t: Test): Promise<{ url: string; folder: string; file(name: string, text: string): string }> {
  const server = createServer((request, response) => {
    const levels = /^\/deep\/(\d+)/.exec(request.url ?? '')?.[1];
    response.end(
      levels !== undefined
        ? nested(Number(levels))
        : request.url === '/json'
          ? JSON.stringify({ t: slow, l: [{ t: slow }] })
          : slow,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-bounds-'));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, folder, file };
}

t.test('a pattern that explodes on what a server says is a failed check, wherever it stands', async (t) => {
  const { url, folder, file } = await setup(t);
  const places = {
    regex: "check: [{ name: x, regex: { '(a+)+$': x } }]",
    matches: "check: [{ name: x, text: { matches: '(a|a)*$' } }]",
    not: "check: [{ name: x, not: { regex: { '(b|a+)+$': x } } }]",
    any: "check: [{ name: x, any: [{ status: 500 }, { regex: { '(a+a)+$': x } }] }]",
    path: 'check: [{ name: x, json: { "$.l[?match(@.t, \'(a+)+\')]": [] } }]',
    search: 'check: [{ name: x, json: { "$.l[?search(@.t, \'(a+)+$\')]": [] } }]',
    schema: "check: [{ name: x, schema: { properties: { t: { pattern: '^(a+)+$' } } } }]",
    capture: "capture: { c: { regex: '((a+)+)$' } }",
    until: "until: { within: 1s, every: 100ms, is: { regex: { '(a*)*$': x } } }",
  };
  const steps = Object.values(places).map((place) => `  - { request: GET /json, ${place} }`);
  const run = await hwctl(['test', file('redos.yaml', `name: x\nsteps:\n${steps.join('\n')}\n`), '--url', url], {
    cwd: folder,
  });
  t.equal(run.exitCode, 1, run.stderr);
  t.equal(run.stdout.match(/did not come to an end within 1 s/g)?.length, Object.keys(places).length + 2, run.stdout);
});

t.test('Ctrl-C is heard', async (t) => {
  const { url, folder, file } = await setup(t);
  const steps = Array.from(
    { length: 40 },
    (_, i) => `  - { request: GET /a, check: [{ name: x, regex: { '(a+)+${i}$': x } }] }`,
  );
  let killedMs = 0;
  const run = await hwctl(['test', file('redos.yaml', `name: x\nsteps:\n${steps.join('\n')}\n`), '--url', url], {
    cwd: folder,
    onStdout: (text, pid) => {
      if (killedMs === 0 && text.includes('GET http')) {
        killedMs = performance.now();
        process.kill(pid, 'SIGINT');
      }
    },
  });
  t.equal(run.exitCode, 130);
  t.ok(performance.now() - killedMs < 10_000);
});

t.test('JSON that is nested deep is a failed check or an error, never a bug', async (t) => {
  const { url, folder, file } = await setup(t);
  const step = (levels: number) =>
    `  - { request: GET /deep/${levels}, check: [{ name: a, json: { $.x: 1 } }, { name: s, schema: { type: string } }], capture: { c: { json: '$..a' } }, log: [{ json: $ }] }`;
  const scenario = file('deep.yaml', `name: x\nsteps:\n${[900, 5000, 1_000_000].map(step).join('\n')}\n`);
  const reports = ['--har', 'o.har', '-r', 'cli,junit=o.xml,json=o.json,html=o.html,tap=o.tap'];
  const run = await hwctl(['test', scenario, '--url', url, ...reports], { cwd: folder });
  t.equal(run.exitCode, 1, run.stderr.slice(-2000));
  t.match(run.stdout, /expected JSON, found JSON nested more than 1000 levels deep/);
  const load = await hwctl(['load', '--scenario', `./${scenario}`, '--url', url, '--rps', '5', '--duration', '1s'], {
    cwd: folder,
  });
  t.match(load.stdout, /✗ a {2}0 of/);
  t.not(load.exitCode, 70);
  const script = "pm.test('x', () => pm.expect(pm.response.json()).to.eql([1])); console.log(pm.response.json());";
  const item = [5000, 1_000_000].map((levels) => ({
    name: `d${levels}`,
    request: { method: 'GET', url: `${url}/deep/${levels}` },
    event: [{ listen: 'test', script: { exec: [script] } }],
  }));
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  const collection = file('c.json', JSON.stringify({ info: { name: 'c', schema }, item }));
  t.equal((await hwctl(['test', collection, ...reports], { cwd: folder })).exitCode, 1);
});

t.test('deep files are refused with a sentence', async (t) => {
  const { url, folder, file } = await setup(t);
  for (const levels of [5000]) {
    const deep = nested(levels);
    const calls = [
      ['test', file('s.yaml', `name: x\nsteps: ${deep}\n`), '--url', url],
      ['test', file('c.json', deep), '--url', url],
      ['scenario', 'import', 'c.json'],
      ['scenario', 'import', file('o.yaml', `openapi: 3.0.0\npaths: ${deep}\n`)],
      ['load', 'compare', file('r.json', `{"schema":"hwctl.dev/load-result/v2","histograms":${deep}}`), 'r.json'],
      ['load', file('p.yaml', `why: x\narrivals: ${deep}\n`), '--url', url],
      ['test', 'hello', '-d', file('d.json', `[{"a":${deep}}]`), '--url', url],
    ];
    for (const call of calls) {
      const run = await hwctl(call, { cwd: folder });
      t.equal(run.exitCode, 2, `${call.join(' ')}: ${run.stderr.slice(0, 500)}`);
      t.match(run.stderr, /^error: .*\n/);
      t.notMatch(run.stderr, /call stack/);
    }
    const har = JSON.stringify({
      log: {
        entries: [
          {
            request: {
              method: 'POST',
              url: 'http://a/',
              headers: [],
              postData: { mimeType: 'application/json', text: deep },
            },
          },
        ],
      },
    });
    t.equal((await hwctl(['scenario', 'import', file('h.har', har)], { cwd: folder })).exitCode, 0);
  }
});
