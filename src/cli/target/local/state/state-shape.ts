/**
 * What the files of the state folder must look like before anything believes them: a damaged disk, another version of hwctl
 * or a hand may have written them. Each check takes any value and never throws.
 */
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const amount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const exactly =
  (...allowed: unknown[]): Check =>
  (value) =>
    allowed.includes(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const list =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);
const record = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapOf =
  (item: Check): Check =>
  (value) =>
    record(value) && Object.values(value).every(item);
const fields =
  (shape: Record<string, Check>): Check =>
  (value) =>
    record(value) && Object.entries(shape).every(([name, check]) => check(value[name]));

/** A process id that a signal may go to: 0, -1 and other negative ones mean whole groups of processes, or all of them. */
export function isPid(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** A TCP port that can be connected to. */
function isPort(value: unknown): value is number {
  return isPid(value) && value <= 65_535;
}

const processId = { pid: isPid, identity: (value: unknown) => text(value) && value !== '' };
const probeKinds: Record<string, Check>[] = [
  { kind: exactly('http'), port: text, path: text, headers: optional(mapOf(text)) },
  { kind: exactly('tcp'), port: text },
  { kind: exactly('exec'), command: list(text) },
];
const probe: Check = (value) =>
  fields({ periodMs: amount, timeoutMs: amount, failureThreshold: amount })(value) &&
  probeKinds.some((shape) => fields(shape)(value));
const user: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const postgres = fields({
  bin: text,
  data: text,
  user: text,
  password: text,
  database: text,
  adminPassword: optional(text),
  scripts: list(fields({ name: text, text })),
  as: optional(fields({ uid: user, gid: user })),
});

const route = fields({
  host: optional(text),
  path: text,
  type: exactly('Exact', 'Prefix'),
  service: optional(text),
  isDefault: optional(flag),
  ingress: optional(
    fields({
      name: text,
      namespace: text,
      annotations: mapOf(text),
      hasTls: optional(flag),
      serviceName: optional(text),
      servicePort: optional(text),
      configMaps: optional(mapOf(mapOf(text))),
      allowedHeaders: optional(list(text)),
    }),
  ),
});

const pair: Check = (value) => list(text)(value) && (value as unknown[]).length === 2;
const fieldMatches = list(fields({ name: text, value: text, isRegular: flag }));
const pathChange = optional(fields({ type: text, value: text }));
const headerFilter = fields({
  type: exactly('request-headers', 'response-headers'),
  set: list(pair),
  add: list(pair),
  remove: list(text),
});
const rewriteFilter = fields({ type: exactly('rewrite'), host: optional(text), path: pathChange });
const redirectFilter = fields({
  type: exactly('redirect'),
  scheme: optional(text),
  host: optional(text),
  port: optional(amount),
  path: pathChange,
  status: amount,
});
const apiFilter: Check = (value) => headerFilter(value) || rewriteFilter(value) || redirectFilter(value);
const apiRoute = fields({
  name: text,
  namespace: text,
  hosts: list(text),
  rules: list(
    fields({
      matches: list(
        fields({
          path: fields({ type: text, value: text }),
          method: optional(text),
          headers: fieldMatches,
          query: fieldMatches,
        }),
      ),
      filters: list(apiFilter),
      backends: list(fields({ name: text, service: optional(text), weight: amount })),
      timeoutMs: optional(amount),
    }),
  ),
});

/** Whether this is a process identity: a positive pid and a start time; anything else names no process. */
export const isProcessId: Check = fields(processId);

/** Whether this is the content of a lock file. Its nonce becomes a part of a file's name. */
export const isLockOwner: Check = fields({
  ...processId,
  nonce: (value) => typeof value === 'string' && /^\w{1,64}$/.test(value),
});

/** Whether this is runtime.json as this version of hwctl writes it. */
export const isRuntime: Check = fields({
  version: exactly(1),
  supervisor: fields({ ...processId, controlPort: isPort, token: text }),
  ports: mapOf(isPort),
  processes: list(fields({ ...processId, name: text })),
  done: optional(mapOf(text)),
});

/** Whether this is secrets.json. */
export const isSecrets: Check = mapOf(text);

/** Whether this is state.json as this version of hwctl writes it. */
export const isLocalState: Check = fields({
  version: exactly(1),
  stacks: list(text),
  manifests: text,
  values: record,
  digest: text,
  inputs: text,
  processes: list(
    fields({
      name: text,
      kind: exactly('service', 'job', 'gateway'),
      stacks: list(text),
      command: list(text),
      cwd: optional(text),
      env: mapOf(text),
      ports: list(fields({ key: text, fixed: optional(isPort), why: optional(text) })),
      after: list(text),
      readiness: optional(probe),
      liveness: optional(probe),
      startTimeoutMs: amount,
      graceMs: amount,
      attempts: optional(amount),
      ours: optional(flag),
      postgres: optional(postgres),
      folders: list(text),
      files: list(fields({ path: text, text, secret: flag })),
      digest: text,
    }),
  ),
  routes: list(route),
  apiRoutes: optional(list(apiRoute)),
  services: list(fields({ name: text, namespace: text, port: amount, key: text, type: optional(text) })),
  host: optional(text),
  loadPaths: mapOf(text),
  leftOut: optional(
    list(fields({ ref: text, reason: text, isTold: optional(flag), needsContainer: optional(exactly(true)) })),
  ),
});

/** Whether this is a process as a cluster's record names it; without a command line it could be any. */
export const isChild: Check = fields({
  pid: isPid,
  argv: (value) => list(text)(value) && (value as string[]).some((word) => word !== ''),
});

/** Whether this is a cluster's record at all. */
export function isClusterRecord(value: unknown): value is { context: string } {
  return fields({ context: text })(value);
}

const clusterFields: Record<string, Check> = {
  version: exactly(1),
  context: text,
  profileMade: text,
  addonsEnabled: list(text),
  imagesBuilt: list(text),
  imagesLoaded: list(text),
  contextNamespaceBefore: (value) => value === null || text(value),
  contextNamespaceSet: text,
  folder: text,
  children: list(isChild),
  forward: isChild,
};

/** Whether a field of a cluster's record is one that this version writes, and as it writes it. */
export function isClusterField(name: string, value: unknown): boolean {
  return Object.hasOwn(clusterFields, name) && clusterFields[name]?.(value) === true;
}
