// What a scenario or a collection may send of this machine, and that a file which is not sent is a failure.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { loadScenario } from '../../../src/cli/scenario/format/find.js';
import { runCollection } from '../../../src/cli/scenario/postman/run.js';
import { runScenario } from '../../../src/cli/scenario/run/run.js';
import { root } from '../../golden.js';
import { listening } from '../../scenario/echo-server.js';

t.setTimeout(120_000);

const outer = mkdtempSync(join(tmpdir(), 'hwctl-uploads-'));
t.teardown(() => rmSync(outer, { recursive: true, force: true }));
const folder = join(outer, 'in');
mkdirSync(folder);
mkdirSync(join(outer, 'elsewhere'));
for (const [file, text] of [
  ['in/a.txt', 'inside'],
  ['out.txt', 'outside'],
  ['elsewhere/b.txt', 'outside'],
] as const)
  writeFileSync(join(outer, file), text);
symlinkSync('../out.txt', join(folder, 'link.txt'));
symlinkSync('../elsewhere', join(folder, 'linked'));
symlinkSync('a.txt', join(folder, 'near.txt'));

const sendsIt: [path: string, sent: string | undefined, confined: string | undefined][] = [
  ['a.txt', 'inside', 'inside'],
  ['./near.txt', 'inside', 'inside'],
  ['linked/../a.txt', 'inside', 'inside'],
  ['../out.txt', 'outside', undefined],
  [join(outer, 'out.txt'), 'outside', undefined],
  ['link.txt', undefined, undefined],
  ['linked/b.txt', undefined, undefined],
  [join(folder, 'link.txt'), undefined, undefined],
  ['gone.txt', undefined, undefined],
  ['.', undefined, undefined],
];

let bodies: string[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  bodies.push(body);
  response.end();
});

for (const confined of [false, true])
  t.test(`files ${confined ? 'confined to the folder' : 'as in newman'}`, async (t) => {
    const url = `http://127.0.0.1:${await listening(t, server)}`;
    const around = { clock: systemClock, signal: new AbortController().signal };
    for (const [path, free, kept] of sendsIt) {
      const expected = confined ? kept : free;
      const outside: string[] = [];
      const uploads = { confined, onOutside: (file: string) => outside.push(file) };
      const told = (passed: boolean, what: string) => {
        t.equal(passed, expected !== undefined, `${what}: passed`);
        const sent = bodies.some((body) => body.includes(expected ?? 'outside'));
        t.equal(sent, expected !== undefined, `${what}: sent`);
        t.equal(outside.length > 0, expected === 'outside', `${what}: told where it leads out`);
        bodies = [];
        outside.length = 0;
      };
      for (const body of [`file: '${path}'`, `multipart: { f: { file: '${path}' } }`]) {
        writeFileSync(join(folder, 's.yaml'), `name: s\nsteps:\n  - name: a\n    request: POST /\n    ${body}\n`);
        const scenario = await loadScenario(join(folder, 's.yaml'), { root, cwd: folder }).catch(() => undefined);
        const { passed } =
          scenario === undefined
            ? { passed: false }
            : await runScenario(
                { ...scenario, file: join(folder, 's.yaml'), uploads },
                { ...around, endpoint: { url } },
              );
        told(passed, `YAML ${body}`);
      }
      const formdata = { mode: 'formdata', formdata: [{ key: 'f', type: 'file', src: path }] };
      const several = { mode: 'formdata', formdata: [{ key: 'f', type: 'file', src: ['a.txt', path] }] };
      for (const body of [formdata, several, { mode: 'file', file: { src: path } }]) {
        writeFileSync(
          join(folder, 'c.json'),
          JSON.stringify({ info: { name: 'c' }, item: [{ name: 'a', request: { method: 'POST', url, body } }] }),
        );
        const { passed } = await runCollection(join(folder, 'c.json'), 'c.json', { ...around, cwd: folder, uploads });
        told(passed, `collection ${JSON.stringify(body)}`);
      }
    }
  });

t.test('sockets of this machine', async (t) => {
  const socket = join(outer, 'socket');
  let asked = 0;
  const local = createServer((_request, response) => {
    asked++;
    response.end();
  });
  await new Promise<void>((done) => void local.listen(socket, done));
  t.teardown(() => local.close());
  const redirecting = createServer((_request, response) => {
    response.writeHead(302, { Location: `http://unix:${socket}:/x` }).end();
  });
  const url = `http://127.0.0.1:${await listening(t, redirecting)}`;
  for (const address of [`http://unix:${socket}:/x`, url])
    for (const allowUnixSocket of [false, true]) {
      writeFileSync(
        join(folder, 'c.json'),
        JSON.stringify({ info: { name: 'c' }, item: [{ name: 'a', request: { method: 'GET', url: address } }] }),
      );
      asked = 0;
      const result = await runCollection(join(folder, 'c.json'), 'c.json', {
        clock: systemClock,
        signal: new AbortController().signal,
        cwd: folder,
        allowUnixSocket,
      });
      t.equal(asked, allowUnixSocket ? 1 : 0, `${address}: ${allowUnixSocket}`);
      t.equal(result.passed, allowUnixSocket);
      if (!allowUnixSocket)
        t.match(
          JSON.stringify(result.failures),
          /is a socket of this machine: requests to it need --allow-unix-socket/,
        );
    }
});
