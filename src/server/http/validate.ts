import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { Problem } from './problem.js';
import type { Call, Parameter, Route } from './route.js';

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, multipleOfPrecision: 6 });
const maxReported = 10;
const wholeNumber = /^-?\d{1,17}$/;

/** Checks requests against the schemas that the OpenAPI document shows. Compiled at the first request, not at start. */
export function createValidator(route: Route) {
  let checkBody: ValidateFunction | undefined;
  const parameters = (route.parameters ?? []).map((parameter) => ({ parameter, check: lazily(parameter) }));

  return {
    /** Throws Problem 400 naming everything that is wrong. */
    body(value: unknown): void {
      if (route.body === undefined) return;
      checkBody ??= ajv.compile(route.body);
      if (!checkBody(value)) throw invalid(checkBody.errors ?? [], '');
    },
    parameters(raw: { path: Record<string, unknown>; query: Record<string, unknown> }): Pick<Call, 'params' | 'query'> {
      const params: Call['params'] = {};
      const query: Call['query'] = {};
      for (const { parameter, check } of parameters) {
        const given = raw[parameter.in][parameter.name];
        if (given === undefined && parameter.in === 'query') continue;
        const value = check(given);
        (parameter.in === 'path' ? params : query)[parameter.name] = value;
      }
      return { params, query };
    },
  };
}

function lazily(parameter: Parameter): (given: unknown) => string | number {
  let check: ValidateFunction | undefined;
  return (given) => {
    const value =
      parameter.schema.type === 'integer' && typeof given === 'string' && wholeNumber.test(given)
        ? Number(given)
        : given;
    check ??= ajv.compile(parameter.schema);
    if (!check(value)) throw invalid(check.errors ?? [], `${parameter.in}/${parameter.name}`);
    return value as string | number;
  };
}

function invalid(errors: ErrorObject[], where: string): Problem {
  return new Problem({
    status: 400,
    code: 'invalid-request',
    title: 'The request does not match its schema',
    errors: errors.slice(0, maxReported).map(({ instancePath, message }) => ({
      pointer: where === '' ? `#${instancePath}` : where,
      detail: message ?? 'is wrong',
    })),
  });
}
