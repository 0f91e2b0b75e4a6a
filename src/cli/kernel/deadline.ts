import { createContext, Script } from 'node:vm';

/** Milliseconds that what a file says (a pattern, a path) may work on what a server said. */
const workDeadlineMs = 1000;
const attempts = 3;

/** Work that did not come to its end in time. */
export class TooSlow extends Error {}

const box = createContext(Object.assign(Object.create(null) as object, { work: undefined as unknown }));
const script = new Script('work()');
const givenUp = new Map<string, number>();

/**
 * Does `work`, which never waits, for at most `deadlineMs` of time: node:vm ends it there, in the midst of a regular
 * expression too, and signals are heard afterwards. Takes some 0.1 ms. What ran out of time three times (`what` names it)
 * is not tried again in this thread: under load each try would hold up all the others. Throws TooSlow.
 */
export function withinDeadline<T>(what: string, work: () => T, deadlineMs = workDeadlineMs): T {
  const failures = givenUp.get(what) ?? 0;
  const message = `${what} did not come to an end within ${deadlineMs / 1000} s`;
  if (failures >= attempts) throw new TooSlow(`${message}, ${attempts} times: it is not tried again`);
  const before = box.work;
  box.work = work;
  try {
    return script.runInContext(box, { timeout: deadlineMs }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    givenUp.set(what, failures + 1);
    throw new TooSlow(message);
  } finally {
    box.work = before;
  }
}
