import { type DesiredLocally, desiredOf } from '../../../src/cli/target/local/plan/desired.js';
import type { LocalRequest } from '../../../src/cli/target/local/project.js';
import type { StateFolder } from '../../../src/cli/target/local/state/state-folder.js';
import { readBundled } from '../../../src/cli/target/read-bundled.js';

/** What shall run of the bundled platform, or of stacks that are made like it. */
export function readPlatform(of: { folder: StateFolder; request: LocalRequest; serverEntry: string }): DesiredLocally {
  const { folder, request, serverEntry } = of;
  return desiredOf(readBundled(request, serverEntry), { folder, request, inputs: '', postgres: 'none here' });
}
