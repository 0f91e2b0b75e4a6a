import type { Clock } from '../kernel/clock.js';

/** What a target sees of the process it runs in. */
export interface TargetEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Package root: where manifests/ and dist/ are. */
  readonly root: string;
  readonly clock: Clock;
}
