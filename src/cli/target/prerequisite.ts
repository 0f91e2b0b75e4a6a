import type { RunProgram } from '../kernel/process.js';

/** What was found of one prerequisite and, where it is missing, the cure. */
export interface Finding {
  name: string;
  state: 'ok' | 'missing' | 'warning';
  found: string;
  cure?: string;
}

/** How long a program may take to say what it is: 10 s. */
export const probeTimeoutMs = 10_000;

/** Whether a program is installed: what it prints of its version. */
export async function findProgram(
  run: RunProgram,
  argv: readonly [string, ...string[]],
  cure: string,
): Promise<Finding> {
  const [name] = argv;
  const outcome = await run(argv, { timeoutMs: probeTimeoutMs });
  if (outcome.exitCode === 0) return { name, state: 'ok', found: outcome.stdout.trim() };
  const trouble = `${argv.slice(0, 2).join(' ')}: ${outcome.failure ?? `exit code ${outcome.exitCode}`}`;
  return { name, state: 'missing', found: outcome.failure === 'ENOENT' ? 'not installed' : trouble, cure };
}
