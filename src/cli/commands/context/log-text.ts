import { parseJson } from '../../kernel/json.js';
import type { Paint } from '../../report/paint.js';

const levels: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
/** Of the process, not of the event. */
const left = new Set(['time', 'level', 'msg', 'pid', 'hostname', 'name', 'service']);

/** A line of a structured log (pino's JSON) as people read it: time of day, level, message, `key=value`; any other line as it is. */
export function prettyLog(text: string, paint: Paint): string {
  const entry = entryOf(text);
  if (entry === undefined) return text;
  const level =
    typeof entry.level === 'number' ? (levels[entry.level] ?? String(entry.level)) : String(entry.level ?? '');
  const when = new Date(entry.time as number | string);
  const time = Number.isNaN(when.getTime()) ? '' : when.toISOString().slice(11, 23);
  const colors: Record<string, (text: string) => string> = { warn: paint.warn, error: paint.bad, fatal: paint.bad };
  const rest = Object.entries(entry).flatMap(([key, value]) => (left.has(key) ? [] : [`${key}=${shortText(value)}`]));
  const word = (colors[level] ?? paint.faint)(level.padEnd(5));
  return [paint.faint(time), word, String(entry.msg ?? ''), paint.faint(rest.join(' '))].filter(Boolean).join(' ');
}

function entryOf(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{') || !/"(?:msg|level)":/.test(text)) return undefined;
  try {
    return parseJson(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function shortText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
