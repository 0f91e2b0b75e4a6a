import { posix } from 'node:path';

/** A line of a .dockerignore that no engine takes. */
export interface IgnoreProblem {
  /** From 1. */
  line: number;
  message: string;
}

interface IgnorePattern {
  /** Cleaned, without `!`. */
  text: string;
  /** It takes back what a line above ignored. */
  isException: boolean;
  matches(path: string): boolean;
}

/** What a path has come to: the answer, and which patterns it met, for the paths below it. */
export interface IgnoreMatch {
  ignored: boolean;
  met: readonly boolean[];
}

/** The patterns of one .dockerignore (https://docs.docker.com/build/concepts/context/#dockerignore-files), as moby/patternmatcher reads them. */
export interface IgnorePatterns {
  /** Whether a path below the context, with `/`, is left out; `parent` is what its folder has come to. */
  match(path: string, parent: IgnoreMatch | undefined): IgnoreMatch;
  /** Whether something below an ignored folder may come back by an exception: else nobody looks into it. */
  mayReturnBelow(folder: string): boolean;
}

/** Reads a .dockerignore; `text` undefined where there is none. Bad patterns are told all at once. */
export function readDockerignore(text: string | undefined): { patterns: IgnorePatterns; problems: IgnoreProblem[] } {
  const patterns: IgnorePattern[] = [];
  const problems: IgnoreProblem[] = [];
  const lines = (text ?? '').replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    // A comment begins at the very edge: behind a space, `#` is a name.
    if (raw.startsWith('#') || raw.trim() === '') continue;
    const line = raw.trim();
    const isException = line.startsWith('!');
    const cleaned = clean(isException ? line.slice(1).trim() : line);
    if (isException && (cleaned === '' || cleaned === '/'))
      problems.push({ line: index + 1, message: '! takes nothing back: a pattern is missing' });
    else {
      const matches = matcherOf(cleaned);
      if (matches === undefined)
        problems.push({ line: index + 1, message: `${JSON.stringify(cleaned)} is no pattern: a [ or \\ has no end` });
      else patterns.push({ text: cleaned, isException, matches });
    }
  }
  return { patterns: { match: matchAll(patterns), mayReturnBelow: mayReturn(patterns) }, problems };
}

/** The shortest form of a path, relative to the context. */
function clean(pattern: string): string {
  if (pattern === '') return '';
  const normal = posix.normalize(pattern);
  const short = normal.length > 1 ? normal.replace(/\/+$/, '') : normal;
  return short.length > 1 && short.startsWith('/') ? posix.normalize(short.slice(1).trim()) : short;
}

/**
 * The last pattern that says something wins. One that says what is so already is not asked, so that the paths below do not
 * know that it was met: docker sees `foo/b`, `!foo` alike (the file stays ignored).
 */
function matchAll(patterns: readonly IgnorePattern[]): IgnorePatterns['match'] {
  return (path, parent) => {
    let ignored = false;
    const met = patterns.map((pattern, at) => {
      let isMet = parent?.met[at] === true;
      if (!isMet) {
        if (pattern.isException !== ignored) return false;
        isMet = pattern.matches(path);
      }
      if (isMet) ignored = !pattern.isException;
      return isMet;
    });
    return { ignored, met };
  };
}

function mayReturn(patterns: readonly IgnorePattern[]): IgnorePatterns['mayReturnBelow'] {
  const exceptions = patterns
    .filter(({ isException }) => isException)
    .map(({ text }) => text.replace(/\/\*\*$/, '').replace(/\/\*$/, ''));
  const isAnywhere = exceptions.some((text) => /[*?[\]^\\]/.test(text));
  return (folder) => isAnywhere || exceptions.some((text) => `${text}/`.startsWith(`${folder}/`));
}

/** A test of whole paths; undefined where the pattern is none (path.Match of Go). */
function matcherOf(pattern: string): ((path: string) => boolean) | undefined {
  if (!isWellFormed(pattern)) return undefined;
  if (!/[*?[\]\\]/.test(pattern)) return (path) => path === pattern;
  const hasOther = /[*?[\]\\]/.test(pattern.slice(2));
  // Two forms that docker reads literally, also where no slash stands between: `**x` is any path that ends in x.
  if (pattern.startsWith('**') && !hasOther) {
    const end = pattern.slice(2);
    return (path) => path.endsWith(end) || (end.startsWith('/') && path === end.slice(1));
  }
  if (pattern.endsWith('**') && !/[*?[\]\\]/.test(pattern.slice(0, -2))) {
    const start = pattern.slice(0, -2);
    return (path) => path.startsWith(start);
  }
  try {
    const expression = new RegExp(`^${sourceOf(pattern)}$`, 'su');
    return (path) => expression.test(path);
  } catch {
    // A range that runs backwards.
    return undefined;
  }
}

function sourceOf(pattern: string): string {
  let source = '';
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const [, stars, inside] = /^(?:(\*\*\/?)|\[((?:\\.|[^\]\\])*)\])/su.exec(rest) ?? [];
    if (stars !== undefined) {
      at += stars.length;
      source += at === pattern.length ? '.*' : '(?:.*/)?';
    } else if (inside !== undefined) {
      at += inside.length + 2;
      source += `(?!/)[${inside.replaceAll(/\\?([\\\][&|~-])/g, (all, one: string) => (all === '-' ? '-' : `\\${one}`))}]`;
    } else if (rest.startsWith('*')) {
      at += 1;
      source += '[^/]*';
    } else if (rest.startsWith('?')) {
      at += 1;
      source += '[^/]';
    } else {
      const isEscaped = rest.startsWith('\\');
      const letter = String.fromCodePoint(rest.codePointAt(isEscaped ? 1 : 0) ?? 0);
      at += letter.length + (isEscaped ? 1 : 0);
      // docker leaves ^ as it is, so that at the beginning it says nothing.
      source += letter.replace(isEscaped ? /[\\^$.*+?()[\]{}|/]/ : /[$.+()\]{}|/]/, '\\$&');
    }
  }
  return source;
}

/** A class ends and holds something, a range has two ends, and a backslash stands before something. */
function isWellFormed(pattern: string): boolean {
  return /^(?:\\.|\[(?:\^|(?!\^))(?:(?:\\.|[^\]\\-])(?:-(?:\\.|[^\]\\-]))?)+\]|[^\\[])*$/su.test(pattern);
}
