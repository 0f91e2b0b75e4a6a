import type { Clock } from '../../kernel/clock.js';
import type { FaultSpec, RequestTemplate } from '../scenario.js';
import type { Courier } from '../send/courier.js';
import type { Mask } from '../tell/mask.js';
import type { Variables } from '../variables/template.js';

/** The variable that holds the key of the request under way, for templates that mention it: `{{key}}`. */
export const keyVariable = 'key';

/** Where a request carries its key. */
export type KeyPlace =
  | { in: 'header'; name: string }
  /** Of a JSON body: the names on the way. */
  | { in: 'field'; path: readonly string[] }
  /** The header If-Match (RFC 9110 section 13.1.1), with the ETag that this GET answers. */
  | { in: 'if-match'; resource: RequestTemplate }
  /** The request says `{{key}}` itself. */
  | { in: 'template' };

/** What is probed, and how hard. */
export interface ProbePlan {
  /** Carries the key already, as `{{key}}`. */
  request: RequestTemplate;
  key: KeyPlace;
  /** A template; another text each time it is expanded. */
  keyTemplate: string;
  /** The same request with another body, where the user says which; else one is made. */
  otherBody: RequestTemplate['body'];
  /** Read before and after: what it shows is what happened. */
  effects: RequestTemplate;
  /** JSONPath of the number, or of the list, that counts. */
  countPath: string | undefined;
  /** Requests at once, 2 or more. */
  duplicates: number;
  /** How often each race is run, 1 or more. */
  rounds: number;
  /** Workload that is killed; undefined leaves that case out, because of `noKill`. */
  kill: string | undefined;
  noKill: string;
  /** Milliseconds without a change until effects count as settled. */
  settleMs: number;
  /** Milliseconds for an answer, and for an effect to be seen. */
  withinMs: number;
  /** Milliseconds for a workload that was killed to be back. */
  backWithinMs: number;
}

/** What a probe works with: the senders and variables of a scenario whose steps have passed. */
export interface ProbeMeans {
  courier: Pick<Courier, 'build' | 'send'>;
  variables: Variables;
  mask: Mask;
  clock: Clock;
  signal: AbortSignal;
  fault?(fault: FaultSpec): Promise<void>;
}
