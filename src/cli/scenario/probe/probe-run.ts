import type { Exchange } from '../check/exchange.js';
import type { Asker, Intent } from './asker.js';
import type { Effects } from './effects.js';
import { changeOf } from './effects-view.js';
import type { ProbePlan } from './probe-plan.js';
import type { CaseName, CaseResult } from './probe-result.js';
import { type Amount, addedText, answersText, census, isDone } from './words.js';

/** What all cases of one probe share. */
export interface ProbeRun {
  plan: ProbePlan;
  asker: Asker;
  effects: Effects;
  /** By how much one request alone changes what is counted. */
  unit: number;
  /** Effects in words. */
  amount: Amount;
  /** The intent that was sent alone, and its answer. */
  first: { intent: Intent; answer: Exchange };
  /** The cases that failed so far. */
  failed: Set<CaseName>;
}

/** What happened while a case acted. */
export interface Measured {
  /** Effects: the change in units. */
  found: number;
  expected: number;
  added: string[];
  exchanges: Exchange[];
}

/** What one case says, without what all have alike. */
export type CaseVerdict = Pick<CaseResult, 'state' | 'sent' | 'expected' | 'happened'> &
  Partial<Pick<CaseResult, 'why' | 'cure' | 'effects' | 'added' | 'answers'>>;

/**
 * Acts, and measures what became of it. Before a service is blamed for too much, the effects are watched for as long as it
 * took: what comes without us then is not its fault. Throws Unjudgeable.
 */
export async function measure(
  run: ProbeRun,
  expected: number,
  act: () => Promise<Exchange[]>,
  withinMs?: number,
): Promise<Measured> {
  const { effects, asker, plan, unit } = run;
  const { clock } = asker.means;
  const before = await effects.before();
  const startedMs = clock.monotonic();
  const exchanges = await act();
  const after = await effects.atRest(before, expected > 0 && exchanges.some(isDone), withinMs);
  const { change, added } = changeOf(before, after);
  const found = change / unit;
  if (found > expected) await effects.watch(after, Math.max(plan.settleMs, clock.monotonic() - startedMs));
  return { found, expected, added, exchanges };
}

/** Several measures as one. */
export function together(parts: readonly Measured[]): Measured {
  return {
    found: sum(parts.map(({ found }) => found)),
    expected: sum(parts.map(({ expected }) => expected)),
    added: parts.flatMap(({ added }) => added),
    exchanges: parts.flatMap(({ exchanges }) => exchanges),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** What was measured, for a verdict. */
export function figures({ found, expected, added, exchanges }: Measured) {
  return { effects: { expected, found }, added: added.slice(0, 20), answers: census(exchanges) };
}

/** `3 orders (17, 18, 19); answers: 20 × 200`. */
export function happenedText({ found, added, exchanges }: Measured, amount: Amount): string {
  return `${amount(found)}${addedText(added)}; ${answersText(census(exchanges))}`;
}

/** Whether it is as it should be; a fraction of an effect is none of these. */
export function isAsExpected({ found, expected }: Measured): boolean {
  return Math.abs(found - expected) < 1e-6;
}
