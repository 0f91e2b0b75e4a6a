import { Failure } from '../kernel/failure.js';
import { createHttpClient, type HttpClientOptions } from '../kernel/http/http.js';
import {
  callSteps,
  type Effect,
  Fault,
  Thrown,
  usualBudget,
  type WireOutcome,
  type WireRequest,
} from './language/machine.js';
import { aroundOf, linkRead, newVu, type ScriptData } from './script-run.js';

/** Where a script's requests go, and how. */
export interface StageTarget {
  /** Base URL in place of the servers in `origins`. */
  url: string;
  hostHeader: string;
  origins: readonly string[];
  http: HttpClientOptions;
  signal: AbortSignal;
}

/**
 * Does `setup` or `teardown` of a script once, from this process: their requests are in no figure of the load. Gives what it
 * returned, as JSON. Throws Failure `script-failed` where it throws or lasts longer than `timeoutMs`.
 */
export async function runStage(
  stage: 'setup' | 'teardown',
  data: ScriptData,
  given: string | undefined,
  target: StageTarget,
  timeoutMs: number,
): Promise<string | undefined> {
  const client = createHttpClient(target.http);
  const deadline = AbortSignal.any([AbortSignal.timeout(timeoutMs), target.signal]);
  try {
    const script = linkRead(data);
    const quiet = { check: () => undefined, measure: () => undefined, made: () => undefined };
    const vu = newVu(0, aroundOf(data, quiet), data.scenarios[0]!, data.seed);
    script.initialise(vu);
    const found = script.exported(stage);
    const args = given === undefined ? [] : [JSON.parse(given)];
    const steps = callSteps(found && script.valueOf(found, vu), args, vu);
    let answer: WireOutcome | undefined;
    for (;;) {
      vu.budget = usualBudget;
      const { done, value } = steps.next(answer);
      if (done) return value === undefined ? undefined : JSON.stringify(value);
      answer = await answered(value, client, target, deadline);
    }
  } catch (error) {
    if (target.signal.aborted) throw target.signal.reason;
    const late = deadline.aborted;
    if (!late && !(error instanceof Thrown || error instanceof Fault || error instanceof RangeError)) throw error;
    throw new Failure({
      code: 'script-failed',
      message: late
        ? `${stage} of the script took longer than ${timeoutMs / 1000} s`
        : `${stage} of the script failed: ${(error as Error).message}`,
      hint:
        stage === 'setup'
          ? 'Nothing was loaded. Is the server up, and are the variables right (-e NAME=VALUE)?'
          : 'What it was to tidy up may still be there',
      cause: error,
    });
  } finally {
    await client.close();
  }
}

async function answered(
  effect: Effect,
  client: ReturnType<typeof createHttpClient>,
  target: StageTarget,
  deadline: AbortSignal,
): Promise<WireOutcome | undefined> {
  if (effect.ask === 'request') return sent(effect.request, client, target, deadline);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, effect.ms);
    deadline.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(deadline.reason);
    });
  });
  return undefined;
}

async function sent(
  { method, url, headers, body, timeoutMs }: WireRequest,
  client: ReturnType<typeof createHttpClient>,
  { url: base, hostHeader, origins }: StageTarget,
  signal: AbortSignal,
): Promise<WireOutcome> {
  const isOurs = origins.includes(url.origin);
  const address = isOurs ? `${base.replace(/\/$/, '')}${url.pathname}${url.search}` : url.href;
  const lines = isOurs ? [['Host', hostHeader] as const, ...headers] : headers;
  const bytes = body === undefined || typeof body === 'string' ? body : Buffer.from(body);
  const outcome = await client.send({ method, url: address, headers: lines, body: bytes, timeoutMs, signal });
  if ('error' in outcome) return { error: outcome.error.message, waitedMs: outcome.error.totalMs };
  const { status, headers: got, totalMs } = outcome.response;
  const all = new Map<string, string[]>();
  // The body has been decoded.
  for (const [name, value] of got)
    if (name.toLowerCase() !== 'content-encoding')
      all.set(name.toLowerCase(), [...(all.get(name.toLowerCase()) ?? []), value]);
  return { status, headers: all, body: outcome.response.body, serviceMs: totalMs };
}
