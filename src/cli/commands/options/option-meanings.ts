import { Failure } from '../../kernel/failure.js';
import type { Values } from '../../target/manifests/values-shape.js';
import type { Target } from '../../target/target.js';
import { clusterNames, clustersWith } from '../../target/target-names.js';

type Name = Target['name'];

/**
 * The targets on which an option means something, by its name in the parsed options; what is not here means the same on
 * all. The one table: every command that has a target is checked against it.
 */
const meanings: Readonly<Record<string, { flag: string; on: readonly Name[]; unless?: unknown }>> = {
  context: { flag: '--context', on: clusterNames },
  allowContext: { flag: '--allow-context', on: clusterNames },
  profile: { flag: '--profile', on: clustersWith('profile') },
  cpus: { flag: '--cpus', on: clustersWith('cpus') },
  memory: { flag: '--memory', on: clustersWith('memory') },
  kubernetesVersion: { flag: '--kubernetes-version', on: clustersWith('kubernetesVersion') },
  registry: { flag: '--registry', on: clusterNames },
  forceConflicts: { flag: '--force-conflicts', on: clusterNames },
  setNamespace: { flag: '--set-namespace', on: clusterNames },
  deleteCluster: { flag: '--delete-cluster', on: clustersWith('deleteCluster') },
  // Where nothing is forwarded, everything listens on the loopback address, and on no other.
  address: { flag: '--address', on: clusterNames, unless: '127.0.0.1' },
};

/** Whether an option of the table means something on what `--target` names. */
export function meansSomething(name: string, target: string | undefined): boolean {
  return meanings[name]?.on.some((each) => each === target) ?? true;
}

/** Throws Failure `usage` for the first option that was given and means nothing on this target. */
export function checkMeanings(options: object, target: Name): void {
  for (const [name, { flag, on, unless }] of Object.entries(meanings)) {
    const given = (options as Record<string, unknown>)[name];
    if (given === undefined || given === false || given === unless || on.includes(target)) continue;
    throw new Failure({
      code: 'usage',
      message: `${flag} means nothing on the ${target} target`,
      hint: `Leave ${flag} out, or choose its target with ${on.map((each) => `--target ${each}`).join(' or ')}`,
    });
  }
}

/** Why a value changes nothing for processes on this machine. */
const localReasons: { [Name in keyof Values]?: (value: Values[Name]) => string | undefined } = {
  store: (value) => (value === 'postgres' ? 'every service keeps a SQLite file here' : undefined),
  replicas: () => 'every service is one process here',
  resources: () => 'processes here have no requests and limits',
  image: () => 'services run from the built server here, not from an image',
  namespace: () => 'there are no namespaces here',
  ingressClass: () => 'the gateway is the only controller here',
  monitoring: (value) => (value === true ? 'Prometheus and Grafana need a cluster' : undefined),
  grafana: (value) => (value === true ? 'Prometheus and Grafana need a cluster' : undefined),
};

/** A line for each value that means nothing on the local target. They are kept: a later `up` on a cluster is another one. */
export function withoutMeaningHere(values: Values): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const reason = (localReasons as Record<string, ((value: unknown) => string | undefined) | undefined>)[name]?.(
      value,
    );
    return reason === undefined ? [] : [`${name} means nothing on the local target: ${reason}`];
  });
}
