import { Failure } from '../../kernel/failure.js';
import type { RunOutcome, RunProgram } from '../../kernel/process.js';

/** The user's own helm, asked once for its version. */
export interface HelmProgram {
  major: number;
  /** Runs helm with these words; throws Failure `chart` where it does not end in time. */
  run(args: readonly string[]): Promise<RunOutcome>;
}

/** How programs are run: deadline of each, folder for relative paths, the end. */
export interface ProgramOptions {
  run: RunProgram;
  cwd: string;
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Finds helm 3 or 4. Throws Failure `no-helm` where there is none, or one of another time; `needed` says what for. */
export async function findHelm(options: ProgramOptions, needed: string): Promise<HelmProgram> {
  const { run, cwd, timeoutMs, signal } = options;
  // What a user set for a person's eyes would stand between the documents.
  const env = { HELM_DEBUG: 'false' };
  const call = async (args: readonly string[]) => {
    const outcome = await run(['helm', ...args], { cwd, timeoutMs, signal, env });
    signal?.throwIfAborted();
    if (outcome.failure === 'timeout')
      throw new Failure({
        code: 'chart',
        message: `helm ${args[0]} did not end within ${Math.round(timeoutMs / 1000)} s`,
        hint: 'Check the network and the chart: helm template',
      });
    return outcome;
  };
  const outcome = await call(['version', '--template', '{{.Version}}']);
  const version = /^v?(\d+)\./.exec(outcome.stdout.trim());
  if (outcome.failure === 'ENOENT' || version === null)
    throw new Failure({
      code: 'no-helm',
      message:
        outcome.failure === 'ENOENT'
          ? `helm is not installed, and ${needed} is a chart`
          : `helm does not say its version${outcome.stderr.trim() === '' ? '' : `: ${outcome.stderr.trim().split('\n')[0]}`}`,
      hint: 'Install helm 3 or 4: https://helm.sh/docs/intro/install/',
    });
  const major = Number(version[1]);
  if (major < 3)
    throw new Failure({
      code: 'no-helm',
      message: `helm is ${outcome.stdout.trim()}, and ${needed} is a chart that helm 3 or 4 renders`,
      hint: 'Install helm 3 or 4: https://helm.sh/docs/intro/install/',
    });
  return { major, run: call };
}
