import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const bin = fileURLToPath(new URL('../../bin/hwctl.js', import.meta.url));
// A folder of a virtual environment's programs, where locust is not in PATH.
const path = [process.env.LOCUST_BIN, process.env.PATH].filter(Boolean).join(delimiter);
const hasLocust = spawnSync('locust', ['--version'], { env: { ...process.env, PATH: path } }).status === 0;
const skip = hasLocust
  ? false
  : 'locust is not installed (python3 -m venv V && V/bin/pip install locust; LOCUST_BIN=V/bin)';

const locustfile = `from locust import HttpUser, task, constant
from locust.exception import StopUser

class Shopper(HttpUser):
    wait_time = constant(0.02)

    def on_start(self):
        self.left = 10

    @task
    def buy(self):
        self.client.get("/item/1", name="/item/[id]")
        self.client.post("/order", json={"n": self.left})
        self.client.get("/missing")
        self.left -= 1
        if self.left == 0:
            raise StopUser()
`;
const endless = `from locust import HttpUser, task, constant

class Shopper(HttpUser):
    wait_time = constant(0.05)

    @task
    def look(self):
        self.client.get("/item/1")
`;

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

t.test('a locustfile under hwctl', { skip }, async (t) => {
  const seen: Record<string, number> = {};
  const server = createServer((request, response) => {
    seen[`${request.method} ${request.url}`] = (seen[`${request.method} ${request.url}`] ?? 0) + 1;
    response.writeHead(request.url === '/missing' ? 404 : 200).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-locust-'));
  t.teardown(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'locustfile.py');
  const env = { ...process.env, PATH: path, XDG_STATE_HOME: folder };
  const hwctl = (args: string[], text = locustfile, act?: (pid: number, line: string) => void): Promise<Ended> => {
    writeFileSync(file, text);
    for (const key of Object.keys(seen)) delete seen[key];
    const child = spawn(process.execPath, [bin, 'load', file, '--url', url, ...args], { env });
    const ended: Ended = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (data) => {
      ended.stdout += data;
      act?.(child.pid!, String(data));
    });
    child.stderr.on('data', (data) => {
      ended.stderr += data;
    });
    return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
  };
  const usual = ['--users', '4', '--spawn-rate', '4', '--run-time', '5s'];

  await t.test('counts what locust alone counts, and the file stays as it is', async (t) => {
    const out = join(folder, 'run.json');
    const { code, stdout } = await hwctl([...usual, '--threshold', 'error_rate<50%', '--out', out]);
    const under = { ...seen };
    const report = JSON.parse(readFileSync(out, 'utf8'));
    t.equal(code, 0, stdout);
    t.strictSame(under, { 'GET /item/1': 40, 'POST /order': 40, 'GET /missing': 40 });
    t.match(report, {
      sent: 120,
      ok: 80,
      failed: 40,
      statusCodes: { 200: 80, 404: 40 },
      locust: { requests: 120, failures: 40 },
    });
    t.equal(report.dropped, undefined, 'what locust does not tell is not there');
    t.match(stdout, /scheduled - = sent 120 \+ dropped -/);
    t.equal(readFileSync(file, 'utf8'), locustfile);
    for (const key of Object.keys(seen)) delete seen[key];
    const alone = ['-f', file, '--headless', '-u', '4', '-r', '4', '-t', '5s', '-H', url, '--loglevel', 'ERROR'];
    await new Promise((resolve) => spawn('locust', alone, { env, stdio: 'ignore' }).on('close', resolve));
    t.strictSame(seen, under);
  });

  await t.test('several processes', async (t) => {
    const { code, stdout } = await hwctl([...usual, '--processes', '2', '--threshold', 'error_rate<50%', '--json']);
    t.equal(code, 0);
    t.match(JSON.parse(stdout), { sent: 120, failed: 40, locust: { requests: 120 } });
  });

  await t.test('thresholds decide', async (t) => {
    const { code, stdout } = await hwctl(usual);
    t.equal(code, 1);
    t.match(stdout, /✗ error_rate<1%/);
  });

  await t.test('a kill of locust in the middle is told', async (t) => {
    const { code, stdout } = await hwctl(['--users', '2', '--run-time', '20s'], endless, (pid, line) => {
      if (/ {2}2\.\ds /.test(line) || /^ {2}2/.test(line))
        for (const child of childrenOf(pid)) process.kill(child, 'SIGKILL');
    });
    t.equal(code, 2);
    t.match(stdout, /BROKEN OFF: locust ended before its time: SIGKILL ended it/);
  });

  await t.test('Ctrl-C is passed on, and there is a report', async (t) => {
    // A second one would end hwctl at once.
    let pressed = false;
    const { code, stdout } = await hwctl(['--users', '2', '--run-time', '20s'], endless, (pid, line) => {
      if (pressed || !/^ {2}2\.\ds/m.test(line)) return;
      pressed = true;
      process.kill(pid, 'SIGINT');
    });
    t.equal(code, 130);
    t.match(stdout, /INTERRUPTED/);
    t.match(stdout, /GET \/item\/1/);
  });

  await t.test('what locust cannot run is said in its words', async (t) => {
    const { code, stderr } = await hwctl(usual, 'from locust import nothing_of_it\n');
    t.equal(code, 2);
    t.match(stderr, /nothing_of_it/);
  });
});

t.test('without locust the cure is told', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-locust-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'locustfile.py');
  writeFileSync(file, locustfile);
  const node = join(folder, 'bin');
  execFileSync('mkdir', [node]);
  const { status, stderr } = spawnSync(process.execPath, [bin, 'load', file, '--url', 'http://127.0.0.1:9'], {
    env: { PATH: node, XDG_STATE_HOME: folder },
    encoding: 'utf8',
  });
  t.equal(status, 2);
  t.match(stderr, /locust is not installed/);
  t.match(stderr, /pip install locust/);
});

function childrenOf(pid: number): number[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  return existsSync(list) ? readFileSync(list, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
}
