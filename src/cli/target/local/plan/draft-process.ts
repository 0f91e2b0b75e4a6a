import { Failure } from '../../../kernel/failure.js';
import type { Container } from '../../manifests/kube-object.js';
import type { LocalEntry, LocalSource } from '../project.js';
import { readEnv, type WorkloadReading } from './container-env.js';
import { planPorts, unknownPorts } from './ports.js';
import { isPostgres, type PostgresHere, readPostgres } from './postgres.js';
import { containerVariables, type ProcessDraft, type ReadProcess, readProcess } from './read-process.js';
import type { ServiceTarget } from './services.js';
import { type LocalWorkload, onlyWaits } from './workload.js';

/** What the manifests are read for. */
export interface TopologyOptions {
  /** Folder behind the volume mounts. */
  volumes: string;
  /** A generated secret, by `NAME/KEY`. */
  secret(id: string): string;
  /** This machine's Postgres, or why a Postgres is not run. */
  postgres: PostgresHere | string;
}

/** What a workload is run as: by its entry, or as the Postgres that it is. */
export function roleOf(
  { name, containers }: LocalWorkload,
  { entries, runsPostgres }: LocalSource,
  { postgres }: TopologyOptions,
): LocalEntry | 'postgres' | undefined {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  return runsPostgres && typeof postgres !== 'string' && containers.some(isPostgres) ? 'postgres' : undefined;
}

/** What drafts are made with. */
export interface Drafting {
  services: readonly ServiceTarget[];
  around: WorkloadReading;
  options: TopologyOptions;
}

/** The process of a workload, and one before it for each init container with an entry. */
export function draftsOf(
  workload: LocalWorkload,
  source: LocalSource,
  { services, around, options }: Drafting,
): ProcessDraft[] {
  const { name, ref, containers, initContainers, isJob } = workload;
  const role = roleOf(workload, source, options);
  if (role === undefined) return [];
  const isDatabase = role === 'postgres';
  const container = chosenContainer(workload, role, services);
  for (const other of containers) {
    if (other !== container)
      around.leftOut.push({
        ref: `${ref} container ${other.name}`,
        reason: `it runs ${other.image}, which needs a container`,
      });
  }
  const draft = (of: Container, entry: LocalEntry, named: string, runsToItsEnd: boolean): ProcessDraft => {
    const env = { ...containerVariables(readEnv(workload, of, around), workload, around), ...entry.environment };
    const plans = runsToItsEnd ? [] : planPorts(named, of, { entry, env, services });
    refusePlaceholders(ref, entry, unknownPorts(entry, plans));
    return { name: named, workload, container: of, entry, env, plans, isJob: runsToItsEnd, isDatabase };
  };
  const before = initContainers.flatMap((init) => {
    const entry = isDatabase ? undefined : source.entries.get(`${name}/${init.name}`);
    if (entry !== undefined) return [draft(init, entry, `${name}-${init.name}`, true)];
    const waits = onlyWaits(init);
    const reason = waits
      ? 'it waits for others: here they are started in order'
      : `it runs ${init.image}, which needs a container or an entry ${name}/${init.name}`;
    around.leftOut.push({ ref: `${ref} init container ${init.name}`, reason, ...(waits ? {} : { isTold: true }) });
    return [];
  });
  // Postgres is asked for any port: its command is made of what it says.
  const own = isDatabase ? { command: ['{port}'] } : role;
  return [...before, draft(container, own, name, isJob && !isDatabase)];
}

/** The container that the entry stands for: the one it names, the one of the workload's name, the one that is reached, the first. */
function chosenContainer(
  { name, ref, containers }: LocalWorkload,
  role: LocalEntry | 'postgres',
  services: readonly ServiceTarget[],
): Container {
  const named = role === 'postgres' ? undefined : role.container;
  const reached = services.filter(({ process }) => process === name).flatMap(({ ports }) => ports[0]?.container ?? []);
  const found =
    role === 'postgres'
      ? containers.find(isPostgres)
      : (containers.find((one) => one.name === named) ??
        containers.find((one) => one.name === name) ??
        containers.find(({ ports = [] }) => ports.some(({ containerPort }) => reached.includes(containerPort))) ??
        containers[0]);
  if (found !== undefined) return found;
  throw badManifests([`${ref}: it has no container`]);
}

/** Which port answers for which Service. */
export function settleKeys(services: readonly ServiceTarget[], drafts: readonly ProcessDraft[]): void {
  for (const service of services) {
    const draft = drafts.find(({ name }) => name === service.process);
    for (const port of service.ports)
      port.key = draft?.plans.find(({ container }) => container === port.container)?.key;
  }
}

export function readDraft(
  draft: ProcessDraft,
  services: readonly ServiceTarget[],
  around: WorkloadReading,
  { postgres }: TopologyOptions,
): ReadProcess {
  const read = readProcess(draft, services, around);
  const { container, workload, env } = draft;
  if (!draft.isDatabase || typeof postgres === 'string') return read;
  const made = readPostgres(workload, container, { env, here: postgres, around });
  const ready = ['pg_isready', '-q', '-h', '127.0.0.1', '-p', `{{port:${draft.name}}}`];
  const readiness = { kind: 'exec' as const, command: ready, periodMs: 2000, timeoutMs: 5000, failureThreshold: 3 };
  // What its container is told is told to the one that is made; none of it is a setting of the program's own.
  const { liveness: _, ...spec } = { ...read.spec, ...made, readiness, env: {}, folders: [], files: [] };
  return { ...read, spec };
}

function refusePlaceholders(ref: string, { command }: LocalEntry, unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  throw new Failure({
    code: 'bad-local-entry',
    message: `the local entry of ${ref} (${command.join(' ')}) names ports that its containers do not have`,
    details: unknown.map((word) => `{port:${word}}: there is no such port`),
    hint: 'Write {port} for the port that it is reached by, or the number or name of one of its containerPorts',
  });
}

/** Manifests that mean nothing sound here, each with its reason. */
export function badManifests(details: string[]): Failure {
  return new Failure({
    code: 'bad-manifests',
    message: 'the manifests cannot run on the local target',
    details,
    hint: 'Rename them, or run them with --target kube',
  });
}
