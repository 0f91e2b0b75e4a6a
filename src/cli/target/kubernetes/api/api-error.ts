import { Failure } from '../../../kernel/failure.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import { liveRef } from './live-object.js';

/** What the API server said no to; `reason` is its machine-readable word: `NotFound`, `Forbidden`, `Conflict`, ... */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly causes: { reason?: string; message?: string; field?: string }[] = [],
    /** What its `Retry-After` says, in milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** An answer of the API server that says no. */
export function apiError(status: number, text: string, retryAfter?: string): ApiError {
  const retryAfterMs = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : undefined;
  try {
    const body = JSON.parse(text) as {
      reason?: string;
      message?: string;
      details?: { causes?: { reason?: string; message?: string; field?: string }[] };
    };
    const { reason = String(status), message = text, details } = body;
    return new ApiError(status, reason, message, details?.causes ?? [], retryAfterMs);
  } catch {
    return new ApiError(status, String(status), text.trim().slice(0, 500) || `HTTP status ${status}`, [], retryAfterMs);
  }
}

/** Turns a refused apply into what the user can do about it. */
export function explainApply(error: unknown, object: KubeObject): unknown {
  if (!(error instanceof ApiError)) return error;
  const ref = liveRef(object);
  const base = { cause: error, exitCode: 2 };
  if (error.reason === 'NoKind') {
    return new Failure({
      ...base,
      code: 'no-such-kind',
      message: `${ref} cannot be applied: ${error.message}`,
      hint: 'What brings that kind (an operator, a CustomResourceDefinition) must be installed first, or the object left out',
    });
  }
  if (error.status === 409 && error.causes.some((cause) => cause.reason === 'FieldManagerConflict')) {
    return new Failure({
      ...base,
      code: 'conflict',
      message: `somebody else owns fields of ${ref} that hwctl sets`,
      details: error.causes.map((cause) => `${cause.field}: ${cause.message}`),
      hint: 'Undo that change, or give the fields to hwctl with --force-conflicts',
    });
  }
  if (error.status === 403) {
    const quota = /exceeded quota: .*/.exec(error.message)?.[0];
    return new Failure({
      ...base,
      code: quota === undefined ? 'forbidden' : 'quota-exceeded',
      message: quota === undefined ? `no permission to apply ${ref}: ${error.message}` : `${ref}: ${quota}`,
      hint:
        quota === undefined
          ? 'Ask for that permission, or use a context whose user has it'
          : 'Raise the ResourceQuota of the namespace, or free some of it',
    });
  }
  if (error.status >= 500 && /failed calling webhook/.test(error.message)) {
    const name = /webhook "([^"]+)"/.exec(error.message)?.[1] ?? 'unknown';
    return new Failure({
      ...base,
      code: 'webhook-unavailable',
      message: `the admission webhook ${name} does not answer, so ${ref} cannot be applied: ${error.message}`,
      hint: 'Is the controller behind that webhook running? kubectl get validatingwebhookconfigurations',
    });
  }
  if (error.status === 422 && /field is immutable|updates to .* are forbidden|may not change/i.test(error.message)) {
    return new Failure({
      ...base,
      code: 'immutable',
      message: `${ref} is there already, and what changed of it cannot be changed: ${error.message}`,
      hint: `Delete it, then up again: kubectl delete ${object.kind.toLowerCase()} ${object.metadata.name}${object.metadata.namespace === undefined ? '' : ` -n ${object.metadata.namespace}`}`,
    });
  }
  return new Failure({
    ...base,
    code: 'refused',
    message: `the cluster refuses ${ref}: ${error.message}`,
    hint: 'hwctl render shows the object',
  });
}
