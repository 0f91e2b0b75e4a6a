/** Whatever became of the record of a cluster: reading it never fails, and only whole processes are believed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { isAlive, StateFile } from '../../../../src/cli/target/kubernetes/provider/cluster-state.js';

const seed = 20_260;
const whole = {
  version: 1,
  context: 'c',
  profileMade: 'c',
  addonsEnabled: ['ingress'],
  imagesBuilt: ['a:1'],
  imagesLoaded: [],
  contextNamespaceBefore: null,
  folder: '/m',
  children: [{ pid: 4001, argv: ['minikube', 'start'] }],
  forward: { pid: 4002, argv: ['/x/forward-daemon.js'] },
};
const hostileChild = fc.record({
  pid: fc.constantFrom<unknown>(-1, 0, 1, 1.5, '7', null, 4001),
  argv: fc.constantFrom<unknown>([], [''], 'x', null, [5]),
});
const hostile = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, {}, [], { version: 2 }),
  fc
    .tuple(fc.constantFrom(...Object.keys(whole)), fc.oneof(fc.jsonValue(), hostileChild, fc.array(hostileChild)))
    .map(([field, value]) => ({ ...whole, [field]: value })),
);

t.test('damage of every kind', async (t) => {
  const folder = t.testdir();
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'c.json');
  writeFileSync(file, JSON.stringify(whole));
  t.strictSame(new StateFile(folder, 'c', 'hwctl').get(), whole, 'a whole one is read whole');
  fc.assert(
    fc.property(
      fc.oneof(
        hostile.map((value) => JSON.stringify(value)),
        fc.string(),
        fc.nat(200).map((n) => JSON.stringify(whole).slice(0, n)),
      ),
      (text) => {
        writeFileSync(file, text);
        const { addonsEnabled, imagesBuilt, imagesLoaded, children, forward } = new StateFile(
          folder,
          'c',
          'hwctl',
        ).get();
        for (const list of [addonsEnabled, imagesBuilt, imagesLoaded])
          if (!list.every((each) => typeof each === 'string')) return false;
        return [...children, ...(forward === undefined ? [] : [forward])].every(
          ({ pid, argv }) => Number.isSafeInteger(pid) && pid > 0 && argv.join('') !== '',
        );
      },
    ),
    { seed, numRuns: 300 },
  );
  t.pass(`seed ${seed}`);
});

t.test('what names no whole process is not alive, whatever ps says', async (t) => {
  const run = async () => ({ exitCode: 0, stdout: 'init', stderr: '', failure: undefined });
  for (const child of [
    { pid: 1, argv: [] },
    { pid: -1, argv: ['init'] },
    { pid: 0, argv: ['init'] },
  ]) {
    t.notOk(await isAlive(run, child), JSON.stringify(child));
  }
  t.ok(await isAlive(run, { pid: 1, argv: ['init'] }));
});
