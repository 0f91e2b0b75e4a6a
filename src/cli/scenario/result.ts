import type { Position } from '../document/problem.js';

/** Executed and failed, as newman's table counts. */
export interface Counts {
  executed: number;
  failed: number;
}

/** Which step of a run: enough to print it and to run it again. */
export interface StepRef {
  name: string;
  /** Names of the folders around it, outermost first. */
  path: string[];
  section: 'setup' | 'steps' | 'teardown';
  /** From 1. */
  iteration: number;
  at: Position;
}

/** One exchange in a report; texts are masked and cut. */
export interface ExchangeSummary {
  method: string;
  url: string;
  /** How many exchanges this line stands for: the tries of `until`, the copies of a parallel set. 1 else. */
  count: number;
  status: number | undefined;
  reason: string | undefined;
  /** Bytes of headers and body on the wire. */
  bytes: number;
  timeMs: number;
  /** Why there is no response. */
  error: string | undefined;
}

export interface CheckResult {
  name: string;
  at: Position;
  state: 'passed' | 'failed' | 'skipped';
  /** What was found instead, one line a finding; the reason where skipped. */
  messages: string[];
}

/** A failure in full: what the report shows at its end. */
export interface ScenarioFailure {
  /** Numbered over the run, from 1. */
  number: number;
  kind: 'assertion' | 'request' | 'capture' | 'step';
  /** The assertion's name, or what failed. */
  name: string;
  messages: string[];
  step: StepRef;
  /** `file:line` of the assertion. */
  where: string;
  /** Differences of JSON values, path by path. */
  diff: string[];
  /** Request and response as text, masked and cut; empty where none was sent. */
  exchange: string;
  /** The command that runs only this step (with setup and what it needs). */
  rerun: string;
}

export interface StepResult {
  ref: StepRef;
  state: 'passed' | 'failed' | 'skipped';
  /** Passed after a retry. */
  flaky: boolean;
  /** Why it was skipped. */
  reason: string | undefined;
  exchanges: ExchangeSummary[];
  checks: CheckResult[];
  /** Failures that are no assertion: no response, a capture without a value. */
  errors: { message: string; line: number }[];
  durationMs: number;
}

/** A step that has just begun: nothing went wrong yet. */
export function begunStep(ref: StepRef): StepResult {
  return {
    ref,
    state: 'passed',
    flaky: false,
    reason: undefined,
    exchanges: [],
    checks: [],
    errors: [],
    durationMs: 0,
  };
}

export interface ScenarioResult {
  name: string;
  file: string;
  passed: boolean;
  iterations: Counts;
  requests: Counts;
  testScripts: Counts;
  prerequestScripts: Counts;
  assertions: Counts & { skipped: number };
  failures: ScenarioFailure[];
  durationMs: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Bytes of all response bodies. */
  receivedBytes: number;
  /** Milliseconds over all responses; zero where there is none. `sd` is the population's. */
  responseMs: { average: number; min: number; max: number; sd: number };
}

/** What happens in a run, in order. Reporters are functions of these. */
export type ScenarioEvent =
  | { type: 'scenario-start'; name: string; file: string; iterations: number }
  | { type: 'iteration-start'; iteration: number; iterations: number }
  | { type: 'step-start'; step: StepRef }
  | { type: 'request'; step: StepRef; method: string; url: string }
  | { type: 'exchange'; step: StepRef; exchange: ExchangeSummary }
  /** Only asked for by `--debug` and `--har`; texts are masked. */
  | { type: 'traffic'; step: StepRef; traffic: Traffic }
  | { type: 'log'; step: StepRef; values: unknown[] }
  | { type: 'check'; step: StepRef; check: CheckResult; failureNumber: number | undefined }
  | { type: 'error'; step: StepRef; message: string; failureNumber: number }
  | { type: 'note'; step: StepRef; text: string }
  | { type: 'step-end'; step: StepResult }
  | { type: 'scenario-end'; result: ScenarioResult };

/** One exchange whole, masked: for `--debug` and HAR. */
export interface Traffic {
  startedAt: number;
  timeMs: number;
  firstByteMs: number;
  method: string;
  url: string;
  requestHeaders: [string, string][];
  requestBody: string;
  status: number;
  reason: string;
  responseHeaders: [string, string][];
  /** As text; its control characters are as they came. */
  responseBody: string;
  /** The body, where it is no text. */
  responseBase64: string | undefined;
  /** Bytes of the body after decoding; those on the wire are `responseBodyBytes`. */
  responseContentBytes: number;
  responseBodyBytes: number;
  responseHeaderBytes: number;
  error: string | undefined;
}
