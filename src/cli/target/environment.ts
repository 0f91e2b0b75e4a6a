import type { Clock } from '../kernel/clock.js';

/** What a target sees of the process it runs in. */
export interface TargetEnvironment {
  /** The project whose stacks, state and record are meant: every other one's stay out of sight. */
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Package root: where manifests/ and dist/ are. */
  readonly root: string;
  readonly clock: Clock;
}
