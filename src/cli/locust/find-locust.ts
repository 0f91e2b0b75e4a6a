import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { run } from '../kernel/process.js';

const lookTimeoutMs = 20_000;

/**
 * How the user's own locust is called: that of a virtual environment beside the file or above it, else that of PATH, else
 * Python's module. Throws Failure `no-locust` with the cure.
 */
export async function findLocust(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<[string, ...string[]]> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    for (const name of ['.venv', 'venv', 'env']) {
      const program = join(folder, name, 'bin', 'locust');
      if (existsSync(program)) return [program];
    }
    if (dirname(folder) === folder || existsSync(join(folder, '.git'))) break;
  }
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const program = join(folder, 'locust');
    if (folder !== '' && existsSync(program)) return [program];
  }
  const python = await run(['python3', '-c', 'import locust'], { timeoutMs: lookTimeoutMs }).catch(() => undefined);
  if (python?.exitCode === 0) return ['python3', '-m', 'locust'];
  throw new Failure({
    code: 'no-locust',
    message: `locust is not installed: neither in a virtual environment beside ${file}, nor in PATH, nor as a module of python3`,
    hint: 'python3 -m venv .venv && .venv/bin/pip install locust',
  });
}
