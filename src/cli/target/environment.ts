import type { Clock } from '../kernel/clock.js';
import type { LocalProject } from './local/project.js';

/** What a target sees of the process it runs in. */
export interface TargetEnvironment {
  /** The project whose stacks, state and record are meant: every other one's stay out of sight. */
  readonly project: string;
  /** How that project runs on this machine; absent for the bundled platform. */
  readonly local?: LocalProject;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Package root: where manifests/ and dist/ are. */
  readonly root: string;
  readonly clock: Clock;
}
