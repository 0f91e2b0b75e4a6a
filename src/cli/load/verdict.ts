/** Whether a run's numbers can be trusted. VOID exits 3 whatever the thresholds say. */
export interface Verdict {
  state: 'VALID' | 'DEGRADED' | 'VOID';
  /** Empty for VALID; each says what was seen, with its figure, and what it means. */
  reasons: VerdictReason[];
}

export interface VerdictReason {
  /** `start-lag`, `dropped`, `rate`, `event-loop`, `cpu`, `throttled`, `sockets`, `ports`, `files`, `clock`, `gc`. */
  code: string;
  severity: 'DEGRADED' | 'VOID';
  /** `start lag p99 4.2 ms: the generator began requests late; response latencies include it`. */
  message: string;
}
