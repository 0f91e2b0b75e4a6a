import { Failure } from './failure.js';

const unitMs: Record<string, number> = { us: 0.001, µs: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const part = /(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)/gy;

/**
 * Reads a duration as Go, k6 and Kubernetes write it: `250ms`, `10s`, `1m30s`, `1.5h`. Returns milliseconds (>= 0).
 * A bare number is refused: it does not say its unit. Throws Failure `bad-duration` naming `field`.
 */
export function parseDurationMs(text: string, field: string): number {
  const trimmed = text.trim();
  let totalMs = 0;
  let end = 0;
  part.lastIndex = 0;
  for (let match = part.exec(trimmed); match !== null; match = part.exec(trimmed)) {
    totalMs += Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN);
    end = part.lastIndex;
  }
  if (trimmed === '' || end !== trimmed.length || !Number.isFinite(totalMs)) {
    throw new Failure({
      code: 'bad-duration',
      message: `${field}: ${JSON.stringify(text)} is not a duration`,
      hint: 'Write a number and a unit (ms, s, m or h), for example 500ms, 10s or 1m30s',
    });
  }
  return totalMs;
}

/** Writes milliseconds as people read them: `850ms`, `12.3s`, `4m05s`, `2h10m`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(seconds / 3600)}h${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}m`;
}
