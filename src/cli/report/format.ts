/** Writes a latency in milliseconds with three significant digits and its unit: `830µs`, `4.16ms`, `1.24s`, `2m03s`; `-` for none. */
export function formatLatency(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return '-';
  if (ms === 0) return '0ms';
  if (ms < 0.9995) return `${Math.round(ms * 1000)}µs`;
  if (ms < 999.5) return `${threeDigits(ms)}ms`;
  if (ms < 59_950) return `${threeDigits(ms / 1000)}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** Writes a whole number with thousands separated: `12,345`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Writes a rate per second: `99.8`, `1,250`, `0.25`; with `decimals` 2 also `99.98`. */
export function formatRate(perSecond: number, decimals = 1): string {
  if (!Number.isFinite(perSecond)) return '-';
  if (perSecond >= 999.5) return formatCount(perSecond);
  const digits = perSecond >= 9.995 ? decimals : 2;
  return perSecond.toFixed(digits).replace(/\.?0+$/, '');
}

/** Writes a share (0..1) as a percentage: `0%`, `0.02%`, `12.5%`, `100%`; never `0%` or `100%` for what is only near. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '-';
  if (share === 0) return '0%';
  if (share === 1) return '100%';
  const percent = share * 100;
  if (percent < 0.01) return '<0.01%';
  if (percent > 99.99) return '>99.99%';
  return `${percent.toFixed(percent < 1 || percent > 99 ? 2 : 1).replace(/\.?0+$/, '')}%`;
}

/** Writes processor cores: `0.05`, `1.2`, `-` where unknown. */
export function formatCores(cores: number | undefined): string {
  if (cores === undefined || !Number.isFinite(cores)) return '-';
  return cores < 0.995 ? cores.toFixed(2) : cores.toFixed(1);
}

/** Writes bytes: `512 B`, `12.3 kB`, `4.56 MB` (powers of 1000, as k6 and newman do). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : threeDigits(value)} ${units[unit]}`;
}

/** Writes a moment of a run: `2.5s`, `90s` as `1:30`, hours as `1:02:00`. */
export function formatMoment(ms: number): string {
  const total = ms / 1000;
  if (total < 60) return `${Number(total.toFixed(1))}s`;
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, Math.round(total % 60)];
  const [h, m, s] = parts as [number, number, number];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Cuts `text` to `width` columns, ending in `…` where something was cut. */
export function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 1 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 1)}…`;
}

/** Breaks `text` at spaces into lines of at most `width` columns; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}
