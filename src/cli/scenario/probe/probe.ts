import { Failure } from '../../kernel/failure.js';
import type { Exchange } from '../check/exchange.js';
import { textOf } from '../check/exchange.js';
import { Unresolved } from '../variables/template.js';
import { Asker } from './asker.js';
import { Effects, Unjudgeable } from './effects.js';
import { changeOf } from './effects-view.js';
import { leftOut, noKey, otherBody, otherKey } from './keys.js';
import { killBetween } from './kill-between.js';
import type { KeyPlace, ProbeMeans, ProbePlan } from './probe-plan.js';
import type { CaseName, CaseResult, ProbeResult } from './probe-result.js';
import type { CaseVerdict, ProbeRun } from './probe-run.js';
import { atOnce, lostAnswer, repeat } from './repeated.js';
import { amountsOf, isDone } from './words.js';

interface ProbeCase {
  name: CaseName;
  title: string;
  run(run: ProbeRun): Promise<CaseVerdict>;
}

/** In this order: each needs what those before it have shown. */
const cases: readonly ProbeCase[] = [
  { name: 'repeat', title: 'one after another', run: repeat },
  { name: 'other-key', title: 'another key', run: otherKey },
  { name: 'at-once', title: 'at once', run: atOnce },
  { name: 'lost-answer', title: 'the answer is lost', run: lostAnswer },
  { name: 'other-body', title: 'another body', run: otherBody },
  { name: 'no-key', title: 'no key', run: noKey },
  { name: 'kill-between', title: 'killed between', run: killBetween },
];

/** What happens in a probe, as it happens. */
export interface ProbeWatch {
  /** One request alone was done: from now on it is known what one effect is. */
  begun(result: Pick<ProbeResult, 'key' | 'countedBy' | 'unit'>): void;
  ended(result: CaseResult): void;
}

/**
 * Proves or disproves that a request is idempotent by its key, judged by the effects that a GET shows, never by the answers
 * alone. Throws Failure where the request or the effects cannot be asked at all, and the signal's reason.
 */
export async function runProbe(plan: ProbePlan, means: ProbeMeans, watch: ProbeWatch): Promise<ProbeResult> {
  const { clock } = means;
  const startedMs = clock.monotonic();
  const asker = new Asker(plan, means);
  const effects = new Effects(plan, asker);
  const results: CaseResult[] = [];
  const found = { key: keyWords(plan.key), countedBy: '', unit: 0 };
  let end: { reason: string; cure: string } | undefined;
  try {
    const run = await alone(plan, asker, effects, found);
    watch.begun(found);
    for (const each of cases) {
      const result = await runCase(each, run, results);
      results.push(result);
      if (result.state === 'failed') run.failed.add(result.name);
      watch.ended(result);
    }
    await effects.before();
  } catch (error) {
    if (error instanceof Unresolved)
      throw new Failure({
        code: 'no-value',
        message: error.message,
        hint: 'Set it with --var NAME=VALUE, or capture it in the --setup scenario',
      });
    if (!(error instanceof Unjudgeable)) throw error;
    end = { reason: error.message, cure: error.cure };
  }
  const failed = results.some(({ state }) => state === 'failed');
  return {
    verdict: end !== undefined ? 'void' : failed ? 'not-idempotent' : 'idempotent',
    reason: end?.reason,
    cure: end?.cure,
    ...found,
    cases: results,
    requests: asker.sent,
    durationMs: clock.monotonic() - startedMs,
  };
}

async function runCase(
  { name, title, run }: ProbeCase,
  probe: ProbeRun,
  before: readonly CaseResult[],
): Promise<CaseResult> {
  const { clock } = probe.asker.means;
  const startedMs = clock.monotonic();
  const swallowed = before.some((each) => each.name === 'other-key' && each.effects?.found === 0);
  const verdict = swallowed
    ? leftOut('another key has no effect here, so there is nothing that a repetition could do twice')
    : await run(probe);
  return {
    name,
    title,
    why: undefined,
    cure: undefined,
    effects: undefined,
    added: [],
    answers: [],
    ...verdict,
    durationMs: clock.monotonic() - startedMs,
  };
}

/** Requests that may be tried until one was answered at once; else one effect could be two. */
const mostAlone = 5;

/**
 * Looks whether the effects hold still, then sends one request alone: what changes then is one effect. Throws Failure where
 * it is refused, Unjudgeable where nothing can be seen of it.
 */
async function alone(
  plan: ProbePlan,
  asker: Asker,
  effects: Effects,
  found: Pick<ProbeResult, 'countedBy' | 'unit'>,
): Promise<ProbeRun> {
  const still = await effects.before();
  found.countedBy = still.countedBy;
  await effects.watch(still, plan.settleMs);
  for (let turn = 1; ; turn++) {
    const before = await effects.before();
    const intent = await asker.intent();
    const { last, tries } = await asker.untilDecided(intent);
    if (!isDone(last)) throw refused(plan, asker, last);
    const after = await effects.atRest(before, true);
    const { change } = changeOf(before, after);
    if (tries.length > 1 && turn < mostAlone) continue;
    if (change === 0) throw unseen(plan, after.countedBy, last);
    found.unit = change;
    found.countedBy = after.countedBy;
    return {
      plan,
      asker,
      effects,
      unit: change,
      amount: amountsOf(plan.effects.path, change),
      first: { intent, answer: last },
      failed: new Set(),
    };
  }
}

function unseen(plan: ProbePlan, countedBy: string, { response }: Exchange): Unjudgeable {
  const { method, path } = plan.effects;
  return new Unjudgeable(
    `a request that was answered with ${response?.status} changed nothing of what is counted (${countedBy} of ${method} ${path})`,
    'Name a GET that shows what the request does (a longer page, ?limit=1000, or the newest first), say with --effects-count what counts, or give it more time: --within 30s',
  );
}

/** Failure `request-refused`: the very first request is not done, so nothing can be probed. */
function refused({ request }: ProbePlan, asker: Asker, { response, error }: Exchange): Failure {
  const cures: Record<number, string> = {
    400: 'Give a body that it takes: --body JSON or @FILE',
    401: "Sign in: -H 'Authorization: Bearer ...', or --setup SCENARIO that logs in",
    403: 'Sign in as somebody who may do it: -H, or --setup SCENARIO that logs in',
    404: 'Give the method and path of a request that is there',
    405: 'Give the method and path of a request that is there',
    409: 'Let it be another request each time, with a generator in the body: {"login": "u-{{$uuid}}"}',
    415: "Say what the body is: -H 'Content-Type: ...'",
    422: 'Give a body that it takes: --body JSON or @FILE',
    428: "It wants If-Match: --if-match 'GET /orders' sends the ETag of that",
  };
  const status = response?.status;
  return new Failure({
    code: 'request-refused',
    message: `the request alone is not done: ${request.method} ${request.path} was ${
      response === undefined ? `not answered: ${error?.message}` : `answered with status ${status}`
    }`,
    details: response === undefined ? [] : [asker.excerpt(textOf(response))].filter((text) => text !== ''),
    hint: cures[status ?? 0] ?? 'Send it yourself until it is answered with 2xx; then probe it',
  });
}

function keyWords(key: KeyPlace): string {
  switch (key.in) {
    case 'header':
      return `the header ${key.name}`;
    case 'field':
      return `the field ${key.path.join('.')} of the body`;
    case 'if-match':
      return `If-Match with the ETag of ${key.resource.method} ${key.resource.path}`;
    case 'template':
      return 'where {{key}} stands';
  }
}
