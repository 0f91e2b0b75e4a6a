import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { RunOutcome, RunProgram } from '../../src/cli/kernel/process.js';
import { atLeast, checkPrerequisites } from '../../src/cli/target/doctor.js';

const outcome = (partial: Partial<RunOutcome>): RunOutcome => ({
  exitCode: 0,
  stdout: '',
  stderr: '',
  failure: undefined,
  ...partial,
});

/** Answers each program by its first words; programs not listed are not installed. */
function machine(answers: Record<string, Partial<RunOutcome>>): { run: RunProgram; asked: string[] } {
  const asked: string[] = [];
  const run: RunProgram = async (argv) => {
    const line = argv.join(' ');
    asked.push(line);
    const known = Object.keys(answers).find((prefix) => line.startsWith(prefix));
    return known === undefined ? outcome({ exitCode: undefined, failure: 'ENOENT' }) : outcome(answers[known]!);
  };
  return { run, asked };
}

const sqliteAnswers = { [process.execPath]: { stdout: '3.50.0\n' } };

t.test('a bare machine: the local target is ready, the cluster is not, each with its cure', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hwctl-doctor-'));
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  const env = { XDG_STATE_HOME: stateDir };
  const { run } = machine({ ...sqliteAnswers, 'sh -c ulimit': { stdout: '256\n' } });
  const checks = await checkPrerequisites({ run, root: process.cwd(), env, nodeVersion: 'v20.19.1' });
  const byName = new Map(checks.map((check) => [check.name, check]));
  t.match(byName.get('Node >= 20.19'), { state: 'ok' });
  t.match(byName.get('better-sqlite3'), { state: 'ok', found: 'SQLite 3.50.0' });
  t.match(byName.get('state folder'), { state: 'ok' });
  t.match(byName.get('open files'), { state: 'warning', found: 'limit 256', cure: /ulimit -n/ });
  t.match(byName.get('container engine'), {
    state: 'missing',
    found: /docker is not installed; podman/,
    cure: /--target local/,
  });
  t.match(byName.get('minikube'), { state: 'missing', found: 'not installed', cure: /--target local/ });
  for (const check of checks) if (check.state !== 'ok') t.ok(check.cure, `${check.name} has a cure`);
});

t.test('what is broken is named: old Node, engine without rights, a state folder that is a file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-doctor-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'file'), '');
  const { run } = machine({
    [process.execPath]: {
      exitCode: 1,
      stderr: "x\nError: The module 'better_sqlite3.node' was compiled against another Node\n",
    },
    'docker info': { exitCode: 1, stderr: 'permission denied while trying to connect to the docker API\n' },
    'minikube version': { stdout: 'v1.38.1\n' },
    'minikube status': { exitCode: 3 },
    'sh -c ulimit': { stdout: 'unlimited\n' },
  });
  const checks = await checkPrerequisites({
    run,
    root: folder,
    env: { XDG_STATE_HOME: join(folder, 'file/state') },
    nodeVersion: 'v18.0.0',
  });
  const byName = new Map(checks.map((check) => [check.name, check]));
  t.match(byName.get('Node >= 20.19'), { state: 'missing' });
  t.match(byName.get('server build'), { state: 'missing', cure: 'npm run build' });
  t.match(byName.get('better-sqlite3'), {
    state: 'missing',
    found: /compiled against another Node/,
    cure: /npm rebuild/,
  });
  t.match(byName.get('state folder'), { state: 'missing', cure: /XDG_STATE_HOME/ });
  t.match(byName.get('container engine'), { state: 'missing', found: /permission denied/ });
  t.match(byName.get('minikube profile'), {
    state: 'warning',
    found: 'the host is not running, kubelet or API server is not running',
    cure: 'minikube start',
  });
});

t.test('versions compare by number', async (t) => {
  t.ok(atLeast('v20.19.0', '20.19.0'));
  t.ok(atLeast('24.0.0', '20.19.0'));
  t.ok(atLeast('v20.100.0', '20.19.0'));
  t.notOk(atLeast('v20.9.0', '20.19.0'));
  t.notOk(atLeast('v18.20.0', '20.19.0'));
});
