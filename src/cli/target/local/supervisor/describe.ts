import type { ServiceStatus } from '../../target.js';
import type { DesiredLocally } from '../plan/desired.js';
import type { ProcessReport, SupervisorReport } from './control.js';
import { usageOf } from './process-usage.js';
import { describeExit } from './supervised-process.js';

/** What is not yet as it shall be, and why. */
export function waitingFor(desired: DesiredLocally, report: SupervisorReport): { ref: string; reason: string }[] {
  return desired.state.processes.flatMap((spec) => {
    const ref = `process/${spec.name}`;
    const process = report.processes.find((candidate) => candidate.name === spec.name);
    if (process === undefined) return [{ ref, reason: 'it is not started yet' }];
    if (process.digest === spec.digest && (process.state.type === 'ready' || process.state.type === 'done')) return [];
    return [{ ref, reason: describeProcess(process, 0).reason ?? `it is ${process.state.type}` }];
  });
}

/** A process in the words of a status report; `nowMs` 0 leaves the time out. */
export function describeProcess(process: ProcessReport, nowMs: number): Omit<ServiceStatus, 'name' | 'stack'> {
  const { state, restarts } = process;
  const running = 'pid' in state ? { instances: [String(state.pid)], ...usageOf(state.pid) } : { instances: [] };
  const uptimeMs = 'sinceMs' in state && nowMs > 0 ? Math.max(0, nowMs - state.sinceMs) : undefined;
  const last = process.lastExit === undefined ? '' : `; before: ${process.lastExit}`;
  switch (state.type) {
    case 'ready':
      return { state: 'ready', restarts, uptimeMs, ...running };
    case 'done':
      return { state: 'ready', restarts, instances: [], reason: 'it has run to its end' };
    case 'starting':
      return {
        state: 'starting',
        restarts,
        uptimeMs,
        ...running,
        reason: `it has not answered its readiness probe yet${last}`,
      };
    case 'unready':
      return { state: 'starting', restarts, uptimeMs, ...running, reason: state.reason };
    case 'stopping':
      return { state: 'restarting', restarts, uptimeMs, ...running, reason: `it was asked to end${last}` };
    case 'backing-off':
      return {
        state: 'restarting',
        restarts,
        ...running,
        reason: `${describeExit(state.exit)}; it is started again soon (failed ${state.failures} times)`,
      };
    case 'failed':
      return { state: 'failed', restarts, ...running, reason: describeExit(state.exit) };
    case 'idle': {
      const { waitsFor = [] } = process;
      const reason = waitsFor.length === 0 ? 'it is about to start' : `it waits for ${waitsFor.join(', ')}`;
      return { state: 'starting', restarts, ...running, reason };
    }
    case 'stopped':
      return { state: 'stopped', restarts, ...running };
  }
}
