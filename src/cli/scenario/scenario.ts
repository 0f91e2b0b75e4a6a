import type { Position } from '../document/problem.js';
import type { Uploads } from './send/upload.js';

/** Milliseconds for one exchange where the scenario says nothing. */
export const usualTimeoutMs = 30_000;

/** A scenario as parsed: data only, every template still unexpanded. */
export interface Scenario {
  name: string;
  /** Path of the file, as the user gave it or under the package. */
  file: string;
  /** The line that says why it exists. */
  why: string | undefined;
  /** Folder under manifests/ whose platform it tests. */
  stack: string | undefined;
  /** Logical host that reports show and that the Host header carries when the platform is reached otherwise. */
  host: string | undefined;
  /** Base URL, for scenarios about servers that are not ours. */
  url: string | undefined;
  tags: string[];
  variables: Record<string, unknown>;
  /** Names of variables and captures whose values no report may show. */
  secrets: string[];
  headers: Record<string, HeaderValue>;
  auth: Auth | undefined;
  cookies: boolean;
  redirects: boolean;
  /** Milliseconds for one exchange. */
  timeoutMs: number;
  /** Rows of the data file or inline data; empty without. */
  data: Record<string, unknown>[];
  /** Whether the rows come from a file: then they are taken as they are, without templates. */
  dataIsText?: boolean;
  setup: Step[];
  steps: Step[];
  teardown: Step[];
  /** Every template of the file, for the check of names before anything runs. */
  templates: TemplateUse[];
  /** Which files requests may send, where the command line says so. */
  uploads?: Omit<Uploads, 'folder'>;
}

export interface TemplateUse {
  text: string;
  at: Position;
}

export type HeaderValue = string | string[];

export type Step = RequestStep | FolderStep | ParallelStep | FaultStep | WaitStep;

interface StepBase {
  name: string;
  at: Position;
  /** The reason, or true. */
  skip: string | boolean;
  only: boolean;
  tags: string[];
}

export interface RequestStep extends StepBase {
  kind: 'request';
  request: RequestTemplate;
  /** Variables set before the request is built: newman's prerequest script. */
  set: Record<string, unknown>;
  check: Check[];
  capture: Record<string, Source>;
  log: LogItem[][];
  until: Until | undefined;
  /** Times the step is tried again while a check fails. */
  retry: number;
  /** Times the step is done, one after the other. */
  repeat: number;
}

interface FolderStep extends StepBase {
  kind: 'folder';
  steps: Step[];
}

/** Requests released together and judged as a set. */
export interface ParallelStep extends StepBase {
  kind: 'parallel';
  members: ParallelMember[];
  /** Variables set before the requests are built. */
  set: Record<string, unknown>;
  check: SetCheck[];
  capture: Record<string, Source & { where: Condition | undefined }>;
}

export type ParallelMember = (
  | { kind: 'request'; request: RequestTemplate; times: number }
  | { kind: 'fault'; fault: FaultSpec }
) & {
  /** Milliseconds after the release. */
  delayMs: number;
  at: Position;
};

export interface FaultStep extends StepBase {
  kind: 'fault';
  fault: FaultSpec;
}

export interface FaultSpec {
  kind: 'kill' | 'stop' | 'continue' | 'restart';
  service: string;
}

interface WaitStep extends StepBase {
  kind: 'wait';
  waitMs: number;
}

export interface RequestTemplate {
  at: Position;
  method: string;
  /** A path on the endpoint, or an absolute URL. */
  path: string;
  query: Record<string, unknown>;
  headers: Record<string, HeaderValue>;
  body: Body | undefined;
  auth: Auth | undefined;
  /** Name of the cookie jar; steps with different names are different users. */
  as: string;
  cookies: boolean | undefined;
  redirects: boolean | undefined;
  timeoutMs: number | undefined;
  /** What of the exchange is lost on purpose. */
  lose: Loss | undefined;
}

/** `request`: cut in the middle of the body; `connection`: closed once sent; `response`: the server's answer never arrives. */
type Loss = 'request' | 'connection' | 'response';

export type Body =
  | { kind: 'json'; value: unknown }
  | { kind: 'text'; value: string }
  | { kind: 'form'; fields: Record<string, unknown> }
  | { kind: 'multipart'; fields: Record<string, string | { file: string; type?: string }> }
  | { kind: 'file'; path: string }
  | { kind: 'graphql'; query: string; variables: unknown };

export type Auth =
  | { kind: 'none' }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'bearer'; token: string }
  | { kind: 'oauth2'; tokenUrl: string; clientId: string; clientSecret: string; scope: string | undefined };

/** Where a value is taken from in a response. */
export type Source =
  | { kind: 'json'; path: string }
  | { kind: 'header'; name: string }
  | { kind: 'cookie'; name: string }
  | { kind: 'regex'; pattern: string }
  | { kind: 'status' }
  | { kind: 'text' };

export type LogItem = { kind: 'literal'; value: string } | { kind: 'source'; source: Source };

export interface Until {
  withinMs: number;
  everyMs: number;
  condition: Condition;
}

/** A named assertion about one exchange. */
export interface Check {
  name: string;
  at: Position;
  skip: string | boolean;
  condition: Condition;
}

/** All that is given must hold. */
export interface Condition extends ConditionFields {
  at: Position;
  any?: Condition[];
  all?: Condition[];
  not?: Condition;
}

/** What a condition can look at; each is an entry in the tables of expect-grammar.ts, condition.ts and script-js.ts. */
export interface ConditionFields {
  status?: Expectation;
  header?: Record<string, Expectation>;
  cookie?: Record<string, Expectation>;
  json?: Record<string, Expectation>;
  regex?: Record<string, Expectation>;
  text?: Expectation;
  /** Length of the body in bytes. */
  bytes?: Expectation;
  /** Milliseconds. */
  time?: Expectation;
  /** JSON Schema for the body. */
  schema?: unknown;
  /** Name of an earlier step whose response body must be the same, byte for byte. */
  sameBodyAs?: string;
  /** true: there must be no response; false: there must be one; a pattern for the error's code or message. */
  error?: boolean | Expectation;
}

/** Operators that must all hold. */
export type Expectation = readonly { op: Operator; value: unknown; at: Position }[];

export type Operator =
  | 'equals'
  | 'not'
  | 'exists'
  | 'type'
  | 'contains'
  | 'excludes'
  | 'startsWith'
  | 'endsWith'
  | 'matches'
  | 'above'
  | 'atLeast'
  | 'below'
  | 'atMost'
  | 'in'
  | 'length'
  | 'each'
  | 'includes'
  | 'unordered'
  | 'class';

/** A named assertion about a set of exchanges. */
export interface SetCheck {
  name: string;
  at: Position;
  skip: string | boolean;
  every?: Condition;
  some?: Condition;
  none?: Condition;
  count?: { where: Condition; is: Expectation };
  distinct?: { of: Source; where: Condition | undefined; is: Expectation };
  sum?: { of: Source; where: Condition | undefined; is: Expectation };
}
