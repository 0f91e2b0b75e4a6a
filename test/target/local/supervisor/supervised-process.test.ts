/** A process under supervision: real ones, probed over real sockets. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import type { ProcessSpec } from '../../../../src/cli/target/local/plan/process-spec.js';
import { choosePort } from '../../../../src/cli/target/local/state/ports.js';
import { SupervisedProcess } from '../../../../src/cli/target/local/supervisor/supervised-process.js';

/** Refuses its first probes, holds one, says that it listens, and refuses that one only then. */
const program = `
let asked = 0;
const server = require('node:http').createServer((request, response) => {
  asked++;
  response.statusCode = asked > 5 ? 200 : 503;
  if (asked !== 5) return response.end();
  process.send({ type: 'listening' });
  setTimeout(() => response.end(), 100);
});
server.listen(Number(process.argv[1]), '127.0.0.1');
process.on('SIGTERM', () => process.exit());
`;

t.test('a probe that was asked before the process said that it listens does not undo that', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'hwctl-supervised-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const logs = join(home, 'logs');
  mkdirSync(logs);
  const port = await choosePort('supervised', new Set());
  const states: string[] = [];
  const spec = {
    name: 'x',
    kind: 'service',
    ours: true,
    stacks: [],
    digest: '1',
    command: [process.execPath, '-e', program, String(port)],
    env: {},
    folders: [],
    files: [],
    ports: [{ key: 'x' }],
    after: [],
    graceMs: 1_000,
    startTimeoutMs: 60_000,
    readiness: { kind: 'http', port: 'x', path: '/', periodMs: 100, timeoutMs: 5_000, failureThreshold: 2 },
  } as unknown as ProcessSpec;
  const process_ = new SupervisedProcess(spec, {
    clock: systemClock,
    logs,
    instance: home,
    baseEnv: {},
    portOf: () => port,
    replacePort: async () => undefined,
    onChange: ({ state }) => void states.push(state.type),
  });
  await process_.start();
  t.teardown(() => process_.stop());
  for (const until = Date.now() + 20_000; states.at(-1) !== 'ready' && Date.now() < until; )
    await systemClock.sleep(10);
  await systemClock.sleep(400);
  t.strictSame(states, ['starting', 'ready']);
});
