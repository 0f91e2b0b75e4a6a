import { PerformanceObserver, performance } from 'node:perf_hooks';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { shareOf } from '../arrivals/schedule.js';
import { basePath, compileRequest, hostHeader } from '../http/request.js';
import { threadClock } from '../memory/clock-us.js';
import { arrivalRing, control, controlMemory, counter, measured, workerMemory } from '../memory/memory.js';
import { type LoadPlan, planSteps } from '../plan/plan.js';
import { Engine } from './engine.js';
import type { FlowContext, FlowModule } from './flow.js';
import { type CompiledWork, parseHeaders } from './iteration.js';
import { Recorder } from './recorder.js';
import type { IoThreadData, IoThreadMessage } from './thread.js';
import type { WarmUpData } from './warm-up.js';

/** To open connections before the start: for the first, and for each further one. */
const openTimeoutMs = 5000;
const openEachMs = 2;
const sampleMs = 200;

async function main(data: IoThreadData, port: MessagePort): Promise<void> {
  const { plan } = data;
  const say = (message: IoThreadMessage) => port.postMessage(message);
  const clockUs = threadClock();
  const checks: Record<string, { passed: number; failed: number }> = {};
  const memory = workerMemory(planSteps(plan).length, data.memory, plan.measures?.length);
  const place = { index: plan.shard.index * plan.workers + data.thread, count: plan.shard.count * plan.workers };
  const works = await compileWorks(plan, {
    place,
    check(name, passed) {
      checks[name] ??= { passed: 0, failed: 0 };
      checks[name][passed ? 'passed' : 'failed']++;
      memory.counters[passed ? counter.checksPassed : counter.checksFailed]!++;
    },
    measure(index, value) {
      const { values, sums } = memory.measures[index]!;
      values.record(value * 1000);
      sums[measured.count]!++;
      sums[measured.sum]! += value;
      if (value !== 0) sums[measured.nonZero]!++;
      sums[measured.last] = value;
    },
  });
  say({ type: 'loaded' });
  await told(port);
  if (data.warmUp !== undefined) await warmUp(data.warmUp, data.thread, clockUs);

  const recorder = new Recorder(memory, planSteps(plan).length === 1, data.records);
  const steering = controlMemory(data.control);
  let originUs = 0;
  const nowUs = () => clockUs() - originUs;
  const onDone = () => {
    clearInterval(sampler);
    flush();
    const server = parseHeaders(engine.firstHead).get('server')?.[0];
    say({ type: 'done', checks, server, busy: engine.connections.countBusy() });
    engine.connections.close();
    port.close();
  };
  const ring = arrivalRing(data.ring);
  const engine = new Engine({ plan, dial: data.dial, works, recorder, ring, control: steering, nowUs, place, onDone });
  const flush = () => {
    const records = recorder.takeRecords();
    if (records.length > 0) say({ type: 'records', records });
  };
  const observeLoop = loopObserver(memory.counters);
  const sampler = setInterval(() => {
    observeLoop();
    flush();
  }, sampleMs);
  const connections = shareOf(plan.connections, place.index, place.count);
  await engine.open(connections, openTimeoutMs + openEachMs * connections);
  say({ type: 'ready' });
  await told(port);
  originUs = steering.numbers[control.numbers.originUs]!;
  engine.start();
}

/** The next word of run.ts. */
function told(port: MessagePort): Promise<void> {
  return new Promise((resolve) => port.once('message', () => resolve()));
}

/** Runs the throwaway plan to its end; see warm-up.ts. */
async function warmUp(data: WarmUpData, thread: number, clockUs: () => number): Promise<void> {
  const { plan } = data;
  const steering = controlMemory(data.control);
  const originUs = steering.numbers[control.numbers.originUs]!;
  const works = await compileWorks(plan, {
    place: { index: 0, count: 1 },
    check: () => undefined,
    measure: () => undefined,
  });
  await new Promise<void>((resolve, reject) => {
    const engine = new Engine({
      plan,
      dial: { addresses: [{ host: '127.0.0.1', port: data.port }] },
      works,
      recorder: new Recorder(workerMemory(1, data.memory), true, false),
      ring: arrivalRing(data.ring),
      control: steering,
      nowUs: () => clockUs() - originUs,
      place: { index: thread, count: plan.workers },
      onDone: () => {
        engine.connections.close();
        resolve();
      },
    });
    engine.open(shareOf(plan.connections, thread, plan.workers), plan.timeoutMs).then(() => engine.start(), reject);
  });
}

async function compileWorks(
  plan: LoadPlan,
  own: Pick<FlowContext, 'place' | 'check' | 'measure'>,
): Promise<CompiledWork[]> {
  const total = plan.work.reduce((sum, work) => sum + work.weight, 0);
  const works: CompiledWork[] = [];
  let weight = 0;
  let firstStep = 0;
  for (const work of plan.work) {
    weight += work.weight;
    const compiled: CompiledWork = { upTo: weight / total, firstStep };
    if (work.kind === 'requests') {
      const first = firstStep;
      compiled.requests = work.requests.map((request, i) => compileRequest(plan, request, first + i));
      firstStep += work.requests.length;
    } else {
      const module = (await import(work.module)) as FlowModule;
      const { endpoint, compression } = plan;
      compiled.flow = await module.createFlow(work.data, {
        basePath: basePath(endpoint),
        hostHeader: hostHeader(endpoint),
        secure: new URL(endpoint.url).protocol === 'https:',
        compression,
        ...own,
      });
      firstStep += work.steps.length;
    }
    works.push(compiled);
  }
  return works;
}

/** Notes how busy the event loop is and how long collections take; returns the sampler. */
function loopObserver(counters: Float64Array): () => void {
  let last = performance.eventLoopUtilization();
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      counters[counter.gcTotalUs]! += duration * 1000;
      counters[counter.gcLongestUs] = Math.max(counters[counter.gcLongestUs]!, duration * 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    const now = performance.eventLoopUtilization();
    const recent = performance.eventLoopUtilization(now, last).utilization;
    last = now;
    counters[counter.eventLoopUtilization] = recent;
    counters[counter.eventLoopPeak] = Math.max(counters[counter.eventLoopPeak]!, recent);
  };
}

await main(workerData as IoThreadData, parentPort!);
