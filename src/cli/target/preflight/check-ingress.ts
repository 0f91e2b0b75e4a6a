import { didYouMean } from '../../kernel/nearest.js';
import { routesOf } from './check-routes.js';
import type { ClusterView } from './cluster-view.js';
import { classAnnotation, moveClass } from './convert-ingress.js';
import { at, fieldsOf, labelsOf, mapsOf, placedMaps, put, textOf, textsOf } from './fields.js';
import { placedRef, type SourcedObject } from './problem.js';
import { type Check, type Finding, isKindOf, namespaceOf, type Scene } from './scene.js';

type Add = (finding: Finding) => void;

const nginxPrefix = 'nginx.ingress.kubernetes.io/';
const nginxController = 'k8s.io/ingress-nginx';

/** Ingresses as their controller sees them: the class, annotations it refuses, routes that two of them claim. */
export const checkIngress: Check = (scene, add) => {
  const claimed = new Map<string, SourcedObject>();
  const hosts = new Set<string>();
  const ingresses = scene.objects.filter(({ object }) => isKindOf(object, 'Ingress'));
  for (const on of ingresses) {
    const chosen = checkClass(scene, on, add);
    if (chosen.isNginx) {
      checkSnippets(scene, on, add);
      checkPaths(on, add);
      checkClaims(on, `${chosen.name ?? ''} `, claimed, add);
    }
    checkTls(scene, on, add);
    checkHosts(on, hosts, add);
  }
};

interface Chosen {
  name: string | undefined;
  isNginx: boolean;
}

/** The class of an Ingress, and whether anything serves it. */
function checkClass(scene: Scene, on: SourcedObject, add: Add): Chosen {
  const field = textOf(at(on.object, 'spec', 'ingressClassName'));
  const noted = textOf(on.object.metadata.annotations?.[classAnnotation]);
  // The same in both is taken.
  if (field !== undefined && noted !== undefined && field !== noted) {
    add({
      code: 'class-twice',
      stops: true,
      on,
      path: ['metadata', 'annotations', classAnnotation],
      cause: `its annotation ${classAnnotation} says ${noted} and its ingressClassName ${field}: the API server refuses two classes`,
      cure: 'Leave the annotation out',
      fix: moveClass,
    });
  }
  const name = field ?? noted;
  const classes = classesOf(scene);
  const isNginx =
    name === undefined
      ? classes.some(({ isDefault, controller }) => isDefault && controller === nginxController)
      : isNginxClass(name, classes);
  if (scene.input.cluster === undefined || (scene.input.unrendered?.length ?? 0) > 0)
    return { name, isNginx: isNginx || name === undefined };
  if (name === undefined) {
    if (!classes.some(({ isDefault }) => isDefault)) add(noDefault(scene.input.cluster, on, classes));
  } else if (!classes.some((one) => one.name === name)) add(noClass(scene.input.cluster, on, name, classes));
  return { name, isNginx };
}

type IngressClass = ClusterView['ingressClasses'][number];

/** Classes of the cluster, of the objects themselves, and of the addons that are enabled before. */
function classesOf({ input, objects }: Scene): IngressClass[] {
  const own = objects
    .filter(({ object }) => object.kind === 'IngressClass')
    .map(({ object }) => ({
      name: object.metadata.name,
      controller: textOf(at(object, 'spec', 'controller')) ?? '',
      isDefault: object.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true',
    }));
  const addon = input.addons?.includes('ingress')
    ? [{ name: 'nginx', controller: nginxController, isDefault: true }]
    : [];
  return [...(input.cluster?.ingressClasses ?? []), ...own, ...addon];
}

function isNginxClass(name: string, classes: readonly IngressClass[]): boolean {
  const known = classes.find((one) => one.name === name);
  return known === undefined ? /nginx/.test(name) : known.controller === nginxController;
}

function noClass(cluster: ClusterView, on: SourcedObject, name: string, classes: readonly IngressClass[]): Finding {
  const better = classes.find(({ isDefault }) => isDefault) ?? (classes.length === 1 ? classes[0] : undefined);
  const found = `nothing serves the Ingress class ${JSON.stringify(name)}`;
  const path =
    on.object.metadata.annotations?.[classAnnotation] === name
      ? ['metadata', 'annotations', classAnnotation]
      : ['spec', 'ingressClassName'];
  if (name === 'nginx' && cluster.provider === 'minikube')
    return {
      code: 'no-ingress-class',
      stops: true,
      on,
      path,
      cause: `${found}: the cluster has no ingress-nginx`,
      cure: 'Enable the addon: addons: [ingress] in hwctl.yaml, or minikube addons enable ingress',
      addon: 'ingress',
    };
  if (better === undefined)
    return {
      code: 'no-ingress-class',
      stops: true,
      on,
      path,
      cause: `${found}: the cluster has ${classes.length === 0 ? 'no Ingress controller' : classes.map((one) => one.name).join(', ')}`,
      cure: installCure(cluster),
    };
  return {
    code: 'no-ingress-class',
    stops: true,
    on,
    path,
    cause: `${found}${didYouMean(
      name,
      classes.map((one) => one.name),
    )}`,
    cure: `Write ingressClassName: ${better.name}, the one that the cluster has`,
    fix: (copy) => {
      moveClass(copy);
      put(copy, ['spec', 'ingressClassName'], better.name);
    },
  };
}

function installCure({ provider }: ClusterView): string {
  return provider === 'minikube'
    ? 'Enable the addon: addons: [ingress] in hwctl.yaml, or minikube addons enable ingress'
    : 'Install an Ingress controller before (ingress-nginx, Traefik), as a release in hwctl.yaml';
}

function noDefault(cluster: ClusterView, on: SourcedObject, classes: readonly IngressClass[]): Finding {
  const base = { code: 'no-ingress-class', stops: true, on, path: ['spec', 'ingressClassName'] };
  const [only] = classes;
  if (only === undefined)
    return {
      ...base,
      cause: 'it names no class, and the cluster has no Ingress controller',
      cure: installCure(cluster),
      ...(cluster.provider === 'minikube' && { addon: 'ingress' }),
    };
  const cause = `it names no class, and none of the cluster is the default one (${classes.map(({ name }) => name).join(', ')})`;
  if (classes.length > 1) return { ...base, cause, cure: 'Write ingressClassName' };
  return {
    ...base,
    cause,
    cure: `Write ingressClassName: ${only.name}`,
    fix: (copy) => put(copy, ['spec', 'ingressClassName'], only.name),
  };
}

/** ingress-nginx refuses snippets since 1.9, unless its own configuration allows them. */
function checkSnippets(scene: Scene, on: SourcedObject, add: Add): void {
  const snippets = Object.keys(on.object.metadata.annotations ?? {}).filter(
    (key) => key.startsWith(nginxPrefix) && /-snippet$/.test(key),
  );
  const live = scene.input.cluster?.lookup('v1', 'ConfigMap', 'ingress-nginx', 'ingress-nginx-controller');
  const settings = scene.objects.filter(({ object }) => object.kind === 'ConfigMap').map(({ object }) => object.data);
  const isAllowed = [...settings, at(live, 'data')].some(
    (data) => labelsOf(data)['allow-snippet-annotations'] === 'true',
  );
  if (snippets.length === 0 || isAllowed) return;
  add({
    code: 'snippet-refused',
    stops: true,
    on,
    path: ['metadata', 'annotations', snippets[0] as string],
    cause: `ingress-nginx refuses ${snippets.map((key) => key.slice(nginxPrefix.length)).join(', ')} unless it is told to allow snippets`,
    cure: 'Set allow-snippet-annotations: "true" and annotations-risk-level: Critical in the ConfigMap of the controller, or do without: auth-url, auth-response-headers, rewrite-target and enable-cors need no snippet',
  });
}

/** A pattern is no prefix: ingress-nginx 1.12 and later refuse it (strict-validate-path-type). */
function checkPaths(on: SourcedObject, add: Add): void {
  const patterns = routesOf(on.object).filter(
    ({ path, pathType }) =>
      (pathType === 'Prefix' || pathType === 'Exact') && path.startsWith('/') && !/^\/[\w\-./~%]*$/.test(path),
  );
  const [first] = patterns;
  if (first === undefined) return;
  const paths = [...new Set(patterns.map(({ path }) => path))];
  const are = paths.length === 1 ? 'is a pattern' : 'are patterns';
  add({
    code: 'pattern-path',
    stops: true,
    on,
    path: [...first.at, 'pathType'],
    cause: `${paths.join(' and ')} ${are}, and pathType is ${first.pathType}: ingress-nginx 1.12 and later refuse that`,
    cure: 'Write pathType: ImplementationSpecific, which takes patterns',
    fix: (copy) => {
      for (const { at: here } of patterns) put(copy, [...here, 'pathType'], 'ImplementationSpecific');
    },
  });
}

/** Two Ingresses that claim one path of one host: the admission webhook of ingress-nginx refuses the second. */
function checkClaims(on: SourcedObject, scope: string, claimed: Map<string, SourcedObject>, add: Add): void {
  if (on.object.metadata.annotations?.[`${nginxPrefix}canary`] === 'true') return;
  for (const { host, path, at: here } of routesOf(on.object)) {
    const id = `${scope}${host}${path}`;
    const first = claimed.get(id);
    if (first === undefined) claimed.set(id, on);
    else if (first.object !== on.object) {
      add({
        code: 'twin-route',
        stops: true,
        on,
        path: here,
        cause: `${host}${path} is a route of ${placedRef(first.object)} (${first.source}) already: ingress-nginx refuses the second`,
        cure: 'Give one of them another path or host, or leave one of the two out',
      });
    }
  }
}

/** Without its certificate a host is served with the controller's own, which no client trusts. */
function checkTls(scene: Scene, on: SourcedObject, add: Add): void {
  const namespace = namespaceOf(on.object);
  const notes = Object.keys(on.object.metadata.annotations ?? {});
  const isMade = notes.some((key) => key.startsWith('cert-manager.io/') || key === 'kubernetes.io/tls-acme');
  for (const [i, tls] of placedMaps(at(on.object, 'spec', 'tls'))) {
    const name = textOf(tls.secretName);
    if (name === undefined || isMade || scene.presence('Secret', namespace, name) !== 'absent') continue;
    const host = textsOf(tls.hosts)[0] ?? 'HOST';
    add({
      code: 'no-tls-secret',
      stops: false,
      on,
      path: ['spec', 'tls', i, 'secretName'],
      cause: `there is no Secret ${JSON.stringify(name)} in the namespace ${namespace}: ${host} is served with a certificate that no client trusts`,
      cure: `Make it (kubectl -n ${namespace} create secret tls ${name} --cert=FILE --key=FILE), or leave tls out`,
    });
  }
  const login = textOf(on.object.metadata.annotations?.[`${nginxPrefix}auth-secret`]);
  if (login === undefined) return;
  const [name = '', own] = login.split('/').reverse();
  if (scene.presence('Secret', own ?? namespace, name) !== 'absent') return;
  add({
    code: 'no-secret',
    stops: true,
    on,
    path: ['metadata', 'annotations', `${nginxPrefix}auth-secret`],
    cause: `there is no Secret ${JSON.stringify(name)} in the namespace ${own ?? namespace}, which holds the passwords of this Ingress: it answers 503`,
    cure: `Make it before: kubectl -n ${own ?? namespace} create secret generic ${name} --from-file=auth`,
  });
}

/** Endings that are nobody's in the DNS, and that people do not take for a name of it. */
const reserved = /(^|\.)(local|localhost|test|example|invalid|internal|lan|home\.arpa|svc|nip\.io|sslip\.io)$/;
/** Endings of the DNS that people use: any of two letters, and the common longer ones. */
const inUse =
  /\.([a-z]{2}|com|net|org|info|biz|name|pro|edu|gov|mil|dev|app|cloud|online|site|store|shop|tech|xyz|page|website|space|live|blog|club|group|team|company|digital|solutions|systems|services|agency|academy|school|education|university|health|care|finance|software|network|studio|design|media|news|world|today|life|host|ru|moscow|travel|jobs|museum|aero|mobi|asia|tel|cat|arpa|io|ai|me|tv|co|eu)$/;

const hostPattern = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A name that no DNS has is no trouble: told once, for who wants to see it in a browser. */
function checkHosts(on: SourcedObject, hosts: Set<string>, add: Add): void {
  for (const [r, rule] of placedMaps(at(on.object, 'spec', 'rules'))) {
    const host = textOf(rule.host);
    if (host === undefined || hosts.has(host) || !hostPattern.test(host)) continue;
    if (reserved.test(host) || inUse.test(host)) continue;
    hosts.add(host);
    add({
      code: 'host-not-in-dns',
      stops: false,
      nothingToDo: true,
      on,
      path: ['spec', 'rules', r, 'host'],
      cause: `no DNS has the name ${host}`,
      cure: 'Nothing to do for test and load: hwctl routes it. For a browser: a line in /etc/hosts, or hwctl open',
    });
  }
}

/** Paths of an Ingress that the API server refuses: each must be absolute, and in its normal form where it is no pattern. */
export const checkIngressPaths: Check = (scene, add) => {
  for (const on of scene.objects.filter(({ object }) => isKindOf(object, 'Ingress'))) {
    const spec = fieldsOf(on.object.spec);
    if (mapsOf(spec.rules).length === 0 && spec.defaultBackend === undefined)
      add({
        code: 'no-rules',
        stops: true,
        on,
        path: ['spec'],
        cause: 'the Ingress has neither rules nor a default backend',
        cure: 'Write one of them',
      });
    for (const [r, rule] of placedMaps(spec.rules)) {
      const host = textOf(rule.host);
      if (host !== undefined && !hostPattern.test(host)) checkHostName(on, ['spec', 'rules', r, 'host'], host, add);
      for (const [p, { path, pathType }] of placedMaps(at(rule, 'http', 'paths'))) {
        const here = ['spec', 'rules', r, 'http', 'paths', p, 'path'];
        const text = textOf(path);
        const isPlain = pathType === 'Exact' || pathType === 'Prefix';
        if (text === undefined) {
          if (isPlain)
            add({
              code: 'bad-path',
              stops: true,
              on,
              path: here,
              cause: `a path of ${String(pathType)} is missing`,
              cure: 'Write path: /',
              fix: (copy) => put(copy, here, '/'),
            });
        } else if (!text.startsWith('/'))
          add({
            code: 'bad-path',
            stops: true,
            on,
            path: here,
            cause: `the path ${JSON.stringify(text)} is not absolute`,
            cure: `Write path: /${text}`,
            fix: (copy) => put(copy, here, `/${text}`),
          });
        else if (isPlain && /\/\/|\/\.\.?(\/|$)|%2f/i.test(text)) {
          const better = text.replaceAll(/\/{2,}/g, '/');
          add({
            code: 'bad-path',
            stops: true,
            on,
            path: here,
            cause: `the path ${JSON.stringify(text)} is not in its normal form: no //, /./, /../ and %2F`,
            cure: `Write ${better}`,
          });
        }
      }
    }
  }
};

function checkHostName(on: SourcedObject, path: (string | number)[], host: string, add: Add): void {
  const bare = /^(?:https?:\/\/)?([a-z0-9.*-]+?)\.?(?::\d+)?(?:\/.*)?$/i.exec(host)?.[1]?.toLowerCase();
  const isSound = bare !== undefined && bare !== host && /^(\*\.)?[a-z0-9][a-z0-9.-]*$/.test(bare);
  add({
    code: 'bad-host',
    stops: true,
    on,
    path,
    cause: `${JSON.stringify(host)} is no host name: no scheme, port, path or capitals`,
    cure: isSound ? `Write host: ${bare}` : 'Write a DNS name',
    ...(isSound && { fix: (copy) => put(copy, path, bare) }),
  });
}
