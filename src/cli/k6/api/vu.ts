import type { CookieJar } from '../../scenario/send/cookies.js';
import type { Machine } from '../language/machine.js';

/** Where a script sends from, as the figures by step know it. */
export interface Site {
  /** Method of the call where its name says it. */
  method: string | undefined;
  /** What the figures tell apart: the first whose pattern the method and path of a request satisfy. */
  steps: { step: number; pattern: string | undefined }[];
}

/** A scenario of the script's options, as the script itself may ask for it. */
export interface OwnScenario {
  name: string;
  executor: string;
  /** Name of the exported function that an iteration does. */
  exec: string;
  env: Record<string, string>;
  tags: Record<string, string>;
}

/** What all VUs of a thread share. */
export interface Around {
  sites: readonly Site[];
  /** By the value of a request's `name` tag. */
  namedSteps: ReadonlyMap<string, number>;
  env: Readonly<Record<string, string>>;
  /** Texts and bytes (base64) that the script reads, by the path as it says it, from each module. */
  files: Readonly<Record<string, string>>;
  options: RequestOptions;
  check(name: string, passed: boolean): void;
  /** Adds to a metric of the script's own. */
  measure(metric: string, value: number): void;
  /** A metric of the script's own has been made. */
  made(metric: string, kind: 'trend' | 'rate' | 'counter' | 'gauge'): void;
  /** What is made once for all VUs, by name: `SharedArray`. */
  readonly once: Map<string, unknown>;
}

/** Options of a script that change what its requests are. */
export interface RequestOptions {
  userAgent: string;
  discardResponseBodies: boolean;
  maxRedirects: number;
  throws: boolean;
  noCookiesReset: boolean;
}

/** One VU: what of a script is its own. */
export interface Vu extends Machine {
  readonly id: number;
  /** Its own iterations so far; and the whole load's, of which this one is. */
  iteration: number;
  arrival: number;
  scenario: OwnScenario;
  scenarioIteration: number;
  jar: CookieJar;
  readonly around: Around;
  readonly groups: string[];
  /** Why the response that was just judged counts as failed. */
  failure: string | undefined;
  /** Judges a response by its status where the request itself does not say how. */
  expected: ((status: number) => boolean) | undefined;
}
