// The strict scenarios against the real platform on the local target, faults included: each planted bug is found, and the
// correct server passes round after round. STRICT_ROUNDS=N for another number of rounds than 5, STRICT_BUGS=text for the
// bugs alone whose name has the text in it (none: no bugs).
import t from 'tap';
import { mutants } from './strict/mutants.js';
import { Package } from './strict/package.js';

t.setTimeout(7_200_000);
const rounds = Number(process.env.STRICT_ROUNDS ?? 5);
const wanted = process.env.STRICT_BUGS ?? '';

interface Report {
  scenarios: {
    name: string;
    durationMs: number;
    failures: { name: string; messages: string[]; step: { name: string } }[];
  }[];
}

async function up(hwctl: Package['hwctl'], scenario: string) {
  const stack =
    scenario === 'orders-strict'
      ? ['orders']
      : scenario === 'idempotency-strict'
        ? ['idempotency']
        : ['idempotency', 'orders'];
  const { exitCode, stderr } = await hwctl(['up', ...stack, '--target', 'local']);
  if (exitCode !== 0) throw new Error(`up ended with ${exitCode}: ${stderr}`);
}

t.test('each planted bug is found, by the check that is there for it', async (t) => {
  const copy = Package.copy(t);
  const hwctl = copy.hwctl.bind(copy);
  for (const { scenario, bug, foundBy, edits } of mutants) {
    if (!bug.includes(wanted)) continue;
    await copy.edit(edits);
    await up(hwctl, scenario);
    try {
      const run = await hwctl(['test', scenario, '--target', 'local', '--json', '--bail']);
      t.equal(run.exitCode, 1, `${scenario}: ${bug}: exit code`);
      const { failures } = (JSON.parse(run.stdout) as Report).scenarios[0]!;
      const names = failures.flatMap(({ name, step }) => [name, step.name]);
      const found = [foundBy].flat().some((name) => names.includes(name));
      t.ok(found, `${scenario}: ${bug}: found by ${JSON.stringify([...new Set(names)])}`);
      t.comment(`${scenario}: ${bug}: ${failures[0]?.name}: ${failures[0]?.messages[0]?.slice(0, 200)}`);
    } finally {
      await hwctl(['down', '--target', 'local']);
    }
  }
});

t.test(`the correct server passes ${rounds} rounds`, async (t) => {
  const copy = Package.copy(t);
  const hwctl = copy.hwctl.bind(copy);
  await copy.edit([]);
  await up(hwctl, 'both');
  const names = ['idempotency-strict', 'orders-strict'];
  let passed = 0;
  try {
    for (let round = 1; round <= rounds; round++) {
      const run = await hwctl(['test', ...names, '--target', 'local', '--json']);
      const report = JSON.parse(run.stdout) as Report;
      const failures = report.scenarios.flatMap(({ failures }) => failures);
      if (round % 5 === 0) t.comment(`round ${round}, ${passed} passed before it`);
      if (run.exitCode === 0) passed++;
      else
        t.fail(
          `round ${round}: ${failures.map(({ name, messages }) => `${name}: ${messages.join('; ')}`).join(' | ')}`,
        );
    }
  } finally {
    await hwctl(['down', '--target', 'local']);
  }
  t.equal(passed, rounds, `${passed} of ${rounds} rounds of ${names.join(' and ')} passed`);
});
