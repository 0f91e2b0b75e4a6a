import { isAbsolute, join } from 'node:path';
import { type Container, imageBaseName } from '../../manifests/kube-object.js';
import type { WorkloadReading } from './container-env.js';
import { mapMounts, readMounts } from './mounts.js';
import type { PostgresSpec } from './process-spec.js';
import type { LocalWorkload } from './workload.js';

/** This machine's Postgres, and where its data lies. */
export interface PostgresHere {
  /** Folder of its programs. */
  bin: string;
  /** Folder of all data, absolute; whoever it runs as can reach it. */
  folder: string;
  /** Whom it runs as where we are root. */
  as?: { uid: number; gid: number };
}

/** Whether a container is a Postgres, by its image: `postgres:16`, `bitnami/postgresql`, `postgis/postgis`. */
export function isPostgres({ image }: Container): boolean {
  return /^(?:postgres|postgresql|postgis|timescaledb|pgvector)$/.test(imageBaseName(image));
}

/** Settings of a Postgres's arguments that mean on this machine what they mean in a container. */
const settings =
  /^(?:max_connections|shared_buffers|work_mem|wal_level|max_wal_senders|max_replication_slots|max_prepared_transactions|timezone|log_statement|log_min_duration_statement|statement_timeout|default_transaction_isolation|idle_in_transaction_session_timeout)=[\w .'-]+$/;

/** What a Postgres's variables and mounts say: those of the official image and of bitnami's, and their `_FILE` twins. */
export function readPostgres(
  { name, pod, ...rest }: LocalWorkload,
  container: Container,
  { env, here, around }: { env: Record<string, string>; here: PostgresHere; around: WorkloadReading },
): { postgres: PostgresSpec; command: string[] } {
  const workload = { name, pod, ...rest };
  const mounts = readMounts(workload, container, around);
  const files = new Map(mounts.flatMap((mount) => mount.files.map(({ path, text }) => [path, text])));
  const given = (...names: string[]): string | undefined => {
    for (const variable of names) {
      const path = env[`${variable}_FILE`];
      const text = path === undefined ? undefined : files.get(mapMounts(path, mounts));
      const value = env[variable] ?? text?.replace(/\r?\n$/, '');
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  };
  const isBitnami = /bitnami/.test(container.image) || Object.keys(env).some((key) => key.startsWith('POSTGRESQL_'));
  const user = given('POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER') ?? 'postgres';
  const adminPassword = isBitnami ? given('POSTGRESQL_POSTGRES_PASSWORD', 'POSTGRES_POSTGRES_PASSWORD') : undefined;
  const trusts = env.POSTGRES_HOST_AUTH_METHOD === 'trust' || env.ALLOW_EMPTY_PASSWORD === 'yes';
  const password =
    given('POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD') ?? (user === 'postgres' ? adminPassword : undefined);
  const spec: PostgresSpec = {
    bin: here.bin,
    data: join(here.folder, name),
    user,
    password: trusts && password === undefined ? '' : (password ?? ''),
    database: given('POSTGRES_DB', 'POSTGRESQL_DATABASE') ?? (isBitnami ? 'postgres' : user),
    ...(adminPassword === undefined || user === 'postgres' ? {} : { adminPassword }),
    scripts: mounts
      .filter(({ mountPath }) => /^\/docker-entrypoint-initdb\.d(?:\/|$)/.test(mountPath))
      .flatMap((mount) => mount.files)
      .filter(({ path }) => /\.(?:sql|sh)$/.test(path))
      .map(({ path, text }) => ({ name: path.slice(path.lastIndexOf('/') + 1), text }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(here.as === undefined ? {} : { as: here.as }),
  };
  if (!isAbsolute(spec.data)) throw new Error(`${spec.data} is not absolute`);
  return { postgres: spec, command: commandOf(spec, container, name) };
}

function commandOf({ bin, data }: PostgresSpec, { command = [], args = [] }: Container, name: string): string[] {
  const words = [...command, ...args];
  const wanted = words.flatMap((word, at) => {
    const setting = words[at - 1] === '-c' ? word : /^(?:-c|--)([a-z_]+=.*)$/.exec(word)?.[1];
    return setting !== undefined && settings.test(setting) ? ['-c', setting] : [];
  });
  const own = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'logging_collector=off'];
  return [
    join(bin, 'postgres'),
    '-D',
    data,
    '-p',
    `{{port:${name}}}`,
    ...wanted,
    ...own.flatMap((setting) => ['-c', setting]),
  ];
}

/** Why a Postgres of the project is not run here. */
export const noPostgres =
  'it is a Postgres, and this machine has none: initdb is neither in PATH nor where Debian, Fedora or Homebrew put it (Debian: apt-get install postgresql)';
