import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresSpec, ProcessSpec } from '../plan/process-spec.js';
import { makeFolder } from '../state/state-folder.js';
import { closeLog } from './log-file.js';
import type { CommandPlace } from './probe.js';

const run = promisify(execFile);
/** Milliseconds that each step of making one may take. */
const stepMs = 120_000;

export interface ClusterMaking {
  port: number;
  /** Descriptor that takes what the programs write; closed at the end. */
  log: number;
  place: CommandPlace;
  /** Whether it is still to be made, asked between the steps. */
  isWanted(): boolean;
}

/**
 * Makes the data of a Postgres where there is none: user, password, database, then the scripts, once, as the official image
 * does. It is made beside its place and put there when it is whole: a kill at any moment leaves a whole one or none.
 */
export async function makeCluster(
  { postgres }: ProcessSpec,
  { port, log, place, isWanted }: ClusterMaking,
): Promise<void> {
  try {
    if (postgres === undefined || existsSync(join(postgres.data, 'PG_VERSION'))) return;
    const draft = `${postgres.data}.draft`;
    makeOwnFolder(dirname(postgres.data), postgres);
    rmSync(draft, { recursive: true, force: true });
    const step = async (program: string, args: string[], input?: string) => {
      if (!isWanted()) throw new Error('it is not wanted any more');
      const said = await runInto(log, [join(postgres.bin, program), ...args], place, input);
      // The server by itself ends with 0 whatever became of a statement.
      const wrong = /^.*\b(?:ERROR|FATAL): .*$/m.exec(said)?.[0];
      if (wrong !== undefined) throw new Error(wrong);
    };
    await initialise(postgres, draft, step);
    if (postgres.scripts.length > 0) await runScripts(postgres, draft, { port, log, place, step });
    renameSync(draft, postgres.data);
  } finally {
    closeLog(log);
  }
}

type RunStep = (program: string, args: string[], input?: string) => Promise<void>;

/** The folder of all data: whoever runs Postgres must get through it. */
function makeOwnFolder(folder: string, { as }: PostgresSpec): void {
  if (as === undefined) {
    makeFolder(folder);
    return;
  }
  // It lies where anybody may make one.
  if (existsSync(folder)) {
    const { uid } = lstatSync(folder);
    if (!lstatSync(folder).isDirectory() || (uid !== as.uid && uid !== process.getuid?.()))
      throw new Error(`${folder} belongs to somebody else`);
  } else mkdirSync(folder, { mode: 0o700 });
  chmodSync(folder, 0o711);
}

async function initialise(postgres: PostgresSpec, draft: string, step: RunStep): Promise<void> {
  const { user, password, database, adminPassword, as } = postgres;
  const secret = `${draft}.password`;
  mkdirSync(draft, { mode: 0o700 });
  if (as !== undefined) chownSync(draft, as.uid, as.gid);
  try {
    writeFileSync(secret, `${password}\n`, { mode: 0o600 });
    if (as !== undefined) chownSync(secret, as.uid, as.gid);
    const asked = password === '' ? ['--auth=trust'] : ['--auth=scram-sha-256', `--pwfile=${secret}`];
    const how = ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
    await step('initdb', [`--pgdata=${draft}`, `--username=${user}`, ...asked, ...how]);
  } finally {
    rmSync(secret, { force: true });
  }
  const statements = [
    ...(adminPassword === undefined
      ? []
      : [`CREATE ROLE postgres SUPERUSER LOGIN PASSWORD ${literal(adminPassword)};`]),
    ...(database === 'postgres' || database === 'template1'
      ? []
      : [`CREATE DATABASE ${identifier(database)} OWNER ${identifier(user)};`]),
  ];
  if (statements.length > 0)
    await step('postgres', ['--single', '-j', '-D', draft, 'postgres'], `${statements.join('\n\n')}\n\n`);
}

/** Scripts talk to a server that nobody else knows yet; `.sh` find it by the variables of libpq. */
async function runScripts(
  postgres: PostgresSpec,
  draft: string,
  { port, log, place, step }: Pick<ClusterMaking, 'port' | 'log' | 'place'> & { step: RunStep },
): Promise<void> {
  const { user, password, database, scripts, bin } = postgres;
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories='].map((setting) => `-c ${setting}`);
  const control = ['-D', draft, '-w', '-t', '60', '-s'];
  await step('pg_ctl', [...control, '-o', `-p ${port} ${settings.join(' ')}`, '-l', `${draft}/startup.log`, 'start']);
  try {
    const env = {
      ...place.env,
      PATH: `${bin}:${place.env.PATH ?? ''}`,
      PGHOST: '127.0.0.1',
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
      POSTGRES_USER: user,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: database,
    };
    for (const { name, text } of scripts) {
      const command = name.endsWith('.sh')
        ? ['sh', '-e', '-s']
        : ['psql', '-v', 'ON_ERROR_STOP=1', '--no-psqlrc', '-q', '-f', '-'];
      if (name.endsWith('.sql')) command[0] = join(bin, 'psql');
      writeSync(log, `${name}\n`);
      try {
        await runInto(log, command, { ...place, env }, text);
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`);
      }
    }
  } finally {
    await run(join(bin, 'pg_ctl'), [...control, '-m', 'fast', 'stop'], { ...place, timeout: stepMs });
  }
}

/** Runs a program to its end, its output into the log; throws where it fails, with its last words. Gives what it said on stderr. */
function runInto(
  log: number,
  [program = '', ...args]: readonly string[],
  place: CommandPlace,
  input?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...place,
      stdio: ['pipe', log, 'pipe'],
      timeout: stepMs,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => {
      said = `${said}${text}`.slice(-2000);
      try {
        writeSync(log, text);
      } catch {
        // The disk is full: what it says last is told all the same.
      }
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(said);
      else reject(new Error(`${program} ended with ${code ?? signal}: ${said.trim().split('\n').at(-1) ?? ''}`));
    });
  });
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
