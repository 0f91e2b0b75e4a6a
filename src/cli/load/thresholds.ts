/** A condition on the result in k6's grammar: `p(95)<200`, `error_rate<1%`, `http_req_duration:p(99)<300`. */
export interface Threshold {
  /** As the user wrote it. */
  text: string;
  metric: string;
  aggregation: string;
  operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  /** Milliseconds, a share 0 .. 1, or a plain number, as the metric has it. */
  bound: number;
  /** End the run as soon as this fails. */
  abortOnFail: boolean;
}

export interface ThresholdOutcome {
  text: string;
  passed: boolean;
  /** Undefined where there were no samples: the threshold has then failed. */
  actual: number | undefined;
  /** `p(95) was 213 ms`, `no samples`. */
  message: string;
}
