// The kinds of values that flags of several commands take. What one command alone takes stands beside its flags.

import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseDurationMs } from '../../kernel/duration.js';
import { checkFile, checkFolder } from '../../kernel/files.js';
import { shownUrl } from '../../kernel/secrets.js';
import { type ValueKind, Wrong } from './value-kind.js';

/** A whole number; at most `most`, as everything has a bound. */
export function count(least: number, most: number, example: number): ValueKind<number> {
  return {
    code: 'bad-number',
    wanted: `a whole number from ${least} to ${most}`,
    example: String(example),
    read: (text) => {
      const value = readNumber(text);
      return value !== undefined && Number.isInteger(value) && value >= least && value <= most ? value : undefined;
    },
    near: plainNumber,
  };
}

/** Most requests a second a run may ask for: beyond what one machine can send, so a slip of the finger. */
const maxRatePerSecond = 500_000;

/** So many a second: above 0, fractions allowed. */
export const rate: ValueKind<number> = {
  code: 'bad-number',
  wanted: `a rate: a number above 0, at most ${maxRatePerSecond}`,
  example: '100',
  read: (text) => {
    const value = readNumber(text);
    return value !== undefined && value > 0 && value <= maxRatePerSecond ? value : undefined;
  },
  near: (text) => [...plainNumber(text), text.replace(/\s*(\/ ?s|rps|per second)$/i, '')],
};

function readNumber(text: string): number | undefined {
  const trimmed = text.trim();
  const value = Number(trimmed);
  return trimmed === '' || Number.isNaN(value) || /^[-+]?0[box]/i.test(trimmed) ? undefined : value;
}

/** `1,000` and `1_000` are 1000. */
function plainNumber(text: string): string[] {
  return [text.replaceAll(/(?<=\d)[,_' ](?=\d{3})/g, '')];
}

const weekMs = 7 * 86_400_000;

/** A duration as Go, k6 and Kubernetes write it, from 1 ms to a week; in milliseconds. */
export const duration: ValueKind<number> = {
  code: 'bad-duration',
  wanted: 'a duration from 1ms to 7d, a number and its unit (ms, s, m, h or d)',
  example: '30s',
  read: (text) => {
    const ms = readDurationMs(text);
    return ms !== undefined && ms >= 1 && ms <= weekMs ? ms : undefined;
  },
  near: nearDurations,
};

/** As `duration`, but a bare number is newman's milliseconds, and 0 is taken. */
export const milliseconds: ValueKind<number> = {
  code: 'bad-duration',
  wanted: 'a duration up to 7d, milliseconds or a number and its unit (ms, s, m, h or d)',
  example: '500ms',
  read: (text) => {
    const ms = /^\d+$/.test(text) ? Number(text) : readDurationMs(text);
    return ms !== undefined && ms <= weekMs ? ms : undefined;
  },
  near: nearDurations,
};

function readDurationMs(text: string): number | undefined {
  try {
    return parseDurationMs(text, '');
  } catch {
    return undefined;
  }
}

/** `10`, `10 S`, `10 sec`, `5 minutes` as they are written. */
function nearDurations(text: string): string[] {
  const [, number, word = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-zµ]*)\.?\s*$/i.exec(text) ?? [];
  if (number === undefined) return [];
  const unit = word.toLowerCase();
  const known = [
    [/^(ms|msecs?|millis|milliseconds?)$/, 'ms'],
    [/^(|s|secs?|seconds?)$/, 's'],
    [/^(m|mins?|minutes?)$/, 'm'],
    [/^(h|hrs?|hours?)$/, 'h'],
    [/^(d|days?)$/, 'd'],
  ] as const;
  return known.filter(([words]) => words.test(unit)).map(([, short]) => `${number}${short}`);
}

/** A share of a whole: `10%` or `0.1`; at most 1000 %. */
export const share: ValueKind<number> = {
  code: 'bad-share',
  wanted: 'a share from 0% to 1000%, in per cent or as a number (0.1)',
  example: '10%',
  read: (text) => {
    const [, number, sign] = /^(\d{1,9}(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
    const value = number === undefined ? Number.NaN : Number(number) / (sign === '%' ? 100 : 1);
    return value >= 0 && value <= 10 ? value : undefined;
  },
  near: (text) => [text.replace(/\s*(%|per ?cent|pct)$/i, '%'), `${text}%`],
};

const bytesOf: Record<string, number> = { '': 2 ** 20, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const mostBytes = 2 ** 44;

/** A size of memory as minikube takes it, as text: a number of MiB, or one with its unit; `max` is all there is. */
export const size: ValueKind<string> = {
  code: 'bad-size',
  wanted: 'a size up to 16384g, a number and its unit (b, k, m or g)',
  example: '4g',
  read: (text) => {
    if (text === 'max' || text === 'no-limit') return text;
    const [, number, unit = ''] = /^(\d{1,18})([bkmg]?)$/i.exec(text) ?? [];
    const bytes = Number(number) * (bytesOf[unit.toLowerCase()] ?? Number.NaN);
    return bytes > 0 && bytes <= mostBytes ? text : undefined;
  },
  near: (text) => {
    const [, number, unit] = /^\s*(\d+)\s*([kmg])i?b?\s*$/i.exec(text) ?? [];
    return [number === undefined ? undefined : `${number}${unit!.toLowerCase()}`];
  },
};

/** A number of CPUs as minikube takes it, as text; `max` is all there are. */
export const cpus: ValueKind<string> = {
  ...mapped(count(1, 4096, 4), (_, text) => text.trim()),
  wanted: 'a whole number from 1 to 4096, or max',
  read: (text) => (text === 'max' || text === 'no-limit' || isCount(text, 4096) ? text : undefined),
};

function isCount(text: string, most: number): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most;
}

/** The same texts, and another value of each. */
function mapped<T, U>(kind: ValueKind<T>, map: (value: T, text: string) => U): ValueKind<U> {
  return {
    ...kind,
    read: (text, surroundings, flag) => {
      const value = kind.read(text, surroundings, flag);
      return value === undefined || value instanceof Wrong ? (value as undefined) : map(value, text);
    },
  };
}

/** One of these words. */
export function oneOf<const T extends string>(words: readonly T[]): ValueKind<T> {
  return {
    code: 'bad-choice',
    wanted: `one of ${words.join(', ')}`,
    example: words[0] ?? '',
    read: (text) => words.find((word) => word === text),
    words,
  };
}

/** An absolute http or https URL without a user in it, as it was given. */
export const url: ValueKind<string> = {
  code: 'bad-url',
  wanted: 'an http or https URL',
  example: 'http://127.0.0.1:8080/health',
  read: (text) => {
    if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return new Wrong('it has no scheme');
    if (!URL.canParse(text)) return undefined;
    const { protocol, username, password } = new URL(text);
    if (protocol !== 'http:' && protocol !== 'https:') return new Wrong(`its scheme is ${protocol.slice(0, -1)}`);
    if (username === '' && password === '') return text;
    return new Wrong(
      'it has a user name in it',
      'Leave the user name out, and say who you are with an Authorization header',
    );
  },
  near: (text) => [/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? undefined : `http://${text}`],
  shown: shownUrl,
};

/** A host and perhaps its port, as the Host header has it. */
export const host: ValueKind<string> = {
  code: 'bad-host',
  wanted: 'a host name',
  example: 'arch.homework',
  read: (text) => (text.length <= 260 && /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(text) ? text : undefined),
  near: (text) => [/^https?:\/\/([^/]+)\/?$/i.exec(text)?.[1]],
  shown: shownUrl,
};

/** An address of this machine to listen on: an IP address or a name. */
export const address: ValueKind<string> = {
  code: 'bad-address',
  wanted: 'an address to listen on',
  example: '127.0.0.1',
  read: (text) => {
    const numbers = /^[\d.]+$/.test(text);
    if (isIP(text) !== 0 || (!numbers && text.length <= 253 && /^[a-z0-9]([\w.-]*[a-z0-9])?$/i.test(text))) return text;
    return undefined;
  },
  near: (text) => [/^\[(.+)\]$/.exec(text)?.[1], /^([^:]+):\d+$/.exec(text)?.[1]],
};

/** Any text. */
export const text: ValueKind<string> = { code: 'bad-text', wanted: 'a text', example: 'text', read: (text) => text };

/** A name of something: a text that is not empty. */
export const name: ValueKind<string> = {
  code: 'bad-name',
  wanted: 'a name',
  example: 'NAME',
  read: (text) => (text.trim() === '' ? undefined : text),
};

/** `NAME=VALUE`, as a pair. */
export const assignment: ValueKind<readonly [name: string, value: string]> = {
  code: 'bad-assignment',
  wanted: 'NAME=VALUE',
  example: 'name=value',
  read: (text) => {
    const cut = text.indexOf('=');
    return cut <= 0 ? undefined : [text.slice(0, cut), text.slice(cut + 1)];
  },
  near: (text) => [/^[\w.]+: *\S/.test(text) ? text.replace(/: */, '=') : undefined],
};

/** A file that is there and can be read, by the path that was given; `hint` is the cure. Throws Failure as reading it would. */
export function fileThat(hint?: string): ValueKind<string> {
  return {
    code: 'no-such-file',
    wanted: 'the path of a file',
    example: 'FILE',
    read: (text, { cwd }, flag) => {
      if (text === '') return undefined;
      checkFile(resolve(cwd, text), { shown: text, by: asFlag(flag), hint });
      return text;
    },
  };
}

/** A file that is there and can be read. */
export const file = fileThat();

/** An operand needs no name: there is one of it. */
function asFlag(flag: string): string | undefined {
  return flag.startsWith('-') ? flag : undefined;
}

/** A folder that is there and can be read, by the path that was given. Throws Failure as reading it would. */
export const folder: ValueKind<string> = {
  code: 'no-such-file',
  wanted: 'a folder',
  example: 'FOLDER',
  read: (text, { cwd }, flag) => {
    if (text === '') return undefined;
    checkFolder(resolve(cwd, text), { shown: text, by: asFlag(flag), hint: 'Give the path of a folder that is there' });
    return text;
  },
};

/** The path of a file or folder; whether it is there is looked at where it is read. */
export const path: ValueKind<string> = {
  code: 'bad-path',
  wanted: 'the path of a file or folder',
  example: 'PATH',
  read: (text) => (text === '' || text.includes('\0') ? undefined : text),
};

/** Where something is written: a path, whether or not anything is there. */
export const destination: ValueKind<string> = {
  code: 'bad-path',
  wanted: 'the path of a file or folder',
  example: 'PATH',
  read: (text) => (text === '' || text.includes('\0') ? undefined : text),
};
