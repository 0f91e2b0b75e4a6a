import type { ProcessSpec } from './process-spec.js';

/** A process as its order is told. */
export interface OrderedProcess {
  spec: Omit<ProcessSpec, 'digest'>;
  /** Processes that its texts name. */
  names: ReadonlySet<string>;
  /** Those of them that its own command and variables name, and not the ConfigMaps that it shares with others. */
  own: ReadonlySet<string>;
  /** Hooks of helm that it is one of. */
  hooks: readonly string[];
  weight: number;
  /** The process whose init container it is. */
  before?: string;
}

/**
 * Says what starts after what: everything after the Postgres that it names; a Job after the services that it names, a service
 * after the Jobs that share its Postgres and after hooks that come before it; an init container before its own. Gives the
 * processes so that each stands after those it waits for.
 */
export function orderProcesses(all: readonly OrderedProcess[]): Omit<ProcessSpec, 'digest'>[] {
  const byName = new Map(all.map((one) => [one.spec.name, one]));
  const databases = new Set(all.flatMap(({ spec }) => (spec.postgres === undefined ? [] : [spec.name])));
  const after = new Map<string, Set<string>>(all.map(({ spec }) => [spec.name, new Set<string>()]));
  const reaches = (from: string, to: string): boolean =>
    from === to || [...(after.get(from) ?? [])].some((next) => reaches(next, to));
  // The strongest reason first: one that would close a circle is none.
  const wait = (name: string, other: string) => {
    if (name !== other && byName.has(other) && !reaches(other, name)) after.get(name)?.add(other);
  };
  const jobs = all.filter(({ spec }) => spec.kind === 'job').sort(byHook);
  const others = all.filter(({ spec }) => spec.kind !== 'job');
  const shares = (a: OrderedProcess, b: OrderedProcess) =>
    [...a.names].some((name) => databases.has(name) && b.names.has(name));
  for (const { spec, names } of all) for (const name of names) if (databases.has(name)) wait(spec.name, name);
  for (const { spec, before } of jobs) if (before !== undefined) wait(before, spec.name);
  for (const { spec, own, before } of jobs) if (before === undefined) for (const name of own) wait(spec.name, name);
  for (const job of jobs) {
    if (job.before !== undefined) continue;
    for (const other of others) {
      if (other.spec.postgres !== undefined) continue;
      if (isPost(job)) wait(job.spec.name, other.spec.name);
      else if (isPre(job) || shares(job, other)) wait(other.spec.name, job.spec.name);
    }
  }
  for (const [at, job] of jobs.entries())
    for (const earlier of jobs.slice(0, at))
      if (shares(job, earlier) || isHook(job)) wait(job.spec.name, earlier.spec.name);
  const done = new Map<string, Omit<ProcessSpec, 'digest'>>();
  const place = ({ spec }: OrderedProcess) => {
    if (done.has(spec.name)) return;
    const waits = [...(after.get(spec.name) ?? [])].sort();
    for (const name of waits) place(byName.get(name) as OrderedProcess);
    done.set(spec.name, { ...spec, after: waits });
  };
  for (const one of all) place(one);
  return [...done.values()];
}

/** Hooks before the rest, by their weights; then by name, as helm does. */
function byHook(a: OrderedProcess, b: OrderedProcess): number {
  const wave = ({ hooks }: OrderedProcess) =>
    hooks.some((hook) => hook.startsWith('post-')) ? 2 : hooks.length > 0 ? 0 : 1;
  return wave(a) - wave(b) || a.weight - b.weight || (a.spec.name < b.spec.name ? -1 : 1);
}

function isHook({ hooks }: OrderedProcess): boolean {
  return hooks.length > 0;
}

function isPre({ hooks }: OrderedProcess): boolean {
  return hooks.some((hook) => hook === 'pre-install' || hook === 'pre-upgrade');
}

function isPost(one: OrderedProcess): boolean {
  return !isPre(one) && one.hooks.some((hook) => hook === 'post-install' || hook === 'post-upgrade');
}
