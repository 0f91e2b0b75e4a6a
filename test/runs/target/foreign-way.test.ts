// Somebody's project from end to end through the built program: its collection points elsewhere and is sent to it all the same.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hwctl, root } from '../../golden.js';

t.setTimeout(300_000);

const yaml = `name: greeter
releases:
  - manifests: k8s
tests:
  - postman/greeter
local:
  greeter: { command: [node, server.js], folder: app, environment: { PORT: '{port}' } }
`;

t.test('numbered-yaml: up, test, load, verify, down without a name of anything', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'hwctl-way-'));
  const folder = join(home, 'project');
  cpSync(join(root, 'examples/numbered-yaml'), folder, { recursive: true });
  writeFileSync(join(folder, 'hwctl.yaml'), yaml);
  // Known by what is in it: no ending, and a base URL of nobody.
  const collection = readFileSync(join(folder, 'postman/greeter.postman_collection.json'), 'utf8');
  writeFileSync(
    join(folder, 'postman/greeter'),
    collection.replace('http://arch.homework', 'http://server.invalid:8008'),
  );
  writeFileSync(
    join(folder, 'service.yaml'),
    'name: service\nsteps:\n  - name: by its name in the cluster\n    request: GET http://greeter.greeter.svc.cluster.local:8000/health\n    check: [{ name: it answers, status: 200 }]\n',
  );
  const state = join(home, 'state');
  const run = (...argv: string[]) =>
    hwctl([...argv, '--target', 'local'], { env: { XDG_STATE_HOME: state }, cwd: folder, timeoutMs: 120_000 });
  t.teardown(async () => {
    await run('down');
    rmSync(home, { recursive: true, force: true });
  });
  const up = await run('up');
  t.equal(up.exitCode, 0, up.stderr);
  const test = await run('test');
  t.equal(test.exitCode, 0, test.stdout + test.stderr);
  t.match(test.stderr, /baseUrl is set to http:\/\/arch\.homework: server\.invalid does not resolve/);
  t.match(test.stdout, /GET http:\/\/arch\.homework\/greeter\/anna/);
  const named = await run('test', join('postman', 'greeter'), 'service.yaml');
  t.equal(named.exitCode, 0, named.stdout + named.stderr);
  const load = await run('load', '--rps', '10', '--duration', '1s');
  t.ok([0, 3].includes(load.exitCode ?? -1), load.stdout + load.stderr);
  t.match(load.stderr + load.stdout, /\/health is loaded: it answers/);
  const verify = await run('verify', '--rps', '10', '--duration', '1s', '--json');
  const report = JSON.parse(verify.stdout);
  t.match(
    report,
    { test: { passed: true, scenarios: [{ requests: { executed: 3 } }] }, load: { failed: 0 } },
    verify.stderr,
  );
  const down = await run('down');
  t.equal(down.exitCode, 0, down.stderr);
  t.strictSame(readdirSync(state), []);
});
