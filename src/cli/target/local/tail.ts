import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Clock } from '../../kernel/clock.js';
import type { LogLine } from '../target.js';
import { logPath } from './supervisor/log-file.js';

const chunkBytes = 64 * 1024;
const pollMs = 100;

export interface TailQuery {
  logs: string;
  services: readonly { name: string; instance: string }[];
  follow: boolean;
  /** Newest lines of each service to begin with. */
  tail: number;
  signal: AbortSignal;
  clock: Clock;
}

/** Lines of several log files: first the newest of each, all of them in the order of their times, then what is added, as it comes. */
export async function* tailLogs(query: TailQuery): AsyncGenerator<LogLine> {
  const files = query.services.map((service) => new Tail(logPath(query.logs, service.name), service));
  yield* byTime(files.map((file) => file.last(query.tail)));
  while (query.follow && !query.signal.aborted) {
    let idle = true;
    for (const file of files) {
      for (const line of file.added()) {
        idle = false;
        yield line;
      }
    }
    if (idle) await query.clock.sleep(pollMs, query.signal).catch(() => undefined);
  }
}

/** The lines of several logs as one; a line without a time stays behind the one before it. */
function byTime(logs: readonly LogLine[][]): LogLine[] {
  const timed = logs.flatMap((lines) => {
    let timeMs = Number.NEGATIVE_INFINITY;
    return lines.map((line) => {
      timeMs = timeOf(line.text) ?? timeMs;
      return { line, timeMs };
    });
  });
  // Array.prototype.sort is stable.
  return timed.sort((a, b) => (a.timeMs === b.timeMs ? 0 : a.timeMs - b.timeMs)).map(({ line }) => line);
}

/** Milliseconds since the epoch by pino's `time`, a number or RFC 3339; or by an RFC 3339 time that begins the line. */
function timeOf(text: string): number | undefined {
  const [, number, written] = /"time":(?:(\d+)|"([^"]+)")/.exec(text) ?? /^()(\d{4}-\d\d-\d\dT\S+)/.exec(text) ?? [];
  const timeMs = number ? Number(number) : Date.parse(written ?? '');
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** The newest lines of one log as it is now. */
export function lastLines(logs: string, name: string, count: number): string[] {
  return new Tail(logPath(logs, name), { name, instance: '' }).last(count).map((line) => line.text);
}

/** One log file, read from where the last reading ended. */
class Tail {
  #offset = 0;
  #rest = '';

  constructor(
    private readonly path: string,
    private readonly service: { name: string; instance: string },
  ) {}

  /** The newest `count` complete lines of the file as it is now. */
  last(count: number): LogLine[] {
    const lines: string[] = [];
    this.#read((file, size) => {
      let text = '';
      let at = size;
      // From the end, chunk by chunk, until there are lines enough.
      while (at > 0 && text.split('\n').length <= count + 1) {
        const length = Math.min(chunkBytes, at);
        at -= length;
        text = readAt(file, at, length) + text;
      }
      const all = text.split('\n');
      this.#rest = all.pop() ?? '';
      if (at > 0) all.shift();
      if (count > 0) lines.push(...all.slice(-count));
      this.#offset = size;
    });
    return lines.map((line) => this.#line(line));
  }

  /** Complete lines that were added since. */
  added(): LogLine[] {
    const lines: string[] = [];
    this.#read((file, size) => {
      if (size < this.#offset) {
        // The log was turned over.
        this.#offset = 0;
        this.#rest = '';
      }
      while (this.#offset < size) {
        const length = Math.min(chunkBytes, size - this.#offset);
        const parts = (this.#rest + readAt(file, this.#offset, length)).split('\n');
        this.#offset += length;
        this.#rest = parts.pop() ?? '';
        lines.push(...parts);
      }
    });
    return lines.map((line) => this.#line(line));
  }

  #line(text: string): LogLine {
    return { service: this.service.name, instance: this.service.instance, text };
  }

  #read(use: (file: number, size: number) => void): void {
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch {
      return;
    }
    try {
      use(file, fstatSync(file).size);
    } finally {
      closeSync(file);
    }
  }
}

function readAt(file: number, offset: number, length: number): string {
  const buffer = Buffer.alloc(length);
  const count = readSync(file, buffer, 0, length, offset);
  return buffer.toString('utf8', 0, count);
}
