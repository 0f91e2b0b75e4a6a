import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../kernel/failure.js';
import { makeFolders } from '../../../kernel/folders.js';
import { replaceFile } from '../../../kernel/replacement.js';
import { stateFailure, stateHome } from '../../../kernel/state-home.js';
import type { Values } from '../../manifests/values-shape.js';
import { bundledProject } from '../../project-name.js';
import type { LeftOut, ProcessSpec } from '../plan/process-spec.js';
import type { ApiRoute } from '../routes/api-route.js';
import type { GatewayRoute, ServiceAddress } from '../routes/gateway-route.js';
import { isLocalState, isRuntime, isSecrets } from './state-shape.js';

/** Where the local target keeps what it knows: one folder, removed by `down`. */
export interface StateFolder {
  /** `.../hwctl/local`, of another project than the bundled `.../hwctl/local@NAME`; also the mark by which every process we started is found (see process-identity.ts). */
  readonly path: string;
  /** What shall run; written by commands under the lock, before they act. */
  readonly state: string;
  /** What runs; written by the supervisor. */
  readonly runtime: string;
  /** Generated secrets, mode 0600; kept with the data. */
  readonly secrets: string;
  /** Beside the folder, so that it holds while the folder goes. */
  readonly lock: string;
  readonly logs: string;
  /** Folders behind the volume mounts: the data. */
  readonly volumes: string;
  /** Data of programs that root must run as another user, who cannot reach the home of root: outside of `path`, and part of it. */
  readonly lent: string;
}

/** What shall run. */
export interface LocalState {
  version: 1;
  stacks: string[];
  manifests: string;
  values: Values;
  /** Changes when any process or route does. */
  digest: string;
  /** Changes when anything does that this was made from; see LocalProject. */
  inputs: string;
  processes: ProcessSpec[];
  routes: GatewayRoute[];
  /** Those of the Gateway API. */
  apiRoutes?: ApiRoute[];
  /** Where the Services are reached. */
  services: ServiceAddress[];
  /** Host name of the platform, as the Ingress objects say. */
  host: string | undefined;
  /** What `hwctl load` hits, by stack. */
  loadPaths: Record<string, string>;
  /** What of the manifests has no meaning here; records of earlier versions have none. */
  leftOut?: LeftOut[];
}

/** What runs, as far as the supervisor got to write it down. */
export interface Runtime {
  version: 1;
  supervisor: { pid: number; identity: string; controlPort: number; token: string };
  ports: Record<string, number>;
  processes: { name: string; pid: number; identity: string }[];
  /** Jobs that have run to their end, by name, each with the digest of what ran: they are not run again. */
  done?: Record<string, string>;
}

/** The local target's folder in the state home, of a project by its name. Throws Failure `no-home`. */
export function stateFolder(
  env: Readonly<Record<string, string | undefined>>,
  project: string = bundledProject,
): StateFolder {
  return stateFolderAt(join(stateHome(env), project === bundledProject ? 'local' : `local@${project}`));
}

/** Names of the projects of which something is recorded here. Throws Failure `no-home`. */
export function recordedProjects(env: Readonly<Record<string, string | undefined>>): string[] {
  let names: string[];
  try {
    names = readdirSync(stateHome(env), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? entry.name : [],
    );
  } catch (error) {
    if (error instanceof Failure) throw error;
    return [];
  }
  return names.sort().flatMap((name) => (name === 'local' ? [bundledProject] : (/^local@(.+)$/.exec(name)?.[1] ?? [])));
}

/** The folder at a known path (for the supervisor, which is told). */
export function stateFolderAt(path: string): StateFolder {
  return {
    path,
    state: join(path, 'state.json'),
    runtime: join(path, 'runtime.json'),
    secrets: join(path, 'secrets.json'),
    lock: `${path}.lock`,
    logs: join(path, 'logs'),
    volumes: join(path, 'volumes'),
    lent: join('/var/tmp', `hwctl-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`),
  };
}

/** What shall run, or undefined where nothing is recorded. Throws Failure `bad-state` where the record is damaged. */
export function readState(folder: StateFolder): LocalState | undefined {
  return readJson<LocalState>(folder.state, isLocalState);
}

/** What runs, or undefined where no supervisor has written yet (or what it wrote is damaged: it writes anew on each change). */
export function readRuntime(folder: StateFolder): Runtime | undefined {
  try {
    return readJson<Runtime>(folder.runtime, isRuntime);
  } catch (error) {
    if (error instanceof Failure && error.code === 'bad-state') return undefined;
    throw error;
  }
}

/** Generated secrets by `NAME/KEY`; empty where there are none yet. Throws Failure `bad-state` where they are damaged. */
export function readSecrets(folder: StateFolder): Record<string, string> {
  return readJson<Record<string, string>>(folder.secrets, isSecrets) ?? {};
}

/** The one reader of state: what is not as this version writes it is never believed. */
function readJson<T>(path: string, isRight: (value: unknown) => boolean): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code !== 'EISDIR') throw stateFailure(path, error, 'read');
    throw badState(path, 'is damaged: it is a folder', error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badState(path, 'is damaged: it is not JSON', error);
  }
  if (!isRight(value)) throw badState(path, 'is damaged, or was written by another version of hwctl');
  return value as T;
}

function badState(path: string, what: string, cause?: unknown): Failure {
  return new Failure({
    code: 'bad-state',
    message: `${path} ${what}`,
    hint: 'hwctl down removes it and what it started',
    cause,
  });
}

/** Makes the folder and its parents, for the owner alone. Throws Failure `state-folder`. */
export function makeFolder(path: string): void {
  try {
    makeFolders(path, 0o700);
  } catch (error) {
    throw stateFailure(path, error, 'made');
  }
}

/** Replaces a file in one step, for the owner alone; with `durable` it also survives a power cut. Throws Failure `state-folder`. */
export function writeAtomically(path: string, text: string, durable = true): void {
  try {
    replaceFile(path, text, { mode: 0o600, durable });
  } catch (error) {
    throw stateFailure(path, error, 'written');
  }
}

/** Removes a file where that can be done; what came before says why it cannot. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Another user's folder, a read-only disk: nothing of ours was made there either.
  }
}

/** Whether a failure to write says that this disk takes nothing more, whoever asks. */
export function isUnwritable(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS';
}
