import { Failure } from '../../kernel/failure.js';
import { nearest } from '../../kernel/nearest.js';
import type { Context } from '../context/context.js';

/** What a reader of values may look at. */
export type ValueContext = Pick<Context, 'cwd' | 'clock'>;

/** What is wrong with a text, where `is not WANTED` does not say it, and the cure where an example is none. */
export class Wrong {
  constructor(
    readonly why?: string,
    readonly cure?: string,
  ) {}
}

/** A kind of value: what the text of a flag or an argument must be, and what it becomes. */
export interface ValueKind<T> {
  /** The failure's code. */
  code: string;
  /** What is wanted, as it follows `is not`: `a duration from 1ms to 7d`. */
  wanted: string;
  /** A text that is taken. */
  example: string;
  /** The value; `Wrong` or undefined where the text is none. `flag` is what gives it, for a failure of the reader's own. */
  read(text: string, surroundings: ValueContext, flag: string): T | Wrong | undefined;
  /** What may have been meant, the likeliest first; what does not read itself is not offered. */
  near?(text: string, surroundings: ValueContext): readonly (string | undefined)[];
  /** The text as a message may repeat it; undefined where it may be a secret as a whole. */
  shown?(text: string): string | undefined;
  /** Every text that is taken, where they are counted: help and completion list them. */
  words?: readonly string[];
}

/**
 * Reads a value. Throws Failure with the one phrasing of all flags: `FLAG: "TEXT" is not WANTED: WHY. Did you mean "NEAR"?`,
 * and as the cure an example of what stands behind `head`.
 */
export function readValue<T>(
  kind: ValueKind<T>,
  flag: string,
  text: string,
  surroundings: ValueContext,
  head = flag,
): T {
  const value = kind.read(text, surroundings, flag);
  const wrong = value instanceof Wrong ? value : undefined;
  if (value !== undefined && !(value instanceof Wrong)) return value;
  const shown = kind.shown === undefined ? text : kind.shown(text);
  const given = shown === undefined ? 'what was given' : JSON.stringify(shortened(shown));
  const meant = near(kind, text, surroundings, flag);
  throw new Failure({
    code: kind.code,
    message: [
      `${flag}: ${given} is not ${kind.wanted}`,
      wrong?.why === undefined ? '' : `: ${wrong.why}`,
      meant === undefined ? '' : `. Did you mean ${JSON.stringify(shortened(kind.shown?.(meant) ?? meant))}?`,
    ].join(''),
    hint: wrong?.cure ?? `For example ${head} ${quoted(kind.example)}`,
  });
}

function near<T>(kind: ValueKind<T>, text: string, surroundings: ValueContext, flag: string): string | undefined {
  const word = kind.words === undefined ? undefined : nearest(text, kind.words);
  return [word, ...(kind.near?.(text, surroundings) ?? [])].find((candidate) => {
    if (candidate === undefined || candidate === text) return false;
    const value = kind.read(candidate, surroundings, flag);
    return value !== undefined && !(value instanceof Wrong);
  });
}

const longestShown = 200;

function shortened(text: string): string {
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text}'`;
}
