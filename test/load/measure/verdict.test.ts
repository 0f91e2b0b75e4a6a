import t from 'tap';
import { judge, type VerdictFigures } from '../../../src/cli/load/measure/verdict.js';
import { verdictMeaning } from '../../../src/cli/report/load/words.js';

const quiet: VerdictFigures = {
  startLagCount: 1000,
  startLagP99Ms: 0.2,
  responseP99Ms: 5,
  wakeUpCount: 1000,
  wakeUpP99Ms: 0.1,
  scheduled: 1000,
  droppedMaxInFlight: 0,
  droppedUserBusy: 0,
  due: 1000,
  eventLoopUtilization: 0.2,
  cpuCores: 0.3,
  cpuAvailable: 2,
  elapsedMs: 10_000,
  waitingShare: 0.05,
  throttledMs: 0,
  sent: 1000,
  filesExhausted: 0,
  portsExhausted: 0,
  portsHeld: 0,
  clockStepMs: 0,
  gcLongestMs: 2,
  lostThreads: 0,
  lostPods: [],
  over: true,
};

t.test('judges the generator by each of its figures', async (t) => {
  const table: [string, Partial<VerdictFigures>, string, string[]][] = [
    ['quiet', {}, 'VALID', []],
    ['late, but small beside the responses', { startLagP99Ms: 4, responseP99Ms: 100 }, 'VALID', []],
    ['late', { startLagP99Ms: 4, responseP99Ms: 9 }, 'DEGRADED', ['start-lag']],
    ['very late beside very slow responses', { startLagP99Ms: 300, responseP99Ms: 5000 }, 'DEGRADED', ['start-lag']],
    ['most of the response is the generator', { startLagP99Ms: 300, responseP99Ms: 400 }, 'VOID', ['start-lag']],
    ['late and nothing answered', { startLagP99Ms: 300, responseP99Ms: 0 }, 'VOID', ['start-lag']],
    ['too few to judge', { startLagCount: 5, startLagP99Ms: 300 }, 'VALID', []],
    ['a slow server alone', { responseP99Ms: 9000 }, 'VALID', []],
    ['a few drops at the cap', { droppedMaxInFlight: 40 }, 'DEGRADED', ['dropped']],
    ['many drops at the cap', { droppedMaxInFlight: 60 }, 'VOID', ['dropped']],
    ['users that could not keep the pace', { droppedUserBusy: 40 }, 'DEGRADED', ['dropped']],
    ['users that were far from their pace', { droppedUserBusy: 60 }, 'VOID', ['dropped']],
    ['behind the schedule', { scheduled: 950 }, 'DEGRADED', ['rate']],
    ['far behind the schedule', { scheduled: 500 }, 'VOID', ['rate']],
    ['closed model has no schedule', { due: undefined, scheduled: 5 }, 'VALID', []],
    ['one thread flat out', { eventLoopUtilization: 0.99 }, 'DEGRADED', ['event-loop']],
    ['the whole machine', { cpuCores: 1.95 }, 'DEGRADED', ['cpu']],
    ['kept from the CPU', { waitingShare: 0.4 }, 'DEGRADED', ['starved']],
    ['throttled a little', { throttledMs: 300 }, 'DEGRADED', ['throttled']],
    ['throttled a lot', { throttledMs: 3000 }, 'VOID', ['throttled']],
    ['out of files', { filesExhausted: 500 }, 'VOID', ['sockets']],
    ['out of ports, once', { portsExhausted: 1 }, 'DEGRADED', ['sockets']],
    ['nearly out of ports', { portsHeld: 0.9 }, 'DEGRADED', ['sockets']],
    ['clock set', { clockStepMs: 3_600_000 }, 'DEGRADED', ['clock']],
    ['long collection', { gcLongestMs: 80 }, 'DEGRADED', ['gc']],
    ['a thread died', { lostThreads: 1 }, 'VOID', ['lost-thread']],
    ['it ended before it began', { over: true, sent: 0 }, 'VOID', ['nothing-sent']],
    ['it has not begun', { over: false, sent: 0, scheduled: 0, due: 0 }, 'VALID', []],
    ['a pod is gone', { lostPods: ['pod load-1 was lost at 3.2 s'] }, 'VOID', ['lost-pod']],
  ];
  for (const [what, figures, state, codes] of table) {
    const verdict = judge({ ...quiet, ...figures });
    t.equal(verdict.state, state, what);
    t.same(
      verdict.reasons.map(({ code }) => code),
      codes,
      what,
    );
  }
});

t.test('says who was late: the machine or the engine', async (t) => {
  const late: VerdictFigures = { ...quiet, startLagP99Ms: 30, responseP99Ms: 40 };
  const reason = (figures: Partial<VerdictFigures>) => judge({ ...late, ...figures }).reasons[0]?.message ?? '';
  t.match(reason({ wakeUpP99Ms: 28 }), /It is the machine: the machine woke a sleeping thread 28 ms late at p99/);
  t.match(reason({ waitingShare: 0.1 }), /It is the machine: a thread of hwctl that had work waited for a core 10% of/);
  t.match(
    reason({ wakeUpP99Ms: 0.3 }),
    /It is hwctl, not the machine \(the machine woke a sleeping thread 0\.3 ms late/,
  );
  t.match(reason({ wakeUpCount: 3 }), /It is hwctl, not the machine: lower the rate/);
});

t.test('drops are told as what they are: of whom the latencies are', (t) => {
  const told = (dropped: number) => {
    const verdict = judge({ ...quiet, droppedMaxInFlight: dropped });
    return `${verdictMeaning(verdict)} | ${verdict.reasons.map(({ message }) => message).join()}`;
  };
  t.match(
    told(40),
    /a part of the load asked for was never sent.*40 of 1000.*latencies are of those that were sent only/,
  );
  t.match(
    told(510),
    /much of the load asked for was never sent.*510 of 1000.*\(51%\).*of the load asked for they are not/,
  );
  t.match(verdictMeaning(judge({ ...quiet, startLagP99Ms: 300, responseP99Ms: 400 })), /generator was the bottleneck/);
  t.end();
});
