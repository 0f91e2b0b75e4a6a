import { createHash, randomBytes } from 'node:crypto';
import { applyValues } from '../../manifests/edits.js';
import { refOf, storeLabel } from '../../manifests/kube-object.js';
import { readObjects } from '../../manifests/manifests.js';
import type { StackObject } from '../../manifests/stack-object.js';
import type { Values } from '../../manifests/values-shape.js';
import { type LocalState, readSecrets, type StateFolder } from '../state/state-folder.js';
import { buildDigest, inputsDigest } from './inputs.js';
import { gatewayHealthPath } from './route-table.js';
import { type ProcessSpec, proxyTokenId, proxyTokenVariable, readTopology, type Topology } from './topology.js';

/** What shall run after `up`, and what of the manifests has no meaning here. */
export interface DesiredLocally {
  state: LocalState;
  /** The generated secrets, with new ones among them where something asks for them. */
  secrets: Record<string, string>;
  newSecrets: string[];
  leftOut: Topology['leftOut'];
}

export interface DesiredOptions {
  folder: StateFolder;
  stacks: string[];
  manifests: string;
  values: Values;
  serverEntry: string;
}

/** Reads the manifests and says what shall run. Writes nothing. Throws Failure for manifests or values that cannot be used. */
export function readDesired({ folder, stacks, manifests, values, serverEntry }: DesiredOptions): DesiredLocally {
  // Whatever the cluster shall have: here every service keeps its own SQLite file, and there is no monitoring.
  const all = readObjects({ manifests, stacks, values: { ...values, store: undefined, monitoring: false } });
  const objects = applyValues(all, { store: 'sqlite' });
  const secrets = readSecrets(folder);
  const newSecrets: string[] = [];
  const topology = readTopology(objects, {
    volumes: folder.volumes,
    secret(id) {
      let value = secrets[id];
      if (value === undefined) {
        value = randomBytes(24).toString('base64url');
        secrets[id] = value;
        newSecrets.push(id);
      }
      return value;
    },
  });
  const build = buildDigest(serverEntry);
  const processes: ProcessSpec[] = topology.processes.map((spec) => ({ ...spec, digest: digestOf(build, spec) }));
  if (topology.routes.length > 0) processes.push(gatewaySpec(stacks, secrets[proxyTokenId] ?? ''));
  const content = {
    version: 1 as const,
    stacks,
    manifests,
    values,
    processes,
    routes: topology.routes,
    host: topology.host,
    loadPaths: topology.loadPaths,
  };
  const leftOut = [...topology.leftOut, ...withoutPostgres(all), monitoringLeftOut];
  const inputs = inputsDigest({ stacks, manifests, values, serverEntry });
  return { state: { ...content, digest: digestOf(content), inputs, leftOut }, secrets, newSecrets, leftOut };
}

const monitoringLeftOut = {
  ref: 'monitoring',
  reason: 'Prometheus and Grafana need a cluster; every service answers /metrics',
};

function withoutPostgres(objects: readonly StackObject[]): Topology['leftOut'] {
  return objects
    .filter(({ object }) => object.metadata.labels?.[storeLabel] === 'postgres')
    .map(({ object }) => ({ ref: refOf(object), reason: 'the store here is SQLite, a file for each service' }));
}

/** Probed like every service: one that hangs is not ready, and is started anew. */
function gatewaySpec(stacks: string[], token: string): ProcessSpec {
  const probe = { path: gatewayHealthPath, periodMs: 1000 };
  const spec = {
    name: 'gateway',
    kind: 'gateway' as const,
    args: ['{{port:gateway}}'],
    env: { [proxyTokenVariable]: token },
    readiness: { ...probe, timeoutMs: 1000, failureThreshold: 2 },
    liveness: { ...probe, timeoutMs: 2000, failureThreshold: 3 },
    startTimeoutMs: 30_000,
    graceMs: 5000,
    folders: [],
    files: [],
  };
  return { ...spec, stacks, digest: digestOf(spec) };
}

/** Membership of a stack is no reason to restart what runs, nor is a mounted file: its readers look for changes. */
function digestOf(...parts: unknown[]): string {
  const withinProcess = parts.length > 1;
  const text = JSON.stringify(parts, (key, value) =>
    withinProcess && (key === 'stacks' || key === 'files') ? undefined : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
