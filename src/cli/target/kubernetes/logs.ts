import type { Clock } from '../../kernel/clock.js';
import type { LogLine, LogQuery } from '../target.js';
import { ApiError } from './api/api-error.js';
import type { KubeClient } from './api/client.js';
import type { LiveObject } from './api/live-object.js';
import { podsOf } from './health/pods.js';

const lookForPodsMs = 2_000;
const reconnectMs = 500;
const mostBuffered = 10_000;

/** A line and the time the kubelet saw it, as it prints it (RFC 3339 with nanoseconds, so it sorts as text). */
interface StampedLine extends LogLine {
  at: string;
}

/** Splits the kubelet's timestamp from a log line. */
export function parseLogLine(raw: string): { at: string; text: string } {
  const space = raw.indexOf(' ');
  const at = space < 0 ? raw : raw.slice(0, space);
  return /^\d{4}-\d\d-\d\dT/.test(at) ? { at, text: space < 0 ? '' : raw.slice(space + 1) } : { at: '', text: raw };
}

/**
 * Log lines of the workloads' pods, merged by time. With `follow`, pods that come later join, and a stream that the
 * kubelet ends early is taken up where it ended.
 */
export async function* clusterLogs(
  client: KubeClient,
  workloads: () => Promise<LiveObject[]>,
  query: LogQuery,
  clock: Clock,
): AsyncGenerator<LogLine> {
  const past: StampedLine[] = [];
  const last = new Map<string, string>();
  for (const workload of await workloads()) {
    for (const { pod, container } of await containersOf(client, workload)) {
      const lines = await readPast(client, workload, pod, container, query.tail);
      const newest = lines.at(-1);
      if (newest !== undefined) last.set(`${pod.metadata.uid}/${container}`, newest.at);
      past.push(...lines);
    }
  }
  past.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  for (const { service, instance, text } of past) yield { service, instance, text };
  if (query.follow) yield* followAll(client, workloads, query.signal, clock, last);
}

async function containersOf(client: KubeClient, workload: LiveObject) {
  const pods = await podsOf(client, workload);
  return pods.flatMap((pod) =>
    ((pod.spec?.containers as { name: string }[] | undefined) ?? []).map(({ name }) => ({ pod, container: name })),
  );
}

async function readPast(
  client: KubeClient,
  workload: LiveObject,
  pod: LiveObject,
  container: string,
  tail: number | undefined,
): Promise<StampedLine[]> {
  try {
    const text = await client.call<string>('GET', logPath(pod), {
      query: { container, timestamps: 'true', tailLines: tail === undefined ? undefined : String(tail) },
      accept: '*/*',
    });
    return String(text)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ ...parseLogLine(line), service: workload.metadata.name, instance: pod.metadata.name }));
  } catch (error) {
    // A container that has not started has no log yet.
    if (error instanceof ApiError && (error.status === 400 || error.status === 404)) return [];
    throw error;
  }
}

function logPath(pod: LiveObject): string {
  return `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/log`;
}

async function* followAll(
  client: KubeClient,
  workloads: () => Promise<LiveObject[]>,
  signal: AbortSignal,
  clock: Clock,
  last: Map<string, string>,
): AsyncGenerator<LogLine> {
  const lines: LogLine[] = [];
  let wake = () => {};
  const followed = new Set<string>();
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const push = (line: LogLine) => {
    // A reader that is slower than the pods must not fill the memory: the oldest lines go.
    if (lines.length >= mostBuffered) lines.shift();
    lines.push(line);
    wake();
  };
  const look = async () => {
    while (!both.aborted) {
      try {
        for (const workload of await workloads()) {
          for (const { pod, container } of await containersOf(client, workload)) {
            const key = `${pod.metadata.uid}/${container}`;
            if (followed.has(key)) continue;
            followed.add(key);
            void followOne(client, workload, pod, container, last, both, clock, push).finally(() =>
              followed.delete(key),
            );
          }
        }
      } catch {
        // The API server may be away for a while: look again.
      }
      await clock.sleep(lookForPodsMs, both).catch(() => undefined);
    }
    wake();
  };
  const looking = look();
  try {
    while (!signal.aborted) {
      const line = lines.shift();
      if (line !== undefined) yield line;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (lines.length > 0 || signal.aborted) resolve();
        });
    }
  } finally {
    ended.abort();
    await looking;
  }
}

async function followOne(
  client: KubeClient,
  workload: LiveObject,
  pod: LiveObject,
  container: string,
  last: Map<string, string>,
  signal: AbortSignal,
  clock: Clock,
  push: (line: LogLine) => void,
): Promise<void> {
  const key = `${pod.metadata.uid}/${container}`;
  while (!signal.aborted) {
    try {
      const since = last.get(key);
      // sinceTime has whole seconds: lines of that second come again and are told by their full timestamp.
      const query: Record<string, string> = { container, timestamps: 'true', follow: 'true' };
      if (since !== undefined && since !== '') query.sinceTime = `${since.slice(0, 19)}Z`;
      const stream = await client.stream(logPath(pod), query, signal);
      let rest = '';
      for await (const chunk of stream) {
        const parts = (rest + String(chunk)).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          const { at, text } = parseLogLine(part);
          if (since !== undefined && at !== '' && at <= since) continue;
          if (at !== '') last.set(key, at);
          push({ service: workload.metadata.name, instance: pod.metadata.name, text });
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      // The pod is gone: whatever replaces it is found by the next look.
      if (error instanceof ApiError && error.status === 404) return;
    }
    await clock.sleep(reconnectMs, signal).catch(() => undefined);
  }
}
