/** A histogram in JSON: sparse counts by bucket index, so that two runs can be merged and compared exactly. */
export interface EncodedHistogram {
  /** `log-linear/3/us`: HDR's buckets with three significant digits, in microseconds. */
  layout: 'log-linear/3/us';
  count: number;
  /** Microseconds, exact. */
  min: number;
  max: number;
  sum: number;
  sumOfSquares: number;
  /** Bucket index, count, bucket index, count, ... ascending, where the index is written as the step from the one before. */
  buckets: number[];
}
