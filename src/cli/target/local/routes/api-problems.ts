import type { KubeObject } from '../../manifests/kube-object.js';
import { type Fields, fields, list, text } from './object-fields.js';
import { Pcre } from './pcre-match.js';
import { PcreProblem } from './pcre-syntax.js';
import { isHttpRoute } from './read-api-routes.js';
import type { RouteProblem } from './route-problem.js';
import { bytesOf } from './uri-text.js';

const onCluster = 'Try it with --target kube';
const followed = new Set(['RequestHeaderModifier', 'ResponseHeaderModifier', 'URLRewrite', 'RequestRedirect']);

/** What of the HTTPRoute objects the gateway does not follow. */
export function apiProblems(objects: readonly KubeObject[]): RouteProblem[] {
  return objects.filter(isHttpRoute).flatMap((object) => {
    const ref = `HTTPRoute/${object.metadata.name}`;
    return list(fields(object.spec).rules).flatMap((rule, i) =>
      ruleProblems(fields(rule)).map(([field, message, hint]): RouteProblem => {
        return { ref, annotation: `spec.rules[${i}].${field}`, where: 'here', message, hint };
      }),
    );
  });
}

type Told = [field: string, message: string, hint: string];

function ruleProblems(rule: Fields): Told[] {
  const backends = list(rule.backendRefs).map(fields);
  const matches = list(rule.matches).map(fields);
  const regular = matches.flatMap(({ path, headers, queryParams }) =>
    [path, ...list(headers), ...list(queryParams)].flatMap((one) => {
      const { type, value } = fields(one);
      return type === 'RegularExpression' ? [text(value) ?? ''] : [];
    }),
  );
  return [
    ...list(rule.filters).flatMap((filter): Told[] => {
      const type = text(fields(filter).type) ?? 'without a type';
      return followed.has(type) ? [] : [['filters', `a filter ${type} is not followed here`, onCluster]];
    }),
    ...backends.flatMap(({ filters, kind }): Told[] => [
      ...(list(filters).length > 0
        ? [['backendRefs.filters', 'filters of one backend are not followed here', 'Put them on the rule'] as Told]
        : []),
      ...(kind !== undefined && kind !== 'Service'
        ? [['backendRefs.kind', `a backend of kind ${String(kind)} is not followed here`, onCluster] as Told]
        : []),
    ]),
    ...(rule.sessionPersistence === undefined
      ? []
      : [['sessionPersistence', 'requests keep to no backend here', onCluster] as Told]),
    ...(rule.retry === undefined ? [] : [['retry', 'nothing is tried again here', onCluster] as Told]),
    ...regular.flatMap(patternProblem),
  ];
}

function patternProblem(source: string): Told[] {
  try {
    new Pcre(`^(?:${bytesOf(source)})$`);
    return [];
  } catch (error) {
    if (!(error instanceof PcreProblem)) throw error;
    const message = `${JSON.stringify(source)} is no regular expression that is known here (${error.message}): nothing matches it`;
    return [['matches', message, 'Write it with groups, classes and repetitions alone: they match in bounded time']];
  }
}
