import type { Expression } from '../expression.js';

/** How an expression is written in a chart: a value that is always there, or one that may be missing. */
export interface Printed {
  /** Go template that gives the value: `{{ .Values.host | quote }}`. */
  value: string;
  /** Go template that is true where the field is there; undefined where it always is. */
  when?: string;
}

/** Go template of an expression. `by-store` is no value but a choice of text, which `template.ts` prints itself. */
export function printExpression(expression: Exclude<Expression, { kind: 'by-store' }>, chart: string): Printed {
  switch (expression.kind) {
    case 'value': {
      const value = `{{ .Values.${expression.name} | quote }}`;
      // The class alone has no default: the cluster's own is meant.
      return expression.or === undefined ? { value, when: `.Values.${expression.name}` } : { value };
    }
    case 'replicas': {
      const { service, or, atLeast, single } = expression;
      const arguments_ = [
        `"values" .Values "service" ${goString(service)} "atLeast" ${atLeast} "single" ${single}`,
        ...(or === undefined ? [] : [`"default" ${or}`]),
      ].join(' ');
      const call = `include "${chart}.replicas" (dict ${arguments_})`;
      return or === undefined ? { value: `{{ ${call} }}`, when: call } : { value: `{{ ${call} }}` };
    }
    case 'amount': {
      const { service, list, resource, or } = expression;
      const path = [service, list, resource].map(goString).join(' ');
      const dig = `dig ${path} ${goString(or ?? '')} .Values.resources`;
      return { value: `{{ ${dig} | quote }}`, ...(or === undefined ? { when: dig } : {}) };
    }
  }
}

/** Helpers that the printed expressions call. */
export function helpersOf(chart: string): string {
  return `{{/* Replicas of a service: those asked for by its name or for all, else what the manifest says. */}}
{{- define "${chart}.replicas" -}}
{{- $asked := .default -}}
{{- $named := .values.replicas -}}
{{- if and .single (eq .values.store "sqlite") -}}{{- $asked = 1 -}}{{- end -}}
{{- if kindIs "map" $named -}}
{{- if hasKey $named .service -}}{{- $asked = max .atLeast (int (get $named .service)) -}}{{- end -}}
{{- else if not (kindIs "invalid" $named) -}}
{{- $asked = max .atLeast (int $named) -}}
{{- end -}}
{{- if and .single (eq .values.store "sqlite") -}}
{{- if and (kindIs "map" $named) (gt (int $asked) (max 1 .atLeast | int)) -}}
{{- fail (printf "replicas.%s: %d replicas cannot share one SQLite file" .service (int $asked)) -}}
{{- end -}}
{{- $asked = max .atLeast (min 1 (int $asked)) -}}
{{- end -}}
{{- $asked -}}
{{- end -}}

{{/* A generated value of a Secret, in base64: made at the install, kept ever after. */}}
{{- define "${chart}.generated" -}}
{{- $live := lookup "v1" "Secret" .namespace .name -}}
{{- $kept := dig "data" .key "" ($live | default dict) -}}
{{- if $kept -}}{{- $kept -}}{{- else -}}{{- randAlphaNum 32 | b64enc -}}{{- end -}}
{{- end -}}
`;
}

/** A string as Go templates write it. */
export function goString(text: string): string {
  return JSON.stringify(text);
}
