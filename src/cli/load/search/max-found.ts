import type { ArrivalUnit } from '../plan/plan.js';

/** One rate that a search for the highest one tried, with what became of the requests that were due meanwhile. */
export interface RateProbe {
  /** Milliseconds since the run's first arrival was due. */
  atMs: number;
  /** Of arrivals at this rate; what they left under way was awaited afterwards. */
  durationMs: number;
  /** Arrivals per second, in the search's unit. */
  ratePerSecond: number;
  /** A confirmation repeats a rate that held, for longer. */
  kind: 'probe' | 'confirmation';
  /** `not offered`: the generator, not the server, fell short. */
  outcome: 'held' | 'broke' | 'not offered';
  /** What broke, in words; empty where it held. */
  why: string[];
  /** Of the requests that were due in it. */
  scheduled: number;
  dropped: number;
  ok: number;
  failed: number;
  timedOut: number;
  /** Under way when the arrivals ended. */
  inFlightAtEnd: number;
  /** Of response latency; undefined where nothing came in. */
  p50Ms?: number;
  p95Ms?: number;
  p99Ms?: number;
}

/** What `--find-max` found: a rate is named only where a confirmation at it held. */
export interface MaxFound {
  /**
   * found: just above it one broke. bounded: one further above did, and there was no time for what lies between. top: the highest that was to be tried held. generator: what is above was not offered. none:
   * not even the lowest held. not shown: the search ended before it could confirm one.
   */
  state: 'found' | 'bounded' | 'top' | 'generator' | 'none' | 'not shown';
  /** What the rates count. */
  unit: ArrivalUnit;
  /** The highest rate at which a confirmation held; undefined where nothing was shown. */
  heldPerSecond?: number;
  /** The lowest rate above it that did not hold; undefined where none was met. */
  brokePerSecond?: number;
  /** What broke there, in words. */
  why: string[];
  /** What had to hold of every probe, in words: the thresholds, and what is taken where none is given. */
  limits: string[];
  /** In the order of their time. */
  probes: RateProbe[];
  /** The answer in a sentence or two. */
  sentence: string;
}
