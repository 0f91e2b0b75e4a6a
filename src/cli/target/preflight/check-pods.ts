import { didYouMean } from '../../kernel/nearest.js';
import { isBuiltIn } from './built-in-kinds.js';
import { addSelector } from './convert-object.js';
import { at, fieldsOf, isMap, labelsOf, mapsOf, type Path, placedMaps, put, textOf } from './fields.js';
import { quantityOf } from './quantity.js';
import { type Check, type Finding, isSelected, type PodView } from './scene.js';

const selecting = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);
const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;

/** Pods and their workloads as the API server's validation sees them: selectors, restart policies, mounts, ports, probes. */
export const checkPods: Check = (scene, add) => {
  for (const pod of scene.pods) {
    if (isBuiltIn(pod.on.object)) {
      if (selecting.has(pod.on.object.kind)) checkSelector(pod, add);
      checkRestart(pod, add);
    }
    checkNames(pod, add);
    checkMounts(pod, add);
    for (const { path, container } of pod.containers) {
      checkProbes(pod, path, container, add);
      checkAmounts(pod, path, container, add);
    }
  }
};

type Add = (finding: Finding) => void;

function checkSelector({ on, path, labels }: PodView, add: Add): void {
  const selector = fieldsOf(at(on.object, 'spec', 'selector'));
  const wanted = labelsOf(selector.matchLabels);
  if (Object.keys(selector).length === 0) {
    add({
      code: 'no-selector',
      stops: true,
      on,
      path: ['spec'],
      cause: 'it has no selector, which is what tells its pods from others',
      cure: 'Give spec.selector.matchLabels the labels of its template',
      fix: addSelector,
    });
    return;
  }
  if (isSelected(selector, labels)) return;
  const missing = Object.entries(wanted).filter(([key, value]) => labels[key] !== value);
  const words = missing.map(
    ([key, value]) => `${key}=${value}${labels[key] === undefined ? '' : ` (the template has ${labels[key]})`}`,
  );
  const isCurable = isSelected(selector, { ...labels, ...wanted });
  add({
    code: 'selector-mismatch',
    stops: true,
    on,
    path: ['spec', 'selector'],
    cause: `its selector asks for labels that its template does not have: ${words.join(', ') || 'by matchExpressions'}`,
    cure: 'Give the template the labels of the selector',
    ...(isCurable && {
      fix: (copy) => {
        for (const [key, value] of missing) put(copy, [...path, 'metadata', 'labels', key], value);
      },
    }),
  });
}

/** What each kind does when a container ends: a Job may not start it for ever, the others must. */
function checkRestart({ on, path, spec }: PodView, add: Add): void {
  const { kind } = on.object;
  if (kind === 'Pod') return;
  const isJob = kind === 'Job' || kind === 'CronJob';
  const policy = textOf(spec.restartPolicy) ?? 'Always';
  if (isJob ? policy !== 'Always' : policy === 'Always' || !selecting.has(kind)) return;
  const here = [...path, 'spec', 'restartPolicy'];
  const better = isJob ? 'OnFailure' : 'Always';
  add({
    code: 'restart-policy',
    stops: true,
    on,
    path: here,
    cause: isJob
      ? `a ${kind} needs restartPolicy OnFailure or Never${spec.restartPolicy === undefined ? ', and has none' : `, and has ${policy}`}`
      : `a ${kind} takes restartPolicy Always alone, and has ${policy}`,
    cure: `Write restartPolicy: ${better}`,
    fix: (copy) => put(copy, here, better),
  });
}

function checkNames({ on, path, spec, containers }: PodView, add: Add): void {
  const twin = (what: string, name: string, here: Path) =>
    add({
      code: 'twin-name',
      stops: true,
      on,
      path: here,
      cause: `two ${what} of the pod are named ${JSON.stringify(name)}`,
      cure: 'Give one of them another name',
    });
  if (mapsOf(spec.containers).length === 0)
    add({
      code: 'no-containers',
      stops: true,
      on,
      path: [...path, 'spec'],
      cause: 'the pod has no container',
      cure: 'Write one under containers',
    });
  const inits = new Set(mapsOf(spec.initContainers).map(({ name }) => name));
  for (const { path: here, container, isInit } of containers) {
    if (!isInit && inits.has(container.name)) twin('containers', String(container.name), here);
    const ports = placedMaps(container.ports).filter(([, { name }]) => textOf(name) !== undefined);
    for (const [i, { name }] of ports) {
      if (ports.some(([other, port]) => other < i && port.name === name))
        twin('ports', String(name), [...here, 'ports', i]);
    }
  }
  const volumes = placedMaps(spec.volumes);
  for (const [i, { name }] of volumes) {
    const here = [...path, 'spec', 'volumes', i];
    if (volumes.some(([other, volume]) => other < i && volume.name === name)) twin('volumes', String(name), here);
  }
}

function checkMounts({ on, path, spec, containers }: PodView, add: Add): void {
  const claims = mapsOf(at(on.object, 'spec', 'volumeClaimTemplates')).map((claim) =>
    textOf(at(claim, 'metadata', 'name')),
  );
  const mountable = [...mapsOf(spec.volumes).map(({ name }) => textOf(name)), ...claims].filter(
    (name) => name !== undefined,
  );
  for (const { path: here, container } of containers) {
    for (const [i, mount] of placedMaps(container.volumeMounts)) {
      const name = textOf(mount.name);
      if (name === undefined || mountable.includes(name)) continue;
      add({
        code: 'no-volume',
        stops: true,
        on,
        path: [...here, 'volumeMounts', i],
        cause: `container ${String(container.name)} mounts the volume ${JSON.stringify(name)}, which the pod does not have${didYouMean(name, mountable)}`,
        cure:
          mountable.length === 0
            ? `Write the volume under ${[...path, 'spec', 'volumes'].join('.')}`
            : `It has: ${mountable.join(', ')}`,
      });
    }
  }
}

/** Ports of a container by name and by number. */
function portsOf(container: Record<string, unknown>): { names: string[]; numbers: number[] } {
  const ports = mapsOf(container.ports);
  return {
    names: ports.flatMap(({ name }) => textOf(name) ?? []),
    numbers: ports.flatMap(({ containerPort }) => (typeof containerPort === 'number' ? [containerPort] : [])),
  };
}

function checkProbes({ on }: PodView, path: Path, container: Record<string, unknown>, add: Add): void {
  const { names, numbers } = portsOf(container);
  const asked = probes.map(
    (kind) => at(container, kind, 'httpGet', 'port') ?? at(container, kind, 'tcpSocket', 'port'),
  );
  const isOneAsked =
    numbers.length !== 1 || asked.some((port) => port !== undefined && (port === numbers[0] || port === names[0]));
  for (const kind of probes) {
    const probe = container[kind];
    if (!isMap(probe)) continue;
    const here = [...path, kind];
    const ways = ['httpGet', 'tcpSocket', 'exec', 'grpc'].filter((way) => isMap(probe[way]));
    if (ways.length !== 1) {
      const cause = ways.length === 0 ? `${kind} says nothing to try` : `${kind} says ${ways.join(' and ')}`;
      add({
        code: 'bad-probe',
        stops: true,
        on,
        path: here,
        cause: `${cause}: a probe is one of httpGet, tcpSocket, exec and grpc`,
        cure: 'Write one of them',
      });
    }
    const port = at(probe, 'httpGet', 'port') ?? at(probe, 'tcpSocket', 'port');
    const isNumber = typeof port === 'number' || /^\d+$/.test(String(port));
    // What is not declared may be listened to all the same: a slip is where nothing asks the one port that is.
    const isFine = isNumber ? isOneAsked || numbers[0] === Number(port) : names.includes(String(port));
    if (port === undefined || isFine) continue;
    const has = [...names, ...numbers].join(', ') || 'none';
    add({
      code: 'probe-port',
      // A port that is not declared may be listened to all the same; a name that no port has is never found.
      stops: !isNumber,
      on,
      path: here,
      cause: `${kind} of container ${String(container.name)} asks port ${String(port)}, which it does not declare${isNumber ? '' : didYouMean(String(port), names)}`,
      cure: `It declares: ${has}`,
      ...(!isNumber && numbers.length === 1 && { fix: portFix(here, probe, numbers[0] as number) }),
    });
  }
}

function portFix(here: Path, probe: Record<string, unknown>, port: number) {
  const way = isMap(probe.httpGet) ? 'httpGet' : 'tcpSocket';
  return (copy: unknown) => put(copy, [...here, way, 'port'], port);
}

/** Requests may not be beyond limits; the API server refuses that. */
function checkAmounts({ on }: PodView, path: Path, container: Record<string, unknown>, add: Add): void {
  const resources = fieldsOf(container.resources);
  for (const [resource, request] of Object.entries(fieldsOf(resources.requests))) {
    const limit = fieldsOf(resources.limits)[resource];
    const [asked, most] = [quantityOf(request), quantityOf(limit)];
    if (asked === undefined || most === undefined || asked <= most) continue;
    const here = [...path, 'resources', 'limits', resource];
    add({
      code: 'request-over-limit',
      stops: true,
      on,
      path: here,
      cause: `container ${String(container.name)} asks for ${String(request)} ${resource}, beyond its limit of ${String(limit)}`,
      cure: `Raise the limit to ${String(request)}`,
      fix: (copy) => put(copy, here, request),
    });
  }
}
