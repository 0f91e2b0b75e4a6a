import { existsSync, statSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { RunProgram } from '../kernel/process.js';
import { ignoredStateHome, stateHome } from '../kernel/state-home.js';
import { systemTrouble } from '../kernel/system-trouble.js';
import { providers } from './kubernetes/provider/providers.js';
import { type Finding, probeTimeoutMs } from './prerequisite.js';
import { type ClusterName, clustersWith } from './target-names.js';

export type Need = 'local' | ClusterName | 'load';

/** The clusters that are made on this machine. */
const madeHere = clustersWith('profile');

/** One prerequisite, and what it is one of. */
export interface Prerequisite extends Finding {
  neededFor: Need[];
}

export interface DoctorDeps {
  run: RunProgram;
  /** Package root: where dist/ and node_modules are. */
  root: string;
  /** Says where state is kept. */
  env: Readonly<Record<string, string | undefined>>;
  nodeVersion: string;
}

const leastFreeBytes = 200e6;
const leastOpenFiles = 1024;
/** minikube's own minimum (pkg/minikube/constants, RSRC_INSUFFICIENT_SYS_MEMORY): 1800 MiB; the platform wants twice that. */
const leastMemoryBytes = 3.6e9;

/** Checks every prerequisite, each with its own deadline, all at once. Never throws for what it finds. */
export async function checkPrerequisites(deps: DoctorDeps): Promise<Prerequisite[]> {
  const clusters = madeHere.map(async (name) => {
    const findings = await providers[name].prerequisites(deps.run);
    return findings.map((finding): Prerequisite => ({ ...finding, neededFor: [name] }));
  });
  const machine = Promise.all([
    node(deps),
    built(deps),
    sqlite(deps),
    stateFolder(deps),
    loopback(),
    openFiles(deps),
    cores(),
    memory(),
    engine(deps),
  ]);
  return [...(await machine), ...(await Promise.all(clusters)).flat()];
}

/** True where `version` (`20.19.0`, with or without v) is at least `least`. */
export function atLeast(version: string, least: string): boolean {
  const parts = (text: string) => text.replace(/^v/, '').split('.').map(Number);
  const [have, want] = [parts(version), parts(least)];
  for (let i = 0; i < want.length; i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function node({ nodeVersion }: DoctorDeps): Promise<Prerequisite> {
  const ok = atLeast(nodeVersion, '20.19.0');
  const cure = ok ? undefined : 'Install Node 20.19 or newer from https://nodejs.org';
  return {
    name: 'Node >= 20.19',
    neededFor: ['local', ...madeHere, 'load'],
    state: ok ? 'ok' : 'missing',
    found: nodeVersion,
    cure,
  };
}

async function built({ root }: DoctorDeps): Promise<Prerequisite> {
  const base = { name: 'server build', neededFor: ['local', ...madeHere] as Need[] };
  try {
    await access(join(root, 'dist/server/main.js'), constants.R_OK);
    return { ...base, state: 'ok', found: 'dist/server/main.js' };
  } catch {
    return { ...base, state: 'missing', found: 'dist/server/main.js is not there', cure: 'npm run build' };
  }
}

async function sqlite({ run, root }: DoctorDeps): Promise<Prerequisite> {
  const script = `import('better-sqlite3').then(({ default: D }) => console.log(new D(':memory:').prepare('select sqlite_version() v').get().v))`;
  const outcome = await run([process.execPath, '--input-type=module', '-e', script], {
    timeoutMs: probeTimeoutMs,
    cwd: root,
  });
  const base = { name: 'better-sqlite3', neededFor: ['local'] as Need[] };
  if (outcome.exitCode === 0) return { ...base, state: 'ok', found: `SQLite ${outcome.stdout.trim()}` };
  const reason =
    /^(?:\w*Error: )(.+)$/m.exec(outcome.stderr)?.[1] ?? outcome.failure ?? `exit code ${outcome.exitCode}`;
  return {
    ...base,
    state: 'missing',
    found: reason,
    cure: 'npm rebuild better-sqlite3 (needs a C++ compiler where no prebuilt binary fits)',
  };
}

async function stateFolder({ env }: DoctorDeps): Promise<Prerequisite> {
  const base = { name: 'state folder', neededFor: ['local', ...madeHere] as Need[] };
  let folder: string;
  try {
    folder = stateHome(env);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...base, state: 'missing', found: error.message, cure: error.hint };
  }
  const found = await roomIn(folder);
  const ignored = ignoredStateHome(env);
  if (ignored === undefined || found.state === 'missing') return { ...base, ...found };
  const cure = 'Set XDG_STATE_HOME to an absolute path, or unset it';
  return { ...base, state: 'warning', found: `${found.found}; ${ignored}`, cure: found.cure ?? cure };
}

async function roomIn(stateDir: string): Promise<Pick<Prerequisite, 'state' | 'found' | 'cure'>> {
  try {
    const existing = nearestExisting(stateDir);
    if (!statSync(existing).isDirectory()) throw new Error(`${existing} is not a folder`);
    await access(existing, constants.W_OK);
    const { bavail, bsize } = await statfs(existing);
    const freeBytes = bavail * bsize;
    if (freeBytes < leastFreeBytes) {
      return {
        state: 'warning',
        found: `${stateDir}: ${megabytes(freeBytes)} free`,
        cure: 'Free some disk space, or set XDG_STATE_HOME to another disk',
      };
    }
    return { state: 'ok', found: `${stateDir}, ${megabytes(freeBytes)} free` };
  } catch (error) {
    const cure = 'Make the folder writable, or set XDG_STATE_HOME to one that is';
    return { state: 'missing', found: `${stateDir}: ${systemTrouble(error)}`, cure };
  }
}

/** The folder itself or what it would be made in: doctor looks, it makes nothing. */
function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder));
}

function loopback(): Promise<Prerequisite> {
  const base = { name: 'loopback ports', neededFor: ['local', 'load'] as Need[] };
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      resolve({
        ...base,
        state: 'missing',
        found: error.message,
        cure: 'Bring the loopback interface up: ip link set lo up',
      });
    });
    server.listen(0, '127.0.0.1', () =>
      server.close(() => resolve({ ...base, state: 'ok', found: '127.0.0.1 accepts listeners' })),
    );
  });
}

async function openFiles({ run }: DoctorDeps): Promise<Prerequisite> {
  const base = { name: 'open files', neededFor: ['load'] as Need[] };
  const outcome = await run(['sh', '-c', 'ulimit -n'], { timeoutMs: probeTimeoutMs });
  const text = outcome.stdout.trim();
  if (outcome.exitCode !== 0)
    return { ...base, state: 'warning', found: 'the limit cannot be read', cure: 'ulimit -n tells it' };
  if (text === 'unlimited' || Number(text) >= leastOpenFiles) return { ...base, state: 'ok', found: `limit ${text}` };
  return {
    ...base,
    state: 'warning',
    found: `limit ${text}`,
    cure: `ulimit -n ${leastOpenFiles * 8}, for loads of many connections`,
  };
}

async function cores(): Promise<Prerequisite> {
  const count = availableParallelism();
  const base = { name: 'CPU cores >= 2', neededFor: [...madeHere, 'load'] as Need[], found: String(count) };
  if (count >= 2) return { ...base, state: 'ok' };
  return {
    ...base,
    state: 'warning',
    cure: 'With one core the load generator and the service compete; expect DEGRADED verdicts',
  };
}

async function memory(): Promise<Prerequisite> {
  const base = { name: 'memory', neededFor: [...madeHere] as Need[], found: megabytes(totalmem()) };
  if (totalmem() >= leastMemoryBytes) return { ...base, state: 'ok' };
  return {
    ...base,
    state: 'warning',
    cure: `A cluster wants ${megabytes(leastMemoryBytes)}; the local target does with less`,
  };
}

async function engine({ run }: DoctorDeps): Promise<Prerequisite> {
  const base = { name: 'container engine', neededFor: [...madeHere] as Need[] };
  const reasons: string[] = [];
  for (const program of ['docker', 'podman'] as const) {
    const outcome = await run([program, 'info', '--format', '{{json .}}'], { timeoutMs: probeTimeoutMs });
    if (outcome.exitCode === 0) return { ...base, state: 'ok', found: `${program} answers` };
    if (outcome.failure === 'ENOENT') reasons.push(`${program} is not installed`);
    else
      reasons.push(
        `${program}: ${outcome.stderr.trim().split('\n').at(-1) || (outcome.failure ?? `exit code ${outcome.exitCode}`)}`,
      );
  }
  return {
    ...base,
    state: 'missing',
    found: reasons.join('; '),
    cure: 'Install and start Docker (https://docs.docker.com/engine/install), or use --target local',
  };
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
