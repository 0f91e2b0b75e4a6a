/** A time as newman writes it: `19ms`, `850µs`, from 1998 ms on `2.3s`. */
export function newmanTime(ms: number): string {
  if (ms < 1) return `${Math.trunc(ms * 1000)}µs`;
  if (ms < 1998) return `${Math.trunc(ms)}ms`;
  return prettyMs(ms);
}

/** Seconds with one decimal below a minute, then minutes, hours and days (pretty-ms 7, newman's formatter). */
function prettyMs(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${trimmed(seconds)}s`;
  const parts: string[] = [];
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) parts.push(`${days}d`);
  if (hours > 0) parts.push(`${hours}h`);
  if (minutes > 0) parts.push(`${minutes}m`);
  const rest = trimmed(seconds % 60);
  if (rest !== '0') parts.push(`${rest}s`);
  return parts.join(' ');
}

function trimmed(seconds: number): string {
  return (Math.floor(seconds * 10 + 1e-7) / 10).toFixed(1).replace(/\.0$/, '');
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size as newman writes it: base 10, at most two decimals, no space: `204B`, `1.02kB`. */
export function newmanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (unit < units.length - 1 && Number(value.toFixed(unit === 0 ? 0 : 2)) >= 1000) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toFixed(unit === 0 ? 0 : 2))}${units[unit]}`;
}
