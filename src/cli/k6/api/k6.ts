import { errorValue, textOf } from '../language/coerce.js';
import {
  Callable,
  callNow,
  callSteps,
  Fault,
  known,
  type Machine,
  NotRead,
  type Steps,
  Thrown,
} from '../language/machine.js';
import { ownEntries } from '../language/properties.js';
import type { Vu } from './vu.js';

/** Longest think time: an hour. */
const longestSleepMs = 3_600_000;

/** Whether a condition holds; undefined where it is not read, and the user has said that such are left out. */
function judged(condition: unknown, value: unknown, machine: Machine): boolean | undefined {
  try {
    return Boolean(condition instanceof Callable ? callNow(condition, [value], machine) : condition);
  } catch (error) {
    if (error instanceof NotRead) return undefined;
    throw error;
  }
}

/** `k6`: check, group, sleep, fail. */
export const k6Members: Record<string, unknown> = {
  check: known('check', ([value, sets], machine) => {
    let all = true;
    for (const [name, condition] of ownEntries(sets ?? {})) {
      const holds = judged(condition, value, machine);
      if (holds === undefined) continue;
      (machine as Vu).around.check(name, holds);
      all &&= holds;
    }
    return all;
  }),
  group: new Callable('group', true, function* ([name, body], machine): Steps {
    const { groups } = machine as Vu;
    groups.push(textOf(name));
    try {
      return yield* callSteps(body, [], machine);
    } finally {
      groups.pop();
    }
  }),
  sleep: new Callable('sleep', true, function* ([seconds]): Steps {
    const ms = Number(seconds) * 1000;
    if (!(ms >= 0)) throw new Fault('sleep takes a number of seconds');
    yield { ask: 'sleep', ms: Math.min(ms, longestSleepMs) };
    return undefined;
  }),
  fail: known('fail', ([message]) => {
    throw new Thrown(errorValue('Error', textOf(message ?? '')));
  }),
  randomSeed: known('randomSeed', () => undefined),
};
