import type { ShellStep } from './read-shell.js';

/** Where something was seen. */
export interface Evidence {
  /** Relative to the repository's root, with `/`. */
  file: string;
  /** From 1. */
  line: number;
}

/** An object of Kubernetes as a manifest names it. */
export interface FoundObject {
  apiVersion: string;
  kind: string;
  /** Undefined for `generateName`. */
  name: string | undefined;
  /** As the manifest says; undefined where it leaves it to whoever applies it. */
  namespace: string | undefined;
  line: number;
  /** Images of its pod's containers, in order. */
  images: string[];
  /** The node may not pull them (`imagePullPolicy: Never`). */
  neverPulled: boolean;
  /** Hosts that it routes (Ingress, HTTPRoute). */
  hosts: string[];
}

/** A chart that a chart needs (Chart.yaml, or requirements.yaml of helm 2). */
export interface FoundDependency {
  name: string;
  version: string;
  repository: string | undefined;
  /** Its archive or folder stands in `charts/`. */
  vendored: boolean;
}

/** How an image is made, as skaffold and compose files say. */
export interface FoundBuild {
  image: string | undefined;
  context: string;
  dockerfile: string | undefined;
  target?: string;
  /** `NAME=value`. */
  buildArguments?: string[];
  /** A command that builds it in place of a Dockerfile (skaffold's `custom`). */
  command?: string;
}

/** A release of a chart, as skaffold says it. */
export interface SkaffoldChart {
  release: string;
  chart: string;
  namespace?: string;
  repositoryUrl?: string;
  version?: string;
  valuesFiles: string[];
  /** `name=value`, as helm's --set takes it. */
  set: string[];
  /** Names of values that only skaffold could work out (setValueTemplates). */
  templates: string[];
}

interface Kinds {
  chart: {
    name: string;
    version: string;
    folder: string;
    dependencies: FoundDependency[];
    /** Files of values in its folder, `values.yaml` first. */
    valuesFiles: string[];
    library: boolean;
    /** Images and hosts that its values name. */
    images: string[];
    hosts: string[];
  };
  manifest: { objects: FoundObject[] };
  /** `uses`: the folders that it builds on (resources, bases, components). */
  kustomization: { folder: string; uses: string[] };
  skaffold: {
    apiVersion: string;
    builds: FoundBuild[];
    manifests: string[];
    charts: SkaffoldChart[];
    /** Other files that it takes along (`requires`). */
    requires: string[];
  };
  /** `copies`: what it takes from its context, as it says. */
  dockerfile: { folder: string; base: string; ports: number[]; command: string | undefined; copies: string[] };
  compose: { services: string[]; builds: FoundBuild[] };
  collection: { name: string; format: string; requests: number; variables: Record<string, string> };
  environment: { name: string; variables: string[] };
  openapi: { title: string; version: string; paths: number };
  scenario: { name: string };
  profile: { name: string };
  'k6 script': { options: boolean };
  locustfile: { users: string[] };
  dashboard: { title: string; panels: number };
  project: Record<never, never>;
}

/** A kind of thing that a repository holds. */
export type FindingKind = keyof Kinds;

/** One thing that was found, with its evidence. */
export type Finding = { [K in FindingKind]: { kind: K } & Evidence & Kinds[K] }[FindingKind];
export type FindingOf<K extends FindingKind> = Extract<Finding, { kind: K }>;

/** What a repository holds. */
export interface Findings {
  root: string;
  /** Every file and every folder of the repository, relative, with `/`. */
  paths: ReadonlySet<string>;
  folders: ReadonlySet<string>;
  /** In the order of their files. */
  found: readonly Finding[];
  /** The shell lines of its pages, Makefiles and scripts. */
  steps: readonly ShellStep[];
  /** The values that files hold for charts: the charts' own, and those that are named beside one. */
  values: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Files that look like something and cannot be read: place and reason. */
  unreadable: readonly (Evidence & { why: string })[];
  /** What was not looked into, and why. */
  leftOut: readonly string[];
}

/** The findings of one kind. */
export function foundOf<K extends Finding['kind']>(
  { found }: Pick<Findings, 'found'>,
  kind: K,
): readonly FindingOf<K>[] {
  const known = byKind.get(found) ?? new Map<Finding['kind'], Finding[]>();
  byKind.set(found, known);
  // It is asked for of every file of a repository: each answer is looked for once.
  const one = known.get(kind) ?? found.filter((finding) => finding.kind === kind);
  known.set(kind, one);
  return one as FindingOf<K>[];
}

const byKind = new WeakMap<readonly Finding[], Map<Finding['kind'], Finding[]>>();
