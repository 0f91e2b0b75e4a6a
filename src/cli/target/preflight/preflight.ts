import type { KubeObject } from '../manifests/kube-object.js';
import { checkFields } from './check-fields.js';
import { checkImages, imagesToAsk } from './check-images.js';
import { checkIngress, checkIngressPaths } from './check-ingress.js';
import { checkLive } from './check-live.js';
import { checkMesh } from './check-mesh.js';
import { checkNames } from './check-names.js';
import { checkPods } from './check-pods.js';
import { checkReferences } from './check-references.js';
import { releaseProblems } from './check-releases.js';
import { checkRoutes } from './check-routes.js';
import { checkScaling } from './check-scaling.js';
import { checkScheduling } from './check-scheduling.js';
import { checkServices } from './check-services.js';
import { checkVersions } from './check-versions.js';
import { checkVolumes } from './check-volumes.js';
import { editRef } from './edit-objects.js';
import { isMap } from './fields.js';
import { askRegistries, type ImageLookup } from './image-registry.js';
import { patchBetween } from './merge-patch.js';
import { type PreflightProblem, placedRef, type SourcedObject } from './problem.js';
import { type Check, type Finding, type PreflightInput, type Scene, sceneOf } from './scene.js';

/** Each stage looks at the objects as the cures of those before leave them: one slip is told once. */
const stages: readonly (readonly Check[])[] = [
  [checkVersions],
  [checkFields],
  [
    checkNames,
    checkPods,
    checkImages,
    checkReferences,
    checkRoutes,
    checkIngressPaths,
    checkIngress,
    checkServices,
    checkVolumes,
    checkScheduling,
    checkScaling,
    checkMesh,
    checkLive,
  ],
];

/**
 * All that will not work of what is to be applied, at once, each with cause, place and cure, and the edit that cures it where one
 * does. Pure. What stops comes first, each in the order of the objects. Together the edits (`editsOf`) leave none of the
 * problems that carry one.
 */
export function preflight(input: PreflightInput): PreflightProblem[] {
  const { findings, origins } = lookAt(input);
  const problems = [...releaseProblems(input.releases), ...problemsOf(findings, origins)];
  return [...problems.filter(({ stops }) => stops), ...problems.filter(({ stops }) => !stops)];
}

/** As `preflight`, once the registries of the images were asked for them (`registryLookup`). */
export async function preflightAsking(input: PreflightInput, lookup: ImageLookup): Promise<PreflightProblem[]> {
  return preflight({ ...input, images: await askRegistries(imagesOf(input), lookup) });
}

/** The images that a registry has to be asked for before: `askRegistries` answers for `images` of the input. */
export function imagesOf(input: PreflightInput): string[] {
  return imagesToAsk(lookAt(input).scene);
}

/** What has to be looked up in the cluster before, each once: the same preflight tells, with a cluster that notes what it is asked. */
export function lookupsOf(
  input: PreflightInput,
): { apiVersion: string; kind: string; namespace: string | undefined; name: string }[] {
  const { cluster } = input;
  if (cluster === undefined) return [];
  const asked = new Map<string, ReturnType<typeof lookupsOf>[number]>();
  lookAt({
    ...input,
    cluster: {
      ...cluster,
      lookup(apiVersion, kind, namespace, name) {
        asked.set(`${apiVersion}/${kind}/${namespace}/${name}`, { apiVersion, kind, namespace, name });
        return 'unknown';
      },
    },
  });
  return [...asked.values()];
}

/** A finding on the object as it came, with the one before the fix: several fixes of one object follow each other. */
type Placed = Finding & { origin: SourcedObject };

function lookAt(input: PreflightInput): { findings: Placed[]; scene: Scene; origins: SourcedObject[] } {
  const placed = input.objects.filter(isNamedKind).map(withMetadata);
  const origins = new Map(placed.map((on) => [on, on]));
  let objects = placed;
  const findings: Placed[] = [];
  let scene = sceneOf(input, objects);
  for (const [i, checks] of stages.entries()) {
    const found: Placed[] = [];
    for (const check of checks)
      check(scene, (finding) => found.push({ ...finding, origin: origins.get(finding.on) ?? finding.on }));
    findings.push(...found);
    if (i === stages.length - 1 || found.every(({ fix }) => fix === undefined)) continue;
    objects = objects.flatMap((on) => {
      const fixed = fixedBy(
        on.object,
        found.filter((finding) => finding.on === on),
      );
      if (fixed === undefined) return [];
      const copy = { ...on, object: fixed };
      origins.set(copy, origins.get(on) ?? on);
      return [copy];
    });
    scene = sceneOf(input, objects);
  }
  return { findings, scene, origins: placed };
}

/** Who has no kind or version is no object: whoever read it has told so. */
function isNamedKind({ object }: SourcedObject): boolean {
  return typeof object.kind === 'string' && typeof object.apiVersion === 'string';
}

/** Every check may rely on metadata, whatever stands there. */
function withMetadata(on: SourcedObject): SourcedObject {
  return isMap(on.object.metadata) ? on : { ...on, object: { ...on.object, metadata: {} as KubeObject['metadata'] } };
}

/** The object as the fixes leave it; undefined where one leaves it out. */
function fixedBy(object: KubeObject, findings: readonly Finding[]): KubeObject | undefined {
  const fixes = findings.flatMap(({ fix }) => fix ?? []);
  if (fixes.length === 0) return object;
  const copy = structuredClone(object);
  for (const fix of fixes) {
    if (fix === 'drop') return undefined;
    fix(copy);
  }
  return copy;
}

/** Problems in the order of their objects, each told once; edits are the steps from one fix to the next. */
function problemsOf(findings: readonly Placed[], all: readonly SourcedObject[]): PreflightProblem[] {
  const order = new Map(all.map((on, i) => [on, i]));
  const sorted = [...findings].sort((a, b) => (order.get(a.origin) ?? 0) - (order.get(b.origin) ?? 0));
  const now = new Map<SourcedObject, KubeObject>();
  const told = new Set<string>();
  return sorted.flatMap(({ origin, code, stops, path, cause, cure, fix, addon, nothingToDo }): PreflightProblem[] => {
    const ref = placedRef(origin.object);
    const id = `${code} ${ref} ${cause}`;
    const before = now.get(origin) ?? origin.object;
    let patch: unknown;
    if (fix === 'drop') patch = null;
    else if (fix !== undefined) {
      const after = structuredClone(before);
      fix(after);
      now.set(origin, after);
      patch = patchBetween(before, after);
    }
    if (told.has(id) && patch === undefined) return [];
    told.add(id);
    const source = path !== undefined && origin.placeOf !== undefined ? origin.placeOf(path) : origin.source;
    const edit = patch === undefined ? undefined : { ref: editRef(origin.object, all), patch };
    return [
      {
        code,
        stops,
        ref,
        source,
        cause,
        cure,
        ...(edit && { edit }),
        ...(addon && { addon }),
        ...(nothingToDo && { nothingToDo }),
      },
    ];
  });
}
