/** What a probe found. `idempotent`: no case failed; `void`: nothing can be said, `reason` says why. */
export interface ProbeResult {
  verdict: 'idempotent' | 'not-idempotent' | 'void';
  /** Of a void one: why, and what to do. */
  reason: string | undefined;
  cure: string | undefined;
  /** What the key is, in words: `the header X-Request-Id`. */
  key: string;
  /** What is counted, in words: `the items of $.orders`. */
  countedBy: string;
  /** By how much one request alone changes it; 0 where that was not found out. */
  unit: number;
  cases: CaseResult[];
  /** Requests sent, those that read effects included. */
  requests: number;
  durationMs: number;
}

/** The cases, in their order. */
export type CaseName = 'repeat' | 'other-key' | 'at-once' | 'lost-answer' | 'other-body' | 'no-key' | 'kill-between';

/** One way in which a request comes again. `warning`: no effect too many, and something that a client will stumble over. */
export interface CaseResult {
  name: CaseName;
  title: string;
  state: 'passed' | 'warning' | 'failed' | 'left-out';
  /** What was sent; why not, where it was left out. */
  sent: string;
  expected: string;
  happened: string;
  /** What it means for those who use the service; undefined where all is well. */
  why: string | undefined;
  cure: string | undefined;
  /** Change of what is counted; how much it should have been. */
  effects: { expected: number; found: number } | undefined;
  /** What came newly, by its id or value; some of them. */
  added: string[];
  /** How often each answer came. */
  answers: { answer: string; count: number }[];
  durationMs: number;
}
