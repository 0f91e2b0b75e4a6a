import { parametersOf, traitsOf } from '../arrivals/models.js';
import type { Stage } from '../arrivals/schedule.js';
import { type LoadPlan, planDurationMs } from '../plan/plan.js';
import type { Progress, RunArrivals } from './metrics.js';

/** Where a run is in its plan. `planMs`: the plan's own time, which stands still while paused; `started`: iterations begun. */
export function progressOf(
  plan: LoadPlan,
  { planMs, over, factor, started }: { planMs: number; over: boolean; factor: number; started: number },
): Omit<Progress, 'phase'> {
  const { stages } = plan.arrivals;
  const { limit } = traitsOf(plan.arrivals);
  const totalMs = planDurationMs(plan);
  let stage = 0;
  let stageEndMs = stages[0]!.durationMs;
  while (planMs >= stageEndMs && stage < stages.length - 1) stageEndMs += stages[++stage]!.durationMs;
  const ofLimit = limit === undefined ? 0 : started / limit;
  const fraction = over ? 1 : Math.min(1, Math.max(totalMs > 0 ? planMs / totalMs : 0, ofLimit));
  return {
    fraction,
    stage,
    stages: stages.length,
    stageLabel: stageLabel(plan, stages[stage]!, factor),
    stageRemainingMs: over ? 0 : Math.max(0, stageEndMs - planMs),
    remainingMs: over ? 0 : Math.max(0, totalMs - planMs),
  };
}

/** A plan's arrivals as its result tells them. */
export function runArrivals(plan: Pick<LoadPlan, 'arrivals' | 'unit'>): RunArrivals {
  const { arrivals } = plan;
  return {
    model: arrivals.model,
    unit: plan.unit,
    stages: arrivals.stages.map((stage) => ({
      label: stageLabel(plan, stage, 1),
      durationMs: Number.isFinite(stage.durationMs) ? stage.durationMs : undefined,
      from: stage.from,
      to: stage.to,
    })),
    ...parametersOf(arrivals),
  };
}

/** What a stage does, in words: `ramp 10 -> 100 requests/s`. */
function stageLabel(plan: Pick<LoadPlan, 'arrivals' | 'unit'>, stage: Stage, factor: number): string {
  const unit = traitsOf(plan.arrivals).level.unit(plan.unit);
  const [from, to] = [tidy(stage.from * factor), tidy(stage.to * factor)];
  return stage.from === stage.to ? `hold ${to} ${unit}` : `ramp ${from} -> ${to} ${unit}`;
}

function tidy(value: number): number {
  return Number(value.toFixed(value < 10 ? 1 : 0));
}
