import { join } from 'node:path';
import type { Container } from '../../manifests/kube-object.js';
import type { LocalEntry } from '../project.js';
import { expand, isOfTheMachine, type WorkloadReading } from './container-env.js';
import { isInside, type Mount, mapMounts, readMounts } from './mounts.js';
import { fillPlaceholders, type PortPlan } from './ports.js';
import { milliseconds, readProbes } from './probes.js';
import type { ProcessSpec } from './process-spec.js';
import { type Mentions, noMentions, type ServiceTarget, ServiceTexts } from './services.js';
import type { LocalWorkload } from './workload.js';

/** What one process is made of, before the names of Services are read in it. */
export interface ProcessDraft {
  name: string;
  workload: LocalWorkload;
  container: Container;
  entry: LocalEntry;
  /** As the manifests and the entry say. */
  env: Record<string, string>;
  plans: PortPlan[];
  isJob: boolean;
  /** It is a Postgres of this machine's. */
  isDatabase: boolean;
}

/** A process as it is read, and what it names. */
export interface ReadProcess {
  spec: Omit<ProcessSpec, 'digest'>;
  mentions: Mentions;
  /** Processes that it names itself. */
  own: Set<string>;
}

/** Its variables as the manifests say: those of this machine stay out. */
export function containerVariables(
  env: Record<string, string>,
  { ref }: LocalWorkload,
  around: WorkloadReading,
): Record<string, string> {
  const withheld = Object.keys(env).filter(isOfTheMachine);
  if (withheld.length > 0) {
    const reason = `${withheld.join(', ')}: not passed on, they would act on this machine`;
    around.leftOut.push({ ref: `${ref} env`, reason, isTold: true });
  }
  for (const key of withheld) delete env[key];
  return env;
}

/** One process of a draft: names of Services become loopback ports, mounts folders, placeholders those of the supervisor. */
export function readProcess(
  draft: ProcessDraft,
  services: readonly ServiceTarget[],
  around: WorkloadReading,
): ReadProcess {
  const { name, workload, container, entry, plans, isJob } = draft;
  const { ours = false } = entry;
  const mentions = noMentions();
  const texts = new ServiceTexts(services, workload.namespace, mentions);
  const mounts = readMounts(workload, container, around);
  const env = mappedVariables(draft, texts, mounts, around);
  const text = (written: string) => texts.inText(fillPlaceholders(expand(written, env), plans));
  const temporary = join(around.volumes, name, 'tmp');
  const files = mounts.flatMap((mount) => mount.files);
  if (!draft.isDatabase) tellUnnamed(draft, mounts, around);
  const spec: Omit<ProcessSpec, 'digest'> = {
    name,
    kind: isJob ? 'job' : 'service',
    stacks: workload.stacks,
    command: entry.command.map((word) => mapMounts(text(word), filled(mounts))),
    ...(entry.folder === undefined ? {} : { cwd: entry.folder }),
    env: {
      // What Python holds back until its buffer is full would be missing in the logs.
      ...(ours ? {} : { PYTHONUNBUFFERED: '1' }),
      ...env,
      TMPDIR: temporary,
    },
    ports: plans
      .filter(({ fixed, isReached }) => fixed === undefined || isReached)
      .map(({ key, fixed, why }) => (fixed === undefined ? { key } : { key, fixed, why })),
    after: [],
    ...(isJob
      ? { startTimeoutMs: milliseconds(300), attempts: attemptsOf(workload) }
      : readProbes(container, plans, { ours, text: (word) => mapMounts(text(word), mounts) })),
    graceMs: milliseconds(workload.pod.terminationGracePeriodSeconds ?? 30),
    folders: [temporary, ...mounts.map(({ folder }) => folder)].filter(
      // One key alone that is mounted as a file.
      (folder) => !files.some(({ path }) => path === folder),
    ),
    files: files.map((file) => ({ ...file, text: texts.inFile(file.text) })),
    ...(ours ? { ours } : {}),
  };
  return { spec, mentions, own: ownMentions(draft, services) };
}

/** What its own command and variables name, and not the ConfigMaps that it shares with others. */
function ownMentions(
  { workload, container, entry, env }: ProcessDraft,
  services: readonly ServiceTarget[],
): Set<string> {
  const mentions = noMentions();
  const texts = new ServiceTexts(services, workload.namespace, mentions);
  const names = new Set([...(container.env ?? []).map(({ name }) => name), ...Object.keys(entry.environment ?? {})]);
  texts.inVariables(Object.fromEntries(Object.entries(env).filter(([name]) => names.has(name))));
  for (const word of entry.command) texts.inText(word);
  return mentions.processes;
}

function mappedVariables(
  { name, workload, entry, env, plans }: ProcessDraft,
  texts: ServiceTexts,
  mounts: readonly Mount[],
  around: WorkloadReading,
): Record<string, string> {
  const own = new Map(
    plans.flatMap(({ key, variables }) => variables.map((one) => [one.name, { ...one, key }] as const)),
  );
  const mapped = texts.inVariables(env, (variable) => own.has(variable));
  const { environment = {} } = entry;
  for (const [variable, value] of Object.entries(mapped)) {
    const listens = own.get(variable);
    mapped[variable] =
      listens === undefined
        ? mapMounts(fillPlaceholders(value, plans), variable in environment ? filled(mounts) : mounts)
        : `${listens.value}{{port:${listens.key}}}`;
  }
  for (const [variable, otherwise] of Object.entries(entry.paths ?? {})) {
    const value = mapped[variable];
    if (isInside(around.volumes, value) || (value !== undefined && URL.canParse(value))) continue;
    // In a container this is a folder of its own even where nothing is mounted there.
    if (otherwise === 'own folder') mapped[variable] = join(around.volumes, name, 'data');
    else if (value !== undefined) {
      delete mapped[variable];
      const reason = `${variable}: a path at which nothing is mounted`;
      around.leftOut.push({ ref: `${workload.ref} env`, reason, isTold: true });
    }
  }
  return mapped;
}

/** What an entry says is of this machine, and `/tmp` there is no volume of the pod: only files that are mounted are meant. */
function filled(mounts: readonly Mount[]): Mount[] {
  return mounts.filter(({ files }) => files.length > 0);
}

/** A program that knows the path of a mount by heart does not find it here. */
function tellUnnamed({ workload, entry, env }: ProcessDraft, mounts: readonly Mount[], around: WorkloadReading): void {
  const written = [...Object.values(env), ...entry.command];
  for (const { mountPath, folder, files } of mounts) {
    if (files.length === 0 || written.some((text) => text.includes(mountPath))) continue;
    around.leftOut.push({
      ref: `${workload.ref} mount`,
      reason: `${mountPath}: no variable names it; here its files are in ${folder}`,
      isTold: true,
    });
  }
}

/** As often as the Job says, and as the supervisor tries at most. */
function attemptsOf({ object }: LocalWorkload): number {
  const limit = (object.spec as { backoffLimit?: number } | undefined)?.backoffLimit ?? 3;
  return Math.max(1, Math.min(4, limit + 1));
}
