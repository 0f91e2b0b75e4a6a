import type { Exchange } from '../check/exchange.js';
import type { Intent } from './asker.js';
import { withOtherBody, withoutKey } from './carry.js';
import { Unjudgeable } from './effects.js';
import { type CaseVerdict, figures, happenedText, isAsExpected, measure, type ProbeRun } from './probe-run.js';
import { answersText, census, isDone, isRefused, sameBody } from './words.js';

/** The same request with a key of its own: without this, a service that does nothing would pass. */
export async function otherKey(run: ProbeRun): Promise<CaseVerdict> {
  const { asker, amount } = run;
  const intent = await asker.intent();
  const measured = await measure(run, 1, async () => (await asker.untilDecided(intent)).tries);
  const last = measured.exchanges.at(-1)!;
  const base = {
    ...figures(measured),
    sent: 'the same request with another key',
    expected: `${amount(1)} more`,
    happened: happenedText(measured, amount),
  };
  if (isAsExpected(measured)) return { ...base, state: 'passed' };
  if (measured.found === 0 && !isDone(last)) {
    throw new Unjudgeable(
      `the same request with another key is refused (${answersText(census([last]))}), so repetitions cannot be told from it`,
      'Let the request be another one each time, with a generator: {"login": "u-{{$uuid}}"}; or give its user what it needs for more than one',
    );
  }
  return {
    ...base,
    state: 'failed',
    ...(measured.found === 0
      ? {
          why: 'Who wants the same thing twice, on purpose, gets it once, and is told that all is well: the service goes by something else than the key.',
          cure: 'Go by the key alone: the body says what is wanted, the key how often.',
        }
      : {
          why: `One intent made ${amount(measured.found)}, without being repeated${measured.exchanges.length > 1 ? ' but after an error' : ''}.`,
          cure: 'Keep the key before or with the effect, in one transaction, so that an error takes both back.',
        }),
  };
}

/** The same key with another body: a client that errs, or two that came upon one key. */
export async function otherBody(run: ProbeRun): Promise<CaseVerdict> {
  const { asker, amount, plan } = run;
  const intent = await asker.intent();
  const other = await changed(run, intent);
  if (other === undefined)
    return leftOut('the body is no JSON with a number or a text to change, and --other-body names no other one');
  const said: Exchange[] = [];
  const measured = await measure(run, 1, async () => {
    const tried = [
      await asker.untilDecided(intent),
      await asker.untilDecided({ ...intent, request: other.request }),
      await asker.untilDecided(intent),
    ];
    said.push(...tried.map(({ last }) => last));
    return tried.flatMap(({ tries }) => tries);
  });
  const [original, answer, again] = said as [Exchange, Exchange, Exchange];
  const told = answersText(census([answer])).replace('answers: ', '');
  const base = {
    ...figures(measured),
    sent: `a request, then one with its key and another body (${other.what}), then the first again`,
    expected: `${amount(1)}, and the other body refused: ${plan.key.in === 'if-match' ? '412' : '422'}`,
    happened: `${happenedText(measured, amount)}; the other body was answered with ${told}`,
  };
  if (!isAsExpected(measured)) {
    return {
      ...base,
      state: 'failed',
      why:
        measured.found > 1
          ? `One key made ${amount(measured.found)}: a client whose retry differs in one character (a time, a comma) gets more than it wanted.`
          : 'One key, two bodies, and nothing is there.',
      cure: 'Look the key up first; where it is known with another body, answer 422 and do nothing.',
    };
  }
  if (isDone(original) && !isDone(again) && plan.key.in !== 'if-match' && isRefused(answer)) {
    return {
      ...base,
      state: 'warning',
      why: 'The other body was refused, but the original is not answered any more either.',
      cure: 'A refusal must leave what is kept of the key as it is.',
    };
  }
  if (isRefused(answer)) return { ...base, state: 'passed' };
  return {
    ...base,
    state: 'warning',
    why: isDone(answer)
      ? `The other body was answered as done${sameBody(answer, original) ? ' with the answer of the first' : ''}, and nothing was done: whoever sent it by mistake never learns that it was not taken.`
      : 'Nothing happened twice, but the service broke where it should have refused.',
    cure: 'Keep a digest of the body with the key; answer 422 to another one (draft-ietf-httpapi-idempotency-key-header, section 2.7).',
  };
}

async function changed({ plan, asker }: ProbeRun, { key, request }: Intent) {
  if (plan.otherBody === undefined) return withOtherBody(request, plan.key);
  return {
    request: await asker.build({ ...plan.request, body: plan.otherBody }, key),
    what: 'the one of --other-body',
  };
}

/** A request that carries no key at all. */
export async function noKey(run: ProbeRun): Promise<CaseVerdict> {
  const { asker, amount, plan } = run;
  const request = withoutKey((await asker.intent()).request, plan.key);
  if (request === undefined) return leftOut('the key is a part of the request that cannot be left out');
  const wanted = plan.key.in === 'if-match' ? '428' : '400';
  const intent = { key: '', request, isDone: true };
  const measured = await measure(run, 0, async () => (await asker.untilDecided(intent)).tries);
  const answer = measured.exchanges.at(-1)!;
  const base = {
    ...figures(measured),
    sent: 'the request without a key',
    expected: `${amount(0)}, and the request refused: ${wanted}`,
    happened: happenedText(measured, amount),
  };
  if (isRefused(answer) && isAsExpected(measured)) return { ...base, state: 'passed' };
  return {
    ...base,
    state: 'warning',
    why: isRefused(answer)
      ? 'It was refused, and done all the same.'
      : isAsExpected(measured)
        ? 'It was not refused, and did nothing: a client without a key never learns why.'
        : 'The key is optional: whoever forgets it, or has an old version of the client, is not protected, and nobody notices.',
    cure: `Refuse a request without a key with ${wanted}${plan.key.in === 'if-match' ? ' (RFC 6585 section 3)' : ' (draft-ietf-httpapi-idempotency-key-header, section 2.7)'}, and say in the answer what is missing.`,
  };
}

/** A case that cannot be tried here, and why. */
export function leftOut(why: string): CaseVerdict {
  return { state: 'left-out', sent: why, expected: '', happened: '' };
}
