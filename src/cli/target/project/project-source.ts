import type { RunProgram } from '../../kernel/process.js';
import type { KubeObject } from '../manifests/kube-object.js';
import type { StackObject } from '../manifests/stack-object.js';
import type { Values } from '../manifests/values-shape.js';
import { applyEdits, editsOf } from '../preflight/edit-objects.js';
import { createNamespaces, missingNamespaces, placeObjects } from '../rendering/place-objects.js';
import type { Release } from '../rendering/release.js';
import { renderReleases } from '../rendering/render-releases.js';
import type { RenderedObject } from '../rendering/rendered-object.js';
import { keepLive } from '../rendering/varying-fields.js';
import { wavesOf } from '../rendering/waves.js';
import type { BuiltImage, ClusterFacts, ObjectSource } from '../source.js';
import { type CheckedInput, checkObjects, refuseProblems } from './check-objects.js';
import { joinStacks } from './join-stacks.js';
import { applyProjectValues } from './project-values.js';

/** A stack of a project, as its hwctl.yaml says it; paths are absolute. */
export interface ProjectStack {
  name: string;
  releases: readonly Release[];
  /** Of what names none. */
  namespace: string;
  /** Addons of the cluster's provider that it asks for. */
  addons: readonly string[];
  images: readonly BuiltImage[];
  /** Patches by `Kind/name`. */
  edits: Readonly<Record<string, unknown>>;
}

/** What rendering needs of the process. */
export interface RenderingTools {
  run: RunProgram;
  signal: AbortSignal;
  /** Milliseconds for each program and each request. */
  timeoutMs: number;
  /** Folder in which charts of exact versions are kept for the next time; absolute. */
  charts: string;
  /** What a user should know of what was rendered, once each. */
  onNote(note: string): void;
  /** Writes down edits of a stack that cure what would stop it; absent where nobody asked for that. */
  onEdits?(stack: string, edits: Readonly<Record<string, unknown>>): void;
}

/** Namespaces that every cluster has. */
const builtInNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** The objects of a project's releases: rendered for the cluster that they are for, in the order of releases and hooks. */
export class ProjectSource implements ObjectSource {
  readonly asksCluster = true;
  readonly home = 'default';
  readonly images: readonly BuiltImage[];

  constructor(
    private readonly name: string,
    private readonly folder: string,
    private readonly stacks: readonly ProjectStack[],
    private readonly tools: RenderingTools,
  ) {
    // Two stacks may build the same.
    const all = new Map(stacks.flatMap(({ images }) => images).map((image) => [image.image, image]));
    this.images = [...all.values()];
  }

  async objects(
    { stacks, values }: { stacks: readonly string[]; values: Values },
    cluster: ClusterFacts | undefined,
  ): Promise<StackObject[]> {
    const asked = this.stacks.filter(({ name }) => stacks.includes(name));
    const rendered: { stack: string; objects: StackObject[] }[] = [];
    for (const stack of asked) rendered.push({ stack: stack.name, objects: await this.#render(stack, cluster) });
    return applyProjectValues(joinStacks(rendered), values);
  }

  /** What the stacks ask for, and what their objects cannot do without. */
  addons(entries: readonly StackObject[]): string[] {
    const names = new Set<string>();
    const present = new Set(entries.flatMap(({ stacks }) => stacks));
    for (const { name, addons } of this.stacks) if (present.has(name)) for (const addon of addons) names.add(addon);
    const has = (kind: string) => entries.some(({ object }) => object.kind === kind);
    // A project that brings its own controller needs no other.
    if (has('Ingress') && !has('IngressClass')) names.add('ingress');
    if (has('HorizontalPodAutoscaler')) names.add('metrics-server');
    return [...names];
  }

  async #render(stack: ProjectStack, cluster: ClusterFacts | undefined): Promise<StackObject[]> {
    const { name, releases, namespace } = stack;
    const { run, signal, timeoutMs, charts, onNote } = this.tools;
    const { objects, notes } = await renderReleases(releases, {
      run,
      folder: this.folder,
      namespace,
      cluster,
      signal,
      timeoutMs,
      charts,
    });
    for (const note of notes) onNote(note);
    const scoped = placeObjects(objects, (apiVersion, kind) => cluster?.isNamespaced({ apiVersion, kind })).objects;
    const placed = await withLiveValues(scoped.map(asWritten), cluster);
    const made = createNamespaces(missingNamespaces(placed, builtInNamespaces));
    const checked = await this.#check(stack, [...made, ...placed], cluster);
    return inWaves(checked, name);
  }

  /** The objects as the stack's edits leave them, once nothing stops them any more. */
  async #check(
    stack: ProjectStack,
    objects: readonly RenderedObject[],
    cluster: ClusterFacts | undefined,
  ): Promise<RenderedObject[]> {
    const { onEdits, onNote } = this.tools;
    const own = applyEdits(objects, stack.edits);
    if (cluster === undefined) {
      for (const line of refuseProblems(own.problems, this.name)) onNote(line);
      return own.objects;
    }
    const look = (now: readonly RenderedObject[]) => checkObjects(this.#inputOf(stack, now), cluster);
    let edited = own.objects;
    let { crds, problems } = await look(edited);
    const cures = editsOf(problems.filter(({ stops }) => stops));
    if (onEdits !== undefined && Object.keys(cures).length > 0) {
      onEdits(stack.name, cures);
      edited = applyEdits(edited, cures).objects;
      ({ crds, problems } = await look(edited));
    }
    for (const line of refuseProblems([...own.problems, ...problems], this.name)) onNote(line);
    const first = edited[0]?.release ?? 0;
    const definitions = crds.map(
      (object): RenderedObject => ({
        object,
        defaultNamespace: stack.namespace,
        source: 'hwctl',
        release: first,
      }),
    );
    return [...definitions, ...edited];
  }

  #inputOf({ releases, images, addons }: ProjectStack, objects: readonly RenderedObject[]): CheckedInput {
    const entries = objects.map(({ object }) => ({ object, stacks: [], part: 'application' as const }));
    return {
      objects,
      built: images.map(({ image }) => image),
      releases: releases.map((release) => ({
        kind: release.kind,
        where: release.kind === 'chart' ? release.release : release.path,
        ...(release.kind === 'chart' && {
          chart: release.chart,
          ...(release.repository !== undefined && { repository: release.repository }),
          ...(release.version !== undefined && { version: release.version }),
        }),
      })),
      addons: [...new Set([...addons, ...this.addons(entries)])],
    };
  }
}

/** Fields that only an API server writes; an object that was exported has them, and could not be applied with them. */
const serverFields = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
];

function asWritten(rendered: RenderedObject): RenderedObject {
  const { status: _, ...object } = rendered.object;
  if (!('status' in rendered.object) && serverFields.every((field) => !(field in object.metadata))) return rendered;
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([field]) => !serverFields.includes(field)),
  ) as KubeObject['metadata'];
  return { ...rendered, object: { ...object, metadata } as KubeObject };
}

/** What a chart makes anew each time it is rendered, a password, stays as it is live. */
async function withLiveValues(
  objects: readonly RenderedObject[],
  cluster: ClusterFacts | undefined,
): Promise<RenderedObject[]> {
  const varying = objects.filter((one) => (one.varying ?? []).length > 0);
  if (cluster === undefined || varying.length === 0) return [...objects];
  const live = await cluster.find(
    varying.map(({ object: { apiVersion, kind, metadata } }) => ({
      apiVersion,
      kind,
      namespace: metadata.namespace,
      name: metadata.name,
    })),
  );
  return objects.map((one) => {
    const now = live[varying.indexOf(one)];
    return now === undefined ? one : { ...one, object: keepLive(one.object, one.varying ?? [], now) };
  });
}

/** Objects of a stack, each with its wave. */
function inWaves(objects: readonly RenderedObject[], stack: string): StackObject[] {
  return wavesOf(objects).flatMap((wave, index) =>
    wave.objects.map(
      ({ object }): StackObject => ({
        object: object as KubeObject,
        stacks: [stack],
        part: 'application',
        wave: { index, isAwaited: wave.wait === 'complete', settlesBefore: wave.settleBefore },
      }),
    ),
  );
}
