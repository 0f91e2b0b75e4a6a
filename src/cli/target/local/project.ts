import { join } from 'node:path';
import type { StackObject } from '../manifests/stack-object.js';
import type { Values } from '../manifests/values-shape.js';
import type { ObjectSource } from '../source.js';
import type { LeftOut } from './plan/process-spec.js';

/** How a workload runs as a process of this machine; the manifests say the rest (variables, mounts, probes, Services). */
export interface LocalEntry {
  /** The program and its arguments. `{port}` stands for the port to listen on, `{port:9090}` for that of another container port. */
  command: string[];
  /** Where it runs, absolute; the state folder where none is given. */
  folder?: string;
  /** Variables over those of the manifests, with the same placeholders. */
  environment?: Record<string, string>;
  /** The container that it stands for; the one that a Service reaches where none is named. */
  container?: string;
  /** Changes when the program does; made of the names, sizes and times of the folder's files where none is given. */
  digest?: string;
  /** Variables that name a path: what becomes of one at which nothing is mounted. */
  paths?: Record<string, 'own folder' | 'left out'>;
  /** The variable in which it wants what the gateway shows the services in X-Proxy-Token. */
  gatewayToken?: string;
  /** A Node program of hwctl's own: it ends by itself where its supervisor does, and takes milliseconds to start. */
  ours?: boolean;
}

/** What some stacks of a project are made of, for this machine. */
export interface LocalSource {
  objects: readonly StackObject[];
  /** By the workload's name; those of init containers by `WORKLOAD/CONTAINER`. What has none is left out. */
  entries: ReadonlyMap<string, LocalEntry>;
  /** What the project itself has left out of its objects, and why. */
  leftOut: readonly LeftOut[];
  /** A Postgres among the workloads is run where this machine has its programs. */
  runsPostgres: boolean;
}

/** What `up` and its kin are asked for. */
export interface LocalRequest {
  stacks: readonly string[];
  /** Folder of the bundled platform's stacks; for any other project its own folder. */
  manifests: string;
  values: Values;
}

/** A project as the local target takes it: two of different names can be up at once. */
export interface LocalProject {
  /** Absolute: two folders under one name are told apart by it. */
  folder: string;
  /** The objects of some stacks and how they run; what cannot be read is a Failure. Writes nothing. */
  read(request: LocalRequest): Promise<LocalSource>;
  /** Changes when anything does that `read` reads, so that a second `up` need not; '' where that cannot be told. */
  inputs?(request: LocalRequest): string;
}

/** A `local` entry as a hwctl.yaml says it: its folder relative to that file. */
export interface WrittenEntry {
  command: string[];
  folder?: string;
  environment?: Record<string, string>;
}

export interface SourcedProject {
  /** Of the hwctl.yaml, absolute: where an entry without a folder runs. */
  folder: string;
  source: ObjectSource;
  /** The `local` entries of a stack, by workload. */
  local(stack: string): Readonly<Record<string, WrittenEntry>>;
}

/** Anybody's project as the local target takes it: its objects as its source makes them without a cluster, and its entries. */
export function sourcedLocal({ folder, source, local }: SourcedProject): LocalProject {
  return {
    folder,
    async read({ stacks, values }) {
      const objects = await source.objects({ stacks, values }, undefined);
      const entries = stacks.flatMap((stack) =>
        Object.entries(local(stack)).map(([name, entry]): [string, LocalEntry] => [
          name,
          { ...entry, folder: join(folder, entry.folder ?? '.') },
        ]),
      );
      return { objects, entries: new Map(entries), leftOut: [], runsPostgres: true };
    },
  };
}
