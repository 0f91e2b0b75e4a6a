import type { Progress } from './metrics.js';
import { type LoadPlan, planDurationMs, type Stage } from './plan.js';

/** Where a run is in its plan. `planMs`: the plan's own time, which stands still while paused; `started`: iterations begun. */
export function progressOf(
  plan: LoadPlan,
  { planMs, over, factor, started }: { planMs: number; over: boolean; factor: number; started: number },
): Omit<Progress, 'phase'> {
  const { arrivals } = plan;
  const { stages } = arrivals;
  const totalMs = planDurationMs(plan);
  let stage = 0;
  let stageEndMs = stages[0]!.durationMs;
  while (planMs >= stageEndMs && stage < stages.length - 1) stageEndMs += stages[++stage]!.durationMs;
  const requests = arrivals.model === 'closed' ? arrivals.requests : undefined;
  const ofRequests = requests === undefined ? 0 : started / requests;
  const fraction = over ? 1 : Math.min(1, Math.max(totalMs > 0 ? planMs / totalMs : 0, ofRequests));
  return {
    fraction,
    stage,
    stages: stages.length,
    stageLabel: stageLabel(arrivals.model, stages[stage]!, factor),
    stageRemainingMs: over ? 0 : Math.max(0, stageEndMs - planMs),
    remainingMs: over ? 0 : Math.max(0, totalMs - planMs),
  };
}

/** What a stage does, in words: `ramp 10 -> 100 rps`. */
export function stageLabel(model: LoadPlan['arrivals']['model'], stage: Stage, factor: number): string {
  const unit = { open: 'rps', paced: 'users', closed: 'at a time' }[model];
  const [from, to] = [tidy(stage.from * factor), tidy(stage.to * factor)];
  return stage.from === stage.to ? `hold ${to} ${unit}` : `ramp ${from} -> ${to} ${unit}`;
}

function tidy(value: number): number {
  return Number(value.toFixed(value < 10 ? 1 : 0));
}
