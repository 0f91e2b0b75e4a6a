import { Failure } from '../../kernel/failure.js';
import type { Exchange } from '../check/exchange.js';
import type { Intent } from './asker.js';
import { leftOut } from './keys.js';
import {
  type CaseVerdict,
  figures,
  happenedText,
  isAsExpected,
  type Measured,
  measure,
  type ProbeRun,
  together,
} from './probe-run.js';
import { answersText, census, isDone } from './words.js';

/** Milliseconds from the request to the kill, round by round: where in a request's life a kill strikes is chance. */
const killAfterMs = [0, 5, 20, 1];

/**
 * The workload is killed as the request is sent; the client asks again until it is back. Then the key of a request that was
 * answered long before is used again: what is kept in memory alone is gone by now.
 */
export async function killBetween(run: ProbeRun): Promise<CaseVerdict> {
  const { plan, asker, amount, first } = run;
  const { clock, signal, fault } = asker.means;
  const { kill } = plan;
  if (kill === undefined || fault === undefined) return leftOut(plan.noKill);
  const rounds: Measured[] = [];
  const retries: Exchange[] = [];
  const strike = async (intent: Intent, delayMs: number) => {
    const sent = asker.send(intent.request);
    // Told by the kill, where both fail.
    sent.catch(() => undefined);
    if (delayMs > 0) await clock.sleep(delayMs, signal);
    await strikeDown(run, kill);
    const answer = await sent;
    asker.note(intent, answer);
    const { last, tries } = await asker.untilDecided(intent, plan.backWithinMs);
    if (!isDone(answer)) retries.push(last);
    return [answer, ...tries];
  };
  for (const delayMs of killAfterMs.slice(0, plan.rounds)) {
    const intent = await asker.intent();
    rounds.push(await measure(run, 1, () => strike(intent, delayMs), plan.backWithinMs));
    if (!isAsExpected(rounds.at(-1)!)) break;
  }
  const bad = rounds.find((round) => !isAsExpected(round));
  const all = together(rounds);
  const sent = `a request, ${kill} killed while it is worked on, then again with the same key until it is back; ${rounds.length} ${rounds.length === 1 ? 'time' : 'times'}`;
  const base = { ...figures(all), sent, expected: `${amount(1)} each time, kill or no kill` };
  if (bad !== undefined)
    return { ...base, state: 'failed', happened: happenedText(bad, amount), ...killBlame(bad, run) };
  const later = await measure(run, 0, async () => [(await asker.untilDecided(first.intent)).last]);
  const whole = {
    ...figures(together([...rounds, later])),
    sent: `${sent}; at last the key of the very first request again`,
  };
  if (!isAsExpected(later)) {
    return {
      ...base,
      ...whole,
      state: 'failed',
      happened: `${amount(1)} each time, but after the kills an old key made ${happenedText(later, amount)}`,
      why: 'The service forgets its keys when it ends. Every restart, every new version, every second replica makes old requests new ones.',
      cure: 'Keep the keys where the effects are kept: in the database, in the same transaction, not in the memory of the process.',
    };
  }
  const happened = `${amount(1)} each time; ${answersText(census(all.exchanges))}`;
  const unanswered = retries.filter((each) => !isDone(each));
  if (unanswered.length === 0 || plan.key.in === 'if-match') return { ...base, ...whole, state: 'passed', happened };
  return {
    ...base,
    ...whole,
    state: 'warning',
    happened,
    why: `Nothing happened twice, but after the kill the retry was told ${answersText(census(unanswered)).replace('answers: ', '')}: the client never learns that it is done.`,
    cure: 'Keep the answer in the transaction of the effect, so that it survives what the process does not.',
  };
}

/** Kills the workload; one that is still on its way back from the kill before is waited for. Throws Failure. */
async function strikeDown({ plan, asker }: ProbeRun, service: string): Promise<void> {
  const { clock, signal, fault } = asker.means;
  const endMs = clock.monotonic() + plan.backWithinMs;
  for (;;) {
    try {
      await fault?.({ kind: 'kill', service });
      return;
    } catch (error) {
      const isAway = error instanceof Failure && error.code === 'not-running';
      if (!isAway || clock.monotonic() > endMs) throw error;
      await clock.sleep(200, signal);
    }
  }
}

function killBlame({ found, exchanges }: Measured, { amount, plan }: ProbeRun): Pick<CaseVerdict, 'why' | 'cure'> {
  if (found > 1) {
    return {
      why: `${plan.kill} ended in the midst of the request, and the retry made ${amount(found)} of what was wanted once: the effect was kept and the key was not.`,
      cure: 'Write the key and the effect in one transaction: either both are there after a kill, or neither.',
    };
  }
  if (found < 0) {
    return {
      why: 'What had been answered as done before the kill is gone: it was in the memory of the process alone.',
      cure: 'Answer once what is done is on disk: in a database, or a volume that outlives the process.',
    };
  }
  return exchanges.some(isDone)
    ? {
        why: 'It was answered as done, and is not there after the kill.',
        cure: 'Answer after the commit, not before it.',
      }
    : {
        why: 'Nothing happened, and with this key nothing can: the key was taken before the work, and the kill left it taken.',
        cure: 'Write the key and the effect in one transaction, or let a key that is under way run out.',
      };
}
