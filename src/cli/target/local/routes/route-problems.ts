import { nearest } from '../../../kernel/nearest.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import type { AnnotationProblem } from './annotation-reader.js';
import { apiProblems } from './api-problems.js';
import { nginxPrefix } from './gateway-route.js';
import { type IngressFields, readIngresses, sourceOf } from './ingress-fields.js';
import { readIngressOptions } from './ingress-options.js';
import { notFollowedHere, withoutEffectHere } from './known-annotations.js';
import { Pcre } from './pcre-match.js';
import { PcreProblem } from './pcre-syntax.js';
import type { RouteProblem } from './route-problem.js';
import { readServiceHost } from './service-host.js';
import { bytesOf } from './uri-text.js';

/** The class annotation of before 1.18. */
const classAnnotation = 'kubernetes.io/ingress.class';

/** Annotations that are followed. */
const followed: readonly string[] = [
  'app-root',
  'auth-always-set-cookie',
  'auth-method',
  'auth-proxy-set-headers',
  'auth-request-redirect',
  'auth-response-headers',
  'auth-signin',
  'auth-signin-redirect-param',
  'auth-url',
  'backend-protocol',
  'cors-allow-credentials',
  'cors-allow-headers',
  'cors-allow-methods',
  'cors-allow-origin',
  'cors-expose-headers',
  'cors-max-age',
  'custom-headers',
  'enable-cors',
  'force-ssl-redirect',
  'permanent-redirect',
  'permanent-redirect-code',
  'preserve-trailing-slash',
  'proxy-body-size',
  'proxy-read-timeout',
  'relative-redirects',
  'rewrite-target',
  'server-alias',
  'ssl-redirect',
  'temporal-redirect',
  'temporal-redirect-code',
  'upstream-vhost',
  'use-regex',
  'x-forwarded-prefix',
];
const known = [...followed, ...notFollowedHere.keys(), ...withoutEffectHere];

/** What of the Ingress and HTTPRoute objects would be routed otherwise than it says: all at once, in their order. */
export function routeProblems(objects: readonly KubeObject[]): RouteProblem[] {
  const paths = new Map<string, string>();
  const ofIngresses = readIngresses(objects).flatMap((ingress) => [
    ...annotationProblems(ingress, objects),
    ...pathProblems(ingress, objects),
    ...twiceDefined(ingress, paths),
  ]);
  return [...ofIngresses, ...apiProblems(objects)];
}

function annotationProblems(ingress: IngressFields, objects: readonly KubeObject[]): RouteProblem[] {
  const source = sourceOf(ingress, objects);
  const { problems } = readIngressOptions(source, groupNames(ingress));
  const all: AnnotationProblem[] = [...problems, ...Object.keys(source.annotations).flatMap(unfollowed)];
  all.push(...authProblems(ingress, source.annotations, objects));
  const found = all.map(({ annotation, ...rest }) => ({
    ref: ingress.ref,
    annotation: nginxPrefix + annotation,
    ...rest,
  }));
  return [...classProblems(ingress), ...tlsProblems(ingress, source.annotations), ...unique(found)];
}

function unique(problems: RouteProblem[]): RouteProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.annotation}\n${problem.message}`, problem])).values()];
}

function unfollowed(annotation: string): AnnotationProblem[] {
  if (followed.includes(annotation) || withoutEffectHere.has(annotation)) return [];
  const otherwise = notFollowedHere.get(annotation);
  if (otherwise !== undefined) return [{ annotation, where: 'here', ...otherwise }];
  const near = nearest(annotation, known);
  return [
    {
      annotation,
      where: 'cluster',
      message: 'ingress-nginx has no such annotation: it does nothing',
      hint: near === undefined ? 'Remove it' : `Did you mean ${nginxPrefix}${near}?`,
    },
  ];
}

function groupNames(ingress: IngressFields): string[] {
  return ingress.rules.flatMap(({ paths }) =>
    paths.flatMap(({ path }) => {
      const pattern = patternOf(path);
      return pattern instanceof Pcre ? [...pattern.names.keys()] : [];
    }),
  );
}

function patternOf(path: string): Pcre | PcreProblem {
  try {
    return new Pcre(`^${bytesOf(path)}`);
  } catch (error) {
    if (error instanceof PcreProblem) return error;
    throw error;
  }
}

function classProblems({ ref, annotations }: IngressFields): RouteProblem[] {
  const value = annotations[classAnnotation];
  if (value === undefined) return [];
  const hint = `Write spec.ingressClassName: ${value === '' ? 'nginx' : value} instead`;
  const message =
    value === 'nginx'
      ? 'it is deprecated since Kubernetes 1.18; ingress-nginx reads it still, other controllers do not'
      : `the class ${JSON.stringify(value)} is not ingress-nginx's; the gateway routes it as if it were`;
  return [{ ref, annotation: classAnnotation, where: value === 'nginx' ? 'cluster' : 'here', message, hint }];
}

function tlsProblems({ ref, hasTls }: IngressFields, annotations: Record<string, string>): RouteProblem[] {
  const isForced = annotations['force-ssl-redirect'] === 'true';
  const isRedirected = hasTls && annotations['ssl-redirect'] !== 'false';
  if (!isForced && !isRedirected) return [];
  return [
    {
      ref,
      annotation: isForced ? `${nginxPrefix}force-ssl-redirect` : 'spec.tls',
      where: 'here',
      message: 'requests are answered with 308 to https, as in a cluster, and the gateway serves plain HTTP alone',
      hint: `Set ${nginxPrefix}${isForced ? 'force-' : ''}ssl-redirect: "false" for the local target, or try it with --target kube`,
    },
  ];
}

function authProblems(
  { namespace }: IngressFields,
  annotations: Record<string, string>,
  objects: readonly KubeObject[],
): AnnotationProblem[] {
  const annotation = 'auth-url';
  const [, host = ''] = /^https?:\/\/([^/?#:]+)/i.exec(annotations[annotation]?.trim() ?? '') ?? [];
  // What a variable stands for is known with the request.
  if (host === '' || host.includes('$') || host.includes('..')) return [];
  const service = readServiceHost(host, namespace);
  const isThere =
    service !== undefined &&
    objects.some(
      ({ kind, metadata }) =>
        kind === 'Service' && metadata.name === service.name && (metadata.namespace ?? 'default') === service.namespace,
    );
  const routed = readIngresses(objects).some(({ rules }) => rules.some((rule) => rule.host === host));
  if (!isThere && !routed) {
    const message = `${host} is no Service of the project: requests are answered with 500, the gateway asks nobody outside`;
    return [{ annotation, where: 'here', message, hint: 'Try it with --target kube' }];
  }
  if (!isThere || service.isWhole) return [];
  const whole = `${service.name}.${service.namespace}.svc.cluster.local`;
  const message = `nginx finds no short name of a Service: in a cluster, ${host} is answered with 500; here it is found`;
  return [{ annotation, where: 'cluster', message, hint: `Write ${whole}` }];
}

function pathProblems({ ref, annotations, rules }: IngressFields, objects: readonly KubeObject[]): RouteProblem[] {
  const isRegular = hostsWithRegex(readIngresses(objects));
  const problems: RouteProblem[] = [];
  for (const { host, paths } of rules) {
    for (const { path, pathType } of paths) {
      const annotation = `spec.rules[].http.paths[].path ${path}`;
      if (pathType !== 'ImplementationSpecific' && !/^\/[a-z\d._/-]*$/i.test(path)) {
        const message = `ingress-nginx refuses an Ingress with this path and pathType ${pathType || 'Prefix'} (strict-validate-path-type, from 1.12 on)`;
        problems.push({ ref, annotation, where: 'cluster', message, hint: 'Set pathType: ImplementationSpecific' });
      }
      const isRewritten = (annotations[`${nginxPrefix}rewrite-target`] ?? '') !== '';
      const pattern = isRegular.has(host ?? '') || isRewritten ? patternOf(path) : undefined;
      if (pattern instanceof PcreProblem) {
        const message = `it is no regular expression that is known here (${pattern.message}): nothing matches it`;
        const hint = 'Write it with groups, classes, repetitions and (?!...) alone: they match in bounded time';
        problems.push({ ref, annotation, where: 'here', message, hint });
      }
    }
  }
  return problems;
}

function hostsWithRegex(ingresses: readonly IngressFields[]): Set<string> {
  const asks = (annotations: Record<string, string>) =>
    (annotations[`${nginxPrefix}rewrite-target`] ?? '') !== '' || annotations[`${nginxPrefix}use-regex`] === 'true';
  return new Set(
    ingresses.flatMap(({ annotations, rules }) => (asks(annotations) ? rules.map(({ host }) => host ?? '') : [])),
  );
}

/** ingress-nginx's webhook refuses a second Ingress with one host and path. */
function twiceDefined({ ref, annotations, rules }: IngressFields, seen: Map<string, string>): RouteProblem[] {
  if (annotations[`${nginxPrefix}canary`] === 'true') return [];
  const problems: RouteProblem[] = [];
  for (const { host = '', paths } of rules) {
    for (const { path } of paths) {
      const key = `${host}${path}`;
      const other = seen.get(key);
      if (other === undefined) seen.set(key, ref);
      else if (other !== ref) {
        const message = `${other} has this host and path, too: ingress-nginx refuses the second`;
        problems.push({
          ref,
          annotation: `spec.rules[].http.paths[].path ${path}`,
          where: 'cluster',
          message,
          hint: 'Keep one of them',
        });
      }
    }
  }
  return problems;
}
