import type { Machine } from '../../k6/language/machine.js';
import type { PmQueue } from './pm-queue.js';
import type { RequestValue } from './pm-request.js';
import type { CookieValues, ResponseValue } from './pm-response.js';
import type { PostmanVariables } from './pm-variables.js';

/** What all iterations of a thread share. */
export interface PmShared {
  check(name: string, passed: boolean): void;
  /** Whether a body is as a JSON Schema says. */
  schema(schema: unknown, body: unknown): boolean;
}

/** One iteration as its scripts see it. */
export interface PmRun {
  readonly shared: PmShared;
  readonly variables: PostmanVariables;
  readonly queue: PmQueue;
  readonly iteration: number;
  /** The script that is at it: `test` or `prerequest`. */
  event: string;
  item: { name: string; id: string };
  request: RequestValue | undefined;
  response: ResponseValue | undefined;
  cookies: CookieValues | undefined;
  /** `tests[...]` of the script that is at it. */
  tests: Record<string, unknown>;
  /** What `setNextRequest` said: a name or id; null for the end. */
  next: string | null | undefined;
  skipsRequest: boolean;
  /** A check of the step has failed. */
  failed: boolean;
}

/** What a script of a collection is followed by. */
export interface PmMachine extends Machine {
  run: PmRun;
}
