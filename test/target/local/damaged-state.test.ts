/** Whatever became of the files of the state folder: `down` ends what is ours, nothing else, and always with a sentence. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { Failure } from '../../../src/cli/kernel/failure.js';
import { removeEverything } from '../../../src/cli/target/local/remove.js';
import { withLock } from '../../../src/cli/target/local/state/lock.js';
import { isRunning, type ProcessId, type ProcessTable } from '../../../src/cli/target/local/state/process-identity.js';
import {
  readRuntime,
  readSecrets,
  readState,
  stateFolderAt,
} from '../../../src/cli/target/local/state/state-folder.js';

const seed = 20_260;
/** pid to identity: ours carry the marker, the others do not. 1 is init. */
const ours = [4001, 4002, 4003];
const bystanders = [1, 77, 5001];
const identity = (pid: number) => `boot:${pid * 10}`;

/** A machine with our processes and bystanders; a signal to anything but one process of it fails the run. */
class Machine implements ProcessTable {
  readonly alive = new Set([...ours, ...bystanders]);

  constructor(readonly marksAreSure: boolean) {}

  identityOf(pid: number): string | undefined {
    return this.alive.has(pid) ? identity(pid) : undefined;
  }

  findMarked(): ProcessId[] {
    return ours.filter((pid) => this.alive.has(pid)).map((pid) => ({ pid, identity: identity(pid) }));
  }

  kill(pid: number, signal: NodeJS.Signals): void {
    if (!ours.includes(pid)) throw new Stray(`${signal} to ${pid}`);
    if (signal !== 'SIGCONT') this.alive.delete(pid);
  }
}

class Stray extends Error {}

const ofOurs = ours.map((pid, i) => ({ name: `s${i}`, pid, identity: identity(pid) }));
const files: Record<string, string> = {
  'state.json': JSON.stringify({
    version: 1,
    stacks: ['hello'],
    manifests: '/m',
    values: {},
    digest: 'd',
    inputs: 'i',
    processes: [],
    routes: [{ path: '/', type: 'Prefix', service: 's0' }],
    loadPaths: {},
  }),
  // Nobody listens at port 1.
  'runtime.json': JSON.stringify({
    version: 1,
    supervisor: { ...ofOurs[0], controlPort: 1, token: 'x' },
    ports: {},
    processes: ofOurs.slice(1),
  }),
  'secrets.json': JSON.stringify({ 'a/b': 'c' }),
  '../local.lock': JSON.stringify({ pid: 999_999, identity: 'boot:0', nonce: 'abc' }),
};

const hostilePid = fc.oneof(
  fc.constantFrom(-1, 0, 1, 77, -77, 5001, 4001, 1.5, 2 ** 53, '1', '-1', null, Number.NaN),
  fc.integer(),
);
const hostileIdentity = fc.constantFrom(undefined, '', null, 'boot:0', identity(4002), 5, {});
const hostileId = fc.record(
  {
    pid: hostilePid,
    identity: hostileIdentity,
    name: fc.constantFrom('x', undefined),
    controlPort: hostilePid,
    token: fc.string(),
  },
  { requiredKeys: [] },
);
const hostileJson = fc.oneof(
  fc.json(),
  fc.constantFrom('null', '{}', '[]', '""', '0', 'true', '{"version":2}', '{"version":1}', '{"processes":"x"}'),
  fc
    .record({
      version: fc.constantFrom(1, 2, undefined),
      supervisor: hostileId,
      ports: fc.object(),
      processes: fc.array(hostileId),
    })
    .map((value) => JSON.stringify(value)),
  hostileId.map((value) => JSON.stringify({ ...value, nonce: '../../x' })),
);
/** How a file is damaged: cut off, bytes turned, or another JSON in its place. */
const damage: fc.Arbitrary<(text: Buffer) => Buffer> = fc.oneof(
  fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((part) => (text: Buffer) => text.subarray(0, Math.floor(text.length * part))),
  fc
    .array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
    .map((flips) => (text: Buffer) => {
      const turned = Buffer.from(text);
      for (const [at, bits] of flips) turned[at % turned.length]! ^= bits;
      return turned;
    }),
  hostileJson.map((json) => () => Buffer.from(json)),
);

for (const marksAreSure of [true, false]) {
  t.test(`random damage to each file; marks are ${marksAreSure ? 'sure' : 'not sure'}`, async (t) => {
    const folder = stateFolderAt(join(t.testdir(), 'hwctl', 'local'));
    let refused = 0;
    const run = async (name: string, harm: (text: Buffer) => Buffer) => {
      mkdirSync(folder.path, { recursive: true });
      for (const [each, text] of Object.entries(files)) writeFileSync(join(folder.path, each), text);
      writeFileSync(join(folder.path, name), harm(Buffer.from(files[name]!)));
      const machine = new Machine(marksAreSure);
      for (const read of [readState, readRuntime, readSecrets]) {
        try {
          read(folder);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          refused++;
        }
      }
      const options = { clock: systemClock, signal: AbortSignal.timeout(2000), timeoutMs: 2000 };
      const report = await withLock(folder.lock, options, () =>
        removeEverything(folder, false, { clock: systemClock, timeoutMs: 2000, table: machine }),
      );
      if (ours.some((pid) => machine.alive.has(pid))) throw new Error('a process of ours runs on');
      if (!bystanders.every((pid) => machine.alive.has(pid))) throw new Error('a bystander was ended');
      return report.remaining.length === 0;
    };
    await fc.assert(fc.asyncProperty(fc.constantFrom(...Object.keys(files)), damage, run), { seed, numRuns: 120 });
    t.ok(refused > 20, `${refused} records were refused, so the damage was real`);
  });
}

t.test('an identity is a positive pid and a start time, or nothing', (t) => {
  const machine = new Machine(true);
  const kinds = [-1, 0, 1.5, Number.NaN, undefined, null, '4001'];
  for (const pid of kinds)
    t.notOk(isRunning({ pid, identity: undefined } as unknown as ProcessId, machine), String(pid));
  t.notOk(isRunning({ pid: 4001, identity: '' }, machine));
  t.ok(isRunning({ pid: 4001, identity: identity(4001) }, machine));
  t.end();
});

t.test('an empty or damaged lock belongs to nobody; of many at once one gets it at a time', async (t) => {
  const path = join(t.testdir(), 'local.lock');
  const options = { clock: systemClock, signal: AbortSignal.timeout(5000), timeoutMs: 5000 };
  for (const content of [
    '',
    '{',
    'null',
    '{}',
    '{"pid":-1,"nonce":"a"}',
    JSON.stringify({ pid: process.pid, identity: 'x', nonce: '../x' }),
  ]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 5 }, () =>
        withLock(path, options, async () => {
          most = Math.max(most, ++inside);
          await systemClock.sleep(1);
          t.match(JSON.parse(readFileSync(path, 'utf8')), { pid: process.pid });
          inside--;
        }),
      ),
    );
    t.equal(most, 1, content);
  }
});
