import type { Evidence } from './finding.js';
import type { ChartReference } from './shell-step.js';

/** A part of what is deployed, in the order of the plan. Paths are relative to the repository's root, with `/`. */
export type Release = { from: Evidence; namespace?: string } & (
  | { kind: 'manifests'; path: string; recursive: boolean }
  | { kind: 'kustomize'; path: string }
  | {
      kind: 'chart';
      release: string;
      chart: ChartReference;
      valuesFiles: string[];
      set: { flag: string; text: string }[];
    }
);

/** An image that is built here, and what says so. */
export interface PlannedImage {
  image: string;
  context: string;
  dockerfile: string | undefined;
  target?: string;
  platform?: string;
  buildArguments: string[];
  from: Evidence;
}

/** A collection or scenario that proves it. */
interface PlannedTest {
  file: string;
  environment: string | undefined;
  variables: string[];
  from: Evidence;
}

/** How a workload runs without a cluster, and what says so. */
export interface PlannedLocal {
  workload: string;
  command: string[];
  folder: string;
  environment: Record<string, string>;
  from: Evidence;
}

/** Something that no file says and that was chosen all the same, or that a file says and that was not followed. */
export interface Guess {
  /** What it is about: the key of hwctl.yaml. */
  about: 'releases' | 'namespaces' | 'addons' | 'images' | 'host' | 'tests' | 'load' | 'monitoring' | 'local';
  text: string;
  from: Evidence | undefined;
}

/** A piece of work in a repository, and the plan to bring it up: what one `hwctl up` would do. */
export interface Piece {
  /** A name for a stack: of its folder, or of the repository. */
  name: string;
  /** Where it lies; '' for the whole repository. */
  folder: string;
  /** The files that said how; empty where contents alone did. */
  sources: string[];
  /** Namespaces that are made first, in order. */
  namespaces: { name: string; from: Evidence }[];
  /** The namespace of what names none. */
  defaultNamespace: string | undefined;
  addons: { name: string; from: Evidence }[];
  releases: Release[];
  images: PlannedImage[];
  host: { name: string; from: Evidence } | undefined;
  tests: PlannedTest[];
  /** Files that load it: profiles, k6 and Locust scripts. */
  load: Evidence[];
  dashboards: Evidence[];
  /** Where it was asked for; see propose-local.ts. */
  local?: PlannedLocal[];
  guesses: Guess[];
}
