import type { Exchange } from '../check/exchange.js';
import { Gate } from '../run/gate.js';
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
import { answersText, census, isDone, isRefused, sameBody } from './words.js';

const repeats = 3;
/**
 * How the answer is lost, round by round, and how many milliseconds later the client asks again: on its way, when all is
 * done; with the connection, when nothing may have begun; and while it is worked on.
 */
const losses = [
  { lose: 'response', retryAfterMs: 0 },
  { lose: 'connection', retryAfterMs: 0 },
  { lose: 'connection', retryAfterMs: 50 },
  { lose: 'connection', retryAfterMs: 200 },
] as const;

/** The request again and again, one after another, with the key of the first. */
export async function repeat(run: ProbeRun): Promise<CaseVerdict> {
  const { asker, amount, first, plan } = run;
  const last: Exchange[] = [];
  const measured = await measure(run, 0, async () => {
    const tried = [];
    for (let i = 0; i < repeats; i++) tried.push(await asker.untilDecided(first.intent));
    last.push(...tried.map((each) => each.last));
    return tried.flatMap(({ tries }) => tries);
  });
  const base = {
    ...figures(measured),
    sent: `the first request ${repeats} times more, one after another, with its key`,
    expected: `${amount(0)} more, and the answer of the first again`,
  };
  if (!isAsExpected(measured)) {
    return {
      ...base,
      state: 'failed',
      happened: happenedText(measured, amount),
      why: `A button pressed twice, or a library that retries by itself, does it again: ${amount(measured.found)} too many here.`,
      cure: 'Keep the key with what it made, under a unique constraint, and answer a key that is known with what is kept.',
    };
  }
  const alike = last.every((each) => isDone(each) && sameBody(each, first.answer));
  if (alike || (plan.key.in === 'if-match' && last.every(isRefused))) {
    const answer = alike ? 'the same answer each time' : 'refused: the ETag is an old one by now';
    return { ...base, state: 'passed', happened: `${amount(0)} more; ${answer}` };
  }
  return {
    ...base,
    state: 'warning',
    happened: `${amount(0)} more; ${answersText(census(last))}${last.every(isDone) ? ', with another body than at first' : ''}`,
    why: 'Nothing happened twice. But whoever lost the first answer does not get it by asking again, and may take this one for a failure.',
    cure: 'Keep the answer with the key, in the same transaction, and give it again (draft-ietf-httpapi-idempotency-key-header, section 2.6).',
  };
}

/** Copies released together: whoever looks for the key before it writes it, finds none of them. */
export async function atOnce(run: ProbeRun): Promise<CaseVerdict> {
  const { plan, amount, asker } = run;
  const rounds: Measured[] = [];
  let decidedLate = 0;
  while (rounds.length < plan.rounds && rounds.every(isAsExpected)) {
    const intent = await asker.intent();
    rounds.push(
      await measure(run, 1, async () => {
        const exchanges = await released(run, intent.request);
        for (const each of exchanges) asker.note(intent, each);
        if (intent.isDone) return exchanges;
        decidedLate++;
        return [...exchanges, ...(await asker.untilDecided(intent)).tries];
      }),
    );
  }
  const all = together(rounds);
  const [bad] = rounds.filter((round) => !isAsExpected(round));
  const base = {
    ...figures(all),
    sent: `${plan.duplicates} equal requests at once with one key, in ${rounds.length} ${rounds.length === 1 ? 'round' : 'rounds'}`,
    expected: `${amount(1)} a round`,
    happened:
      bad === undefined ? `${amount(1)} a round; ${answersText(census(all.exchanges))}` : happenedText(bad, amount),
  };
  if (bad !== undefined) return { ...base, state: 'failed', ...raceBlame(bad, run) };
  const turnedAway = all.exchanges.filter(({ response }) => response?.status === 429).length;
  const broken = all.exchanges.filter(
    ({ response }) => response === undefined || (response.status >= 500 && response.status !== 503),
  );
  if (turnedAway * 2 > all.exchanges.length || decidedLate === rounds.length) {
    return {
      ...base,
      state: 'warning',
      why: 'Nearly all copies were turned away before they could race, so little is proven of what happens when they do.',
      cure: 'Lift the rate limit for the probe, or ask for fewer with --duplicates.',
    };
  }
  if (broken.length > 0) {
    return {
      ...base,
      state: 'warning',
      why: `Nothing happened twice, but ${broken.length} of ${all.exchanges.length} copies got a server error or no answer: where the constraint stops a copy, nobody seems to catch it.`,
      cure: 'Answer a copy with what the first one got, or with 409 and Retry-After while that is under way.',
    };
  }
  const done = rounds.map(({ exchanges }) => exchanges.filter(isDone));
  if (done.some((round) => round.some((each) => !sameBody(each, round[0]!)))) {
    return {
      ...base,
      state: 'warning',
      why: 'Nothing happened twice, but copies were answered as done with different bodies: not each of them names what really is there.',
      cure: 'Give every copy the answer that is kept with the key.',
    };
  }
  return { ...base, state: 'passed' };
}

function raceBlame(
  { found, exchanges }: Measured,
  { amount, plan, failed }: ProbeRun,
): Pick<CaseVerdict, 'why' | 'cure'> {
  if (found > 1 && failed.has('repeat')) {
    return {
      why: `${plan.duplicates} equal requests at once made ${amount(found)}, as those one after another made more than one.`,
      cure: 'Mend that first; then look here again, for what only a race shows.',
    };
  }
  if (found > 1) {
    return {
      why: `${plan.duplicates} equal requests at once made ${amount(found)}: each looked for the key before another had written it. Two tabs, an impatient client or a proxy that retries do the same.`,
      cure: 'Let the database decide: a unique constraint on the key, and INSERT ... ON CONFLICT DO NOTHING in the transaction of the effect, instead of SELECT and then INSERT.',
    };
  }
  return {
    why: exchanges.some(isDone)
      ? 'It was answered as done, and nothing happened.'
      : 'Copies that came together blocked one another for good: nothing happened, and nothing can with this key.',
    cure: 'Write the key, the effect and the kept answer in one transaction; what fails must give the key free.',
  };
}

/** As many copies as the plan says, held before their last byte until all are there (RFC 9110 knows no other way to be that close). */
async function released({ plan, asker }: ProbeRun, request: Parameters<typeof asker.send>[0]): Promise<Exchange[]> {
  const gate = new Gate(asker.means.clock);
  const sends = Array.from({ length: plan.duplicates }, () => gate.member((hold) => asker.send(request, { hold })));
  gate.ready();
  return Promise.all(sends.map((send) => send()));
}

/** The answer does not arrive; the client asks again, as it must. */
export async function lostAnswer(run: ProbeRun): Promise<CaseVerdict> {
  const { plan, amount, asker } = run;
  const { clock, signal } = asker.means;
  const rounds: Measured[] = [];
  const retries: Exchange[] = [];
  for (const { lose, retryAfterMs } of losses.slice(0, plan.rounds)) {
    const intent = await asker.intent();
    const round = await measure(run, 1, async () => {
      await asker.send(intent.request, { lose });
      if (retryAfterMs > 0) await clock.sleep(retryAfterMs, signal);
      const { last, tries } = await asker.untilDecided(intent);
      retries.push(last);
      return tries;
    });
    rounds.push(round);
    if (!isAsExpected(round)) break;
  }
  const all = together(rounds);
  const bad = rounds.find((round) => !isAsExpected(round));
  const base = {
    ...figures(all),
    sent: `a request whose answer is lost (on its way, or the connection is cut once it is sent), then again with the same key; ${rounds.length} ${rounds.length === 1 ? 'time' : 'times'}`,
    expected: `${amount(1)} each time, and an answer to the retry`,
    happened:
      bad === undefined ? `${amount(1)} each time; ${answersText(census(all.exchanges))}` : happenedText(bad, amount),
  };
  if (bad !== undefined && bad.found > 0) {
    return {
      ...base,
      state: 'failed',
      why: `The train went into a tunnel: the answer was lost, the client asked again, and there are ${amount(bad.found)} of what was wanted once.`,
      cure: 'Keep the key in the transaction of the effect, whether or not the client still listens.',
    };
  }
  if (bad !== undefined) {
    return {
      ...base,
      state: 'failed',
      why: bad.exchanges.some(isDone)
        ? 'The retry was answered as done, and nothing happened: the key was kept, the effect was not.'
        : 'Nothing happened, and with this key nothing can: the key was taken before the work, and is not given free where that ends early.',
      cure: 'Write the key and the effect in one transaction; where they cannot be, let a key that is under way run out.',
    };
  }
  const unanswered = retries.filter((each) => !isDone(each));
  if (unanswered.length > 0 && !(plan.key.in === 'if-match' && unanswered.every(isRefused))) {
    return {
      ...base,
      state: 'warning',
      why: `Nothing happened twice, but whoever asked again was told ${answersText(census(unanswered)).replace('answers: ', '')} and never learns that it is done.`,
      cure: 'Answer a key that is known with the answer that is kept; 409 is for one that is still under way.',
    };
  }
  return { ...base, state: 'passed' };
}
