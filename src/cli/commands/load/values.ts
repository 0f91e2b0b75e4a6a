// The kinds of values that flags of `load` alone take.
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { readText } from '../../kernel/files.js';
import { nearest } from '../../kernel/nearest.js';
import { shownUrl } from '../../kernel/secrets.js';
import { BadFault, type LoadFault, type Objective, parseFault, parseObjective } from '../../load/plan/faults.js';
import type { HeaderFields } from '../../load/plan/plan.js';
import { BadThreshold, parseThreshold, type Threshold } from '../../load/plan/thresholds.js';
import { type ValueKind, Wrong } from '../options/value-kind.js';
import { assignment, fileThat } from '../options/values.js';

/** Most connections, users or requests under way at once. */
export const maxConcurrency = 100_000;

const dayMs = 86_400_000;

/** A time of day and date: RFC 3339 with its offset, or Unix seconds; now or later, within a day. Gives Unix milliseconds. */
export const moment: ValueKind<number> = {
  code: 'bad-time',
  wanted: 'a time within a day from now, as RFC 3339 or Unix seconds',
  example: '2030-01-31T12:00:00Z',
  read(text, { clock }) {
    const written = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
    const unixMs = written ? Date.parse(text) : /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) * 1000 : Number.NaN;
    if (Number.isNaN(unixMs)) return undefined;
    const nowUnixMs = clock.now();
    if (unixMs < nowUnixMs) return new Wrong('it is in the past', inAMinute);
    return unixMs > nowUnixMs + dayMs ? new Wrong('it is more than a day away', inAMinute) : unixMs;
  },
};

const inAMinute = 'In a minute, for example: --start-at $(($(date +%s) + 60))';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** An HTTP method, upper-cased. */
export const method: ValueKind<string> = {
  code: 'bad-method',
  wanted: 'an HTTP method',
  example: 'POST',
  read(text) {
    if (text.length > 64 || !token.test(text)) return undefined;
    const method = text.toUpperCase();
    return method === 'CONNECT' ? new Wrong('it asks a proxy for a tunnel, which no request can follow here') : method;
  },
  near: (text) => [/^\s*(\S+)\s/.exec(text)?.[1]],
};

/** A header field. What was given is not repeated in a message: it may be a credential. */
export const header: ValueKind<readonly [name: string, value: string]> = {
  code: 'bad-header',
  wanted: "a header as 'Name: value'",
  example: 'Accept: application/json',
  read(text) {
    const colon = text.indexOf(':');
    if (colon < 0) return new Wrong('it has no colon');
    const name = text.slice(0, colon).trim();
    const value = text.slice(colon + 1).trim();
    if (!token.test(name)) return new Wrong(`${JSON.stringify(name)} is no name of a header`);
    return /[\r\n\0]/.test(value) ? new Wrong(`the value of ${name} has a line end or NUL in it`) : [name, value];
  },
  shown: () => undefined,
};

/** Header fields in the order they were given; a name that is given again is sent again. */
export function headersOf(given: readonly (readonly [name: string, value: string])[]): HeaderFields {
  const headers: HeaderFields = {};
  for (const [name, value] of given) {
    const known = Object.keys(headers).find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
    headers[known] = headers[known] === undefined ? value : [headers[known], value].flat();
  }
  return headers;
}

/** A path of a URL, with its query; encoded. */
export const urlPath: ValueKind<string> = {
  code: 'bad-path',
  wanted: 'a path: it begins with / and has no spaces (write %20)',
  example: '/price/1',
  read: (text) => (/^\/[^\s#]*$/.test(text) ? encodeURI(text).replaceAll('%25', '%') : undefined),
  near: (text) => [
    /^[\w-]/.test(text) && !text.includes(':') ? `/${text}` : undefined,
    text.trim().replaceAll(' ', '%20'),
  ],
  shown: shownUrl,
};

/** The text of a body, or `@FILE` that holds it. Throws Failure where the file cannot be read. */
export const body: ValueKind<string> = {
  code: 'bad-body',
  wanted: 'the text of a body, or @FILE',
  example: '@order.json',
  read(text, { cwd }, flag) {
    if (!text.startsWith('@')) return text;
    const shown = text.slice(1);
    const hint = 'Name a readable file after @, or give the text itself';
    return readText(resolve(cwd, shown), { shown, by: flag, hint, exact: true });
  },
  shown: () => undefined,
};

/** Where a host and port are: as curl writes it, `HOST:PORT:ADDRESS`. */
export interface Resolved {
  /** `HOST:PORT`, to be compared with the URL's. */
  authority: string;
  /** Without the brackets of IPv6. */
  address: string;
}

/** `HOST:PORT:ADDRESS`. */
export const resolved: ValueKind<Resolved> = {
  code: 'bad-resolve',
  wanted: 'HOST:PORT:ADDRESS',
  example: 'arch.homework:80:127.0.0.1',
  read(text) {
    const [, host, port, address] = /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5}):(\S{1,255})$/i.exec(text) ?? [];
    if (host === undefined || Number(port) > 65_535 || address === undefined) return undefined;
    return { authority: `${host}:${Number(port)}`, address: address.replace(/^\[|\]$/g, '') };
  },
  shown: shownUrl,
};

/** A stage of a k6 script's ramp: `30s:10`. */
export const stage: ValueKind<{ duration: string; target: number }> = {
  code: 'bad-stage',
  wanted: 'a stage: a duration and a number of VUs',
  example: '30s:10',
  read(text) {
    const [, duration = '', target] = /^((?:\d+(?:\.\d+)?(?:ms|s|m|h))+):(\d{1,6})$/.exec(text.trim()) ?? [];
    return duration === '' ? undefined : { duration, target: Number(target) };
  },
};

/** A condition on the result. */
export const threshold: ValueKind<Threshold> = {
  code: 'bad-threshold',
  wanted: 'a threshold',
  example: 'p(95)<200',
  read(text) {
    try {
      return parseThreshold(text);
    } catch (error) {
      if (error instanceof BadThreshold) return new Wrong(error.why, error.hint);
      throw error;
    }
  },
};

/** What is done on purpose to a workload, and when. */
export const fault: ValueKind<LoadFault> = {
  code: 'bad-fault',
  wanted: 'a fault',
  example: 'kill orders at 30s',
  read: (text) => readFault(text, parseFault),
};

/** What must come of every fault. */
export const objective: ValueKind<Objective> = {
  code: 'bad-objective',
  wanted: 'an objective',
  example: 'recovers<10s',
  read: (text) => readFault(text, parseObjective),
};

function readFault<T>(text: string, parse: (text: string) => T): T | Wrong {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof BadFault) return new Wrong(error.why, error.hint);
    throw error;
  }
}

/** The cure where a result of an earlier run is asked for. */
export const resultHint = 'hwctl load --out run.json writes one';

/** A result that `--out` wrote as JSON. */
export const resultFile = fileThat(resultHint);

/** What `--out` writes, by the extension of the file. */
export const outFormats = {
  '.json': 'the result',
  '.csv': 'time series',
  '.ndjson': 'every request',
  '.html': 'report',
  '.md': 'summary in Markdown',
} as const;

/** An extension that says what is written. */
export type OutFormat = keyof typeof outFormats;
const extensions = Object.keys(outFormats) as OutFormat[];

/** What is written to a path; undefined where its extension does not say. */
export function outFormat(path: string): OutFormat | undefined {
  const extension = extname(path).toLowerCase();
  return extensions.find((known) => known === extension);
}

/** A file to write, whose extension says what. */
export const outFile: ValueKind<string> = {
  code: 'bad-out',
  wanted: `a file whose extension says what is written (${extensions.join(', ')})`,
  example: 'run.json',
  read: (text) => (outFormat(text) === undefined || text.includes('\0') ? undefined : text),
  near(text) {
    const extension = extname(text);
    const meant = extension === '' ? undefined : nearest(extension, extensions);
    return [meant === undefined ? undefined : text.slice(0, -extension.length) + meant];
  },
};

/** `-e`: NAME=VALUE for a k6 script, the file of an environment for a collection. */
export type VariableOrFile = { variable: readonly [name: string, value: string] } | { file: string };

/** What `-e` takes: a file that is there, by its path, else NAME=VALUE. */
export const variableOrFile: ValueKind<VariableOrFile> = {
  ...assignment,
  wanted: 'NAME=VALUE, or the file of an environment',
  read: (text, surroundings, flag) => {
    if (text !== '' && existsSync(resolve(surroundings.cwd, text))) return { file: text };
    if (/\.json$/i.test(text)) fileThat().read(text, surroundings, flag);
    const variable = assignment.read(text, surroundings, flag);
    return variable === undefined ? undefined : { variable: variable as readonly [string, string] };
  },
};
