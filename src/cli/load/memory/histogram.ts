/** Milliseconds, three significant digits. All zero where nothing was recorded (`count` says so). */
export interface LatencySummary {
  count: number;
  min: number;
  p50: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
  mean: number;
  stdev: number;
}

/**
 * HDR's log-linear buckets (github.com/HdrHistogram/HdrHistogram) for three significant digits, 1 us .. 1 h: values below
 * 2048 us have a bucket each, every further octave is cut into 1024. Fixed memory (94 KB), an error of at most 0.1 %,
 * exactly mergeable by adding counts, and it may live in shared memory with one writer.
 */
export const maxRecordableUs = 3_600_000_000;
const subBuckets = 2048;
const half = subBuckets / 2;
const bucketCount = bucketIndex(maxRecordableUs) + 1;
const statCount = 5;

/** Bytes one histogram takes in a buffer; a multiple of 8. */
export const histogramBytes = statCount * 8 + Math.ceil((bucketCount * 4) / 8) * 8;

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

/** Index of the bucket of a value in microseconds (an integer 0 .. maxRecordableUs). */
export function bucketIndex(us: number): number {
  if (us < subBuckets) return us;
  const octave = 21 - Math.clz32(us);
  return (octave << 10) + (us >>> octave);
}

/** Lowest value in microseconds that falls into a bucket, and how many values share it. */
export function bucketRange(index: number): { fromUs: number; widthUs: number } {
  if (index < subBuckets) return { fromUs: index, widthUs: 1 };
  const octave = (index >> 10) - 1;
  return { fromUs: (half + (index & (half - 1))) * 2 ** octave, widthUs: 2 ** octave };
}

/** Counts of latencies in microseconds. Values outside 0 .. 1 h are counted at the nearer end. */
export class Histogram {
  readonly counts: Uint32Array;
  /** count, min, max, sum, sum of squares: exact, of the recorded microseconds. */
  private readonly stats: Float64Array;

  /** Takes `histogramBytes` of `buffer` at `offset` (a multiple of 8; zeroed: empty), or memory of its own. */
  constructor(buffer: ArrayBufferLike = new ArrayBuffer(histogramBytes), offset = 0) {
    this.stats = new Float64Array(buffer, offset, statCount);
    this.counts = new Uint32Array(buffer, offset + statCount * 8, bucketCount);
  }

  /** Counts one value; about 5 ns, no allocation. */
  record(us: number): void {
    const value = Math.min(Math.max(us, 0), maxRecordableUs);
    const stats = this.stats;
    const whole = value >>> 0;
    const octave = whole < subBuckets ? 0 : 21 - Math.clz32(whole);
    this.counts[octave === 0 ? whole : (octave << 10) + (whole >>> octave)]!++;
    const before = stats[0]!;
    stats[0] = before + 1;
    if (before === 0 || value < stats[1]!) stats[1] = value;
    if (value > stats[2]!) stats[2] = value;
    stats[3]! += value;
    stats[4]! += value * value;
  }

  /** The memory it lies in. */
  get buffer(): ArrayBufferLike {
    return this.stats.buffer;
  }

  get count(): number {
    return this.stats[0]!;
  }

  get maxUs(): number {
    return this.stats[2]!;
  }

  get meanUs(): number {
    return this.count === 0 ? 0 : this.stats[3]! / this.count;
  }

  get stdevUs(): number {
    if (this.count === 0) return 0;
    return Math.sqrt(Math.max(0, this.stats[4]! / this.count - this.meanUs ** 2));
  }

  /** Adds the counts of another; the result is what recording all values here would have given. */
  add(other: Histogram): void {
    const { counts, stats } = other;
    for (let i = 0; i < bucketCount; i++) if (counts[i] !== 0) this.counts[i]! += counts[i]!;
    this.addStats(stats[0]!, stats[1]!, stats[2]!, stats[3]!, stats[4]!);
  }

  /** Becomes a copy of what `later` counted since `earlier` was copied from it. Min and max are those of the buckets. */
  becomeDifference(later: Histogram, earlier: Histogram): void {
    const [a, b, mine] = [later.counts, earlier.counts, this.counts];
    let lowest = -1;
    let highest = -1;
    let count = 0;
    for (let i = 0; i < bucketCount; i++) {
      const more = a[i]! - b[i]!;
      mine[i] = more;
      if (more === 0) continue;
      count += more;
      if (lowest < 0) lowest = i;
      highest = i;
    }
    this.stats[0] = count;
    this.stats[1] = lowest < 0 ? 0 : bucketRange(lowest).fromUs;
    this.stats[2] = highest < 0 ? 0 : Math.min(later.maxUs, bucketEndUs(highest));
    this.stats[3] = later.stats[3]! - earlier.stats[3]!;
    this.stats[4] = later.stats[4]! - earlier.stats[4]!;
  }

  /** Becomes a copy of another. */
  copyFrom(other: Histogram): void {
    this.counts.set(other.counts);
    this.stats.set(other.stats);
  }

  /** Forgets everything. */
  reset(): void {
    this.counts.fill(0);
    this.stats.fill(0);
  }

  /** Value in microseconds at a percentile 0 .. 100, as HDR defines it: the highest value equivalent to that sample's, at most the exact maximum. */
  percentileUs(percentile: number): number {
    const wanted = Math.max(1, Math.ceil((percentile / 100) * this.count - 1e-9));
    let seen = 0;
    for (let i = 0; i < bucketCount; i++) {
      seen += this.counts[i]!;
      if (seen >= wanted) return Math.min(bucketEndUs(i), this.maxUs);
    }
    return this.maxUs;
  }

  /** How many values are at most `us`, to within the width of its bucket. */
  countUpTo(us: number): number {
    const last = us < 0 ? -1 : bucketIndex(Math.min(Math.floor(us), maxRecordableUs));
    let seen = 0;
    for (let i = 0; i <= last; i++) seen += this.counts[i]!;
    return seen;
  }

  /** All figures in milliseconds; zeros where nothing was recorded. */
  summary(): LatencySummary {
    const at = (percentile: number) => toMs(this.count === 0 ? 0 : this.percentileUs(percentile));
    return {
      count: this.count,
      min: toMs(this.count === 0 ? 0 : this.stats[1]!),
      p50: at(50),
      p75: at(75),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      p999: at(99.9),
      max: toMs(this.maxUs),
      mean: toMs(this.meanUs),
      stdev: toMs(this.stdevUs),
    };
  }

  /** The histogram as a small JSON value. */
  encode(): EncodedHistogram {
    const buckets: number[] = [];
    let last = 0;
    for (let i = 0; i < bucketCount; i++) {
      if (this.counts[i] === 0) continue;
      buckets.push(i - last, this.counts[i]!);
      last = i;
    }
    const [count, min, max, sum, sumOfSquares] = this.stats as unknown as [number, number, number, number, number];
    return { layout: 'log-linear/3/us', count, min, max, sum, sumOfSquares, buckets };
  }

  /** Reads what `encode` wrote. Throws RangeError on buckets that do not exist or counts that do not add up. */
  static decode(encoded: EncodedHistogram): Histogram {
    const histogram = new Histogram();
    if (encoded.layout !== 'log-linear/3/us') throw new RangeError(`unknown histogram layout ${encoded.layout}`);
    let index = 0;
    let count = 0;
    for (let i = 0; i < encoded.buckets.length; i += 2) {
      index += encoded.buckets[i]!;
      const more = encoded.buckets[i + 1]!;
      if (!(index >= 0 && index < bucketCount && more > 0)) throw new RangeError('a bucket that does not exist');
      histogram.counts[index] = more;
      count += more;
    }
    if (count !== encoded.count) throw new RangeError('the counts of the buckets do not add up');
    histogram.addStats(encoded.count, encoded.min, encoded.max, encoded.sum, encoded.sumOfSquares);
    return histogram;
  }

  private addStats(count: number, min: number, max: number, sum: number, sumOfSquares: number): void {
    if (count === 0) return;
    const stats = this.stats;
    if (stats[0] === 0 || min < stats[1]!) stats[1] = min;
    if (max > stats[2]!) stats[2] = max;
    stats[0]! += count;
    stats[3]! += sum;
    stats[4]! += sumOfSquares;
  }
}

function bucketEndUs(index: number): number {
  const { fromUs, widthUs } = bucketRange(index);
  return fromUs + widthUs - 1;
}

function toMs(us: number): number {
  return Math.round(us) / 1000;
}
