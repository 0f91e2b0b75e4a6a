import { withinDeadline } from './deadline.js';

/** Steps of a backtracking matcher that take no time to speak of. */
const fewSteps = 1_000_000;

/**
 * A regular expression of a file on a text of a server. JavaScript's matcher backtracks: `(a+)+$` takes 2^n steps on n
 * letters (CWE-1333). Where that cannot be ruled out by a glance at the pattern, the match has a deadline.
 */
export class Pattern {
  readonly #expression: RegExp;
  readonly #name: string;
  /** Quantifiers, none of them within another; undefined where some may be. */
  readonly #quantifiers: number | undefined;

  /** Throws SyntaxError for what is no regular expression. */
  constructor(source: string, flags: string) {
    this.#expression = new RegExp(source, flags);
    this.#name = `the pattern ${this.#expression.source}`;
    this.#quantifiers = quantifiersOf(source);
  }

  toString(): string {
    return this.#expression.toString();
  }

  /** The first match. Throws TooSlow. */
  exec(text: string): RegExpExecArray | null {
    // Each quantifier takes every length at most, and the whole begins at every character.
    const steps = this.#quantifiers === undefined ? Number.POSITIVE_INFINITY : text.length ** (this.#quantifiers + 1);
    if (steps <= fewSteps) return this.#expression.exec(text);
    return withinDeadline(this.#name, () => this.#expression.exec(text));
  }

  /** Whether there is a match. Throws TooSlow. */
  test(text: string): boolean {
    return this.exec(text) !== null;
  }
}

function quantifiersOf(source: string): number | undefined {
  // Classes and escapes are one character each.
  const plain = source.replace(/\\./gs, 'a').replace(/\[[^\]]*\]/g, 'a');
  // A group that is repeated, and references to groups, can multiply what is in them.
  if (/\)[*+?{]|\\[1-9k]/.test(plain) || /\\[1-9k]/.test(source)) return undefined;
  return (plain.replace(/\(\?/g, '(').match(/[*+?{]/g) ?? []).length;
}

/** Why a text is no regular expression (flag u); undefined where it is one. */
export function patternProblem(source: string): string | undefined {
  try {
    new RegExp(source, 'u');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const known = new Map<string, Pattern>();
const mostKnown = 1000;

/** The pattern, made once. Throws SyntaxError. */
export function patternOf(source: string, flags: string): Pattern {
  const key = `${flags}/${source}`;
  let pattern = known.get(key);
  if (pattern === undefined) {
    pattern = new Pattern(source, flags);
    if (known.size >= mostKnown) known.clear();
    known.set(key, pattern);
  }
  return pattern;
}
