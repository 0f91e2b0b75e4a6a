import { createHash, randomBytes } from 'node:crypto';
import type { LocalEntry, LocalRequest, LocalSource } from '../project.js';
import { gatewayHealthPath } from '../routes/route-table.js';
import { type LocalState, readSecrets, type StateFolder } from '../state/state-folder.js';
import type { TopologyOptions } from './draft-process.js';
import type { LeftOut, ProcessSpec } from './process-spec.js';
import { programDigest } from './program-digest.js';
import { proxyTokenId, proxyTokenVariable } from './proxy-token.js';
import { readTopology } from './topology.js';

/** What shall run after `up`, and what of the manifests has no meaning here. */
export interface DesiredLocally {
  state: LocalState;
  /** The generated secrets, with new ones among them where something asks for them. */
  secrets: Record<string, string>;
  newSecrets: string[];
  leftOut: LeftOut[];
  /** What the objects keep secret: it lands in no output. */
  secretTexts: readonly string[];
}

export interface DesiredOptions {
  folder: StateFolder;
  request: LocalRequest;
  /** Changes when anything does that the source was made from; see LocalProject. */
  inputs: string;
  postgres: TopologyOptions['postgres'];
}

/** What shall run of a project's objects. Writes nothing. Throws Failure for objects or entries that cannot be used. */
export function desiredOf(source: LocalSource, { folder, request, inputs, postgres }: DesiredOptions): DesiredLocally {
  const secrets = readSecrets(folder);
  const newSecrets: string[] = [];
  const secret = (id: string) => {
    let value = secrets[id];
    if (value === undefined) {
      value = randomBytes(24).toString('base64url');
      secrets[id] = value;
      newSecrets.push(id);
    }
    return value;
  };
  const topology = readTopology(withToken(source, secret), { volumes: folder.volumes, secret, postgres });
  const digests = new Map<LocalEntry, string>();
  const processes: ProcessSpec[] = topology.processes.map((spec) => {
    const entry = topology.entries.get(spec.name);
    return { ...spec, digest: digestOf(entry === undefined ? '' : programOf(entry, digests), spec) };
  });
  const answering = [
    ...topology.routes,
    ...topology.apiRoutes.flatMap(({ rules }) => rules.flatMap((r) => r.backends)),
  ];
  if (answering.some(({ service }) => service !== undefined))
    processes.push(gatewaySpec(request.stacks, secrets[proxyTokenId] ?? ''));
  const content = {
    version: 1 as const,
    stacks: [...request.stacks],
    manifests: request.manifests,
    values: request.values,
    processes,
    routes: topology.routes,
    apiRoutes: topology.apiRoutes,
    services: topology.services,
    host: topology.host,
    loadPaths: topology.loadPaths,
  };
  const leftOut = [...topology.leftOut, ...source.leftOut];
  const state = { ...content, digest: digestOf(content), inputs, leftOut };
  return { state, secrets, newSecrets, leftOut, secretTexts: [...topology.secretTexts] };
}

/** The entries with what the gateway shows, where they want it. */
function withToken(source: LocalSource, secret: (id: string) => string): LocalSource {
  const entries = [...source.entries].map(([name, entry]): [string, LocalEntry] => {
    const { gatewayToken, environment } = entry;
    if (gatewayToken === undefined) return [name, entry];
    return [name, { ...entry, environment: { ...environment, [gatewayToken]: secret(proxyTokenId) } }];
  });
  return { ...source, entries: new Map(entries) };
}

function programOf(entry: LocalEntry, known: Map<LocalEntry, string>): string {
  if (entry.digest !== undefined) return entry.digest;
  const digest = known.get(entry) ?? (entry.folder === undefined ? '' : programDigest(entry.folder));
  known.set(entry, digest);
  return digest;
}

/** Probed like every service: one that hangs is not ready, and is started anew. */
function gatewaySpec(stacks: readonly string[], token: string): ProcessSpec {
  const probe = { kind: 'http' as const, port: 'gateway', path: gatewayHealthPath, periodMs: 1000 };
  const spec = {
    name: 'gateway',
    kind: 'gateway' as const,
    command: ['{{port:gateway}}'],
    env: { [proxyTokenVariable]: token },
    ports: [{ key: 'gateway' }],
    after: [],
    readiness: { ...probe, timeoutMs: 1000, failureThreshold: 2 },
    liveness: { ...probe, timeoutMs: 2000, failureThreshold: 3 },
    startTimeoutMs: 30_000,
    graceMs: 5000,
    folders: [],
    files: [],
    ours: true,
  };
  return { ...spec, stacks: [...stacks], digest: digestOf(spec) };
}

/** Membership of a stack is no reason to restart what runs, nor is a mounted file: its readers look for changes. */
function digestOf(...parts: unknown[]): string {
  const withinProcess = parts.length > 1;
  const text = JSON.stringify(parts, (key, value) =>
    withinProcess && (key === 'stacks' || key === 'files') ? undefined : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
