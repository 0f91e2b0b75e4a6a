import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolders } from '../../../kernel/folders.js';
import type { RunProgram } from '../../../kernel/process.js';
import { replaceFile } from '../../../kernel/replacement.js';
import { stateFailure, stateHome } from '../../../kernel/state-home.js';
import type { TargetEnvironment } from '../../environment.js';
import { isChild, isClusterField, isClusterRecord } from '../../local/state/state-shape.js';
import { bundledProject } from '../../project-name.js';

/** A program that hwctl started and that may outlive it; the command line tells it from a later process of the same id. */
export interface Child {
  pid: number;
  argv: string[];
}

/**
 * What hwctl did outside the cluster's own objects, written down before it is done, so that `down` finds it also after a
 * kill at any moment. What is in the cluster is told by the cluster: membership labels and the marks on namespaces.
 */
export interface ClusterState {
  version: 1;
  context: string;
  /** minikube profile that hwctl made; only then may `--delete-cluster` delete it. */
  profileMade?: string;
  /** Addons that were not enabled before. */
  addonsEnabled: string[];
  /** Images that were not there before: on this machine and in the cluster. */
  imagesBuilt: string[];
  imagesLoaded: string[];
  /** The context's own namespace before hwctl changed it; null where none was set. */
  contextNamespaceBefore?: string | null;
  /** The namespace that hwctl gave the context. */
  contextNamespaceSet?: string;
  /** Folder of the project that is up; the bundled platform has none. */
  folder?: string;
  children: Child[];
  /** The port-forward daemon, where one runs. */
  forward?: Child;
}

/** The folder of what is remembered of clusters, in the state home. Throws Failure `no-home`. */
export function stateFolder({ env }: TargetEnvironment): string {
  return join(stateHome(env), 'clusters');
}

/** The contexts in which something of a project is recorded in this folder: `down` removes the record when it is done. */
export function recordedContexts(folder: string, project: string): string[] {
  return readRecords(folder).flatMap((record) => (record.project === project ? record.context : []));
}

/** Every context and project of which something is recorded in this folder. */
function readRecords(folder: string): { context: string; project: string }[] {
  let files: string[];
  try {
    files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.forwards.json'));
  } catch {
    return [];
  }
  return files.map((name) => {
    // What is encoded holds no @.
    const [context = '', project = bundledProject] = name.slice(0, -'.json'.length).split('@');
    return { context: decodeURIComponent(context), project };
  });
}

/** Name of the files of a context and a project, without an ending; the bundled platform's is that of the context itself. */
function recordName(context: string, project: string): string {
  return `${encodeURIComponent(context)}${project === bundledProject ? '' : `@${project}`}`;
}

/**
 * The state of one context and project on disk. Every change is written at once and atomically, and begins with what is
 * there: what holds for the context as a whole is in the file of the bundled platform, which others read and change too.
 */
export class StateFile {
  readonly file: string;
  /** File name without its ending, for what belongs beside it. */
  readonly name: string;

  constructor(
    readonly folder: string,
    readonly context: string,
    project: string,
  ) {
    this.name = recordName(context, project);
    this.file = join(folder, `${this.name}.json`);
  }

  get(): Readonly<ClusterState> {
    return readState(this.file) ?? emptyState(this.context);
  }

  /** Throws Failure `state-folder`. */
  change(edit: (state: ClusterState) => void): void {
    const state = readState(this.file) ?? emptyState(this.context);
    edit(state);
    try {
      makeFolders(this.folder, 0o700);
      replaceFile(this.file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    } catch (error) {
      throw stateFailure(this.file, error, 'written');
    }
  }

  /** Writes down an image that `down` has to remove, once. */
  noteImage(list: 'imagesBuilt' | 'imagesLoaded', image: string): void {
    this.change((state) => {
      if (!state[list].includes(image)) state[list].push(image);
    });
  }

  /** Forgets everything, the file included, and drafts of it that killed processes left. */
  remove(): void {
    const drafts = `${basename(this.file)}.`;
    for (const name of existsSync(this.folder) ? readdirSync(this.folder) : [])
      if (name.startsWith(drafts)) rmSync(join(this.folder, name), { force: true });
    rmSync(this.file, { force: true });
  }

  /** True where the file says nothing that `down` would have to undo. */
  isEmpty(): boolean {
    const { profileMade, addonsEnabled, imagesBuilt, imagesLoaded, contextNamespaceBefore, forward } = this.get();
    return (
      profileMade === undefined &&
      contextNamespaceBefore === undefined &&
      forward === undefined &&
      addonsEnabled.length + imagesBuilt.length + imagesLoaded.length === 0
    );
  }

  /** A `run` whose processes are written down while they live. */
  recording(run: RunProgram): RunProgram {
    return async (argv, options) => {
      let child: Child | undefined;
      try {
        return await run(argv, {
          ...options,
          onStart: (pid) => {
            child = { pid, argv: [...argv] };
            this.change((state) => state.children.push(child as Child));
            options.onStart?.(pid);
          },
        });
      } finally {
        if (child !== undefined) {
          const { pid } = child;
          this.change((state) => {
            state.children = state.children.filter((other) => other.pid !== pid);
          });
        }
      }
    };
  }
}

function emptyState(context: string): ClusterState {
  return {
    version: 1,
    context,
    addonsEnabled: [],
    imagesBuilt: [],
    imagesLoaded: [],
    children: [],
  };
}

/** The record where it is whole; of one that was damaged or written by another version, what can be believed. */
function readState(file: string): ClusterState | undefined {
  let state: ClusterState | null;
  try {
    state = JSON.parse(readFileSync(file, 'utf8')) as ClusterState | null;
  } catch {
    return undefined;
  }
  if (!isClusterRecord(state) || state.version !== 1) return undefined;
  const believed = Object.entries(state).filter(([name, value]) => isClusterField(name, value));
  return { ...emptyState(state.context), ...Object.fromEntries(believed) };
}

/** Whether the process is still the one that was started: same id, same command line. */
export async function isAlive(run: RunProgram, { pid, argv }: Child): Promise<boolean> {
  if (!isChild({ pid, argv })) return false;
  const outcome = await run(['ps', '-o', 'args=', '-p', String(pid)], { timeoutMs: 5_000 });
  const args = outcome.stdout.trim();
  return outcome.exitCode === 0 && args !== '' && argv.every((word) => args.includes(word));
}
