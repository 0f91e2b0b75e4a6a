import { isAbsolute, join } from 'node:path';
import { Failure } from './failure.js';
import { systemTrouble } from './system-trouble.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of all that hwctl remembers: `$XDG_STATE_HOME/hwctl`, or `~/.local/state/hwctl` where that is unset or relative
 * (XDG Base Directory Specification: a relative path is invalid and is ignored). Never below the current directory: the next
 * command may be called in another one. Throws Failure `no-home` where neither says where that is.
 */
export function stateHome(env: Environment): string {
  const { XDG_STATE_HOME: given = '' } = env;
  if (isAbsolute(given)) return join(given, 'hwctl');
  const home = env.HOME || env.USERPROFILE || '';
  if (isAbsolute(home)) return join(home, '.local', 'state', 'hwctl');
  const ignored = given === '' ? '' : ` (${relativeHome(given)})`;
  throw new Failure({
    code: 'no-home',
    message:
      home === ''
        ? `neither XDG_STATE_HOME nor HOME says where state may be kept${ignored}`
        : `HOME is ${JSON.stringify(home)}, a relative path, and XDG_STATE_HOME does not say where state may be kept either${ignored}`,
    hint: 'Set XDG_STATE_HOME to a folder of yours, by its absolute path',
  });
}

/** What is to be said of an XDG_STATE_HOME that counts for nothing; undefined where there is none. */
export function ignoredStateHome({ XDG_STATE_HOME: given = '' }: Environment): string | undefined {
  return given === '' || isAbsolute(given) ? undefined : relativeHome(given);
}

function relativeHome(given: string): string {
  return `XDG_STATE_HOME is ignored: ${JSON.stringify(given)} is a relative path`;
}

/** Failure `state-folder`: what the file system refuses in the state home, and its cure. `deed`: made, read or written. */
export function stateFailure(path: string, error: unknown, deed: string): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const cures: Record<string, string> = {
    ENOSPC: 'Make room on that disk, or set XDG_STATE_HOME to a folder on another one',
    EDQUOT: 'Make room in your quota, or set XDG_STATE_HOME to a folder on another disk',
    EROFS: 'Set XDG_STATE_HOME to a folder that can be written',
    EACCES: 'Give yourself the right to write there, or set XDG_STATE_HOME to a folder of yours',
    EPERM: 'Give yourself the right to write there, or set XDG_STATE_HOME to a folder of yours',
    ENOTDIR: 'A part of this path is a file: remove it, or set XDG_STATE_HOME to another folder',
    EEXIST: 'There is a file where a folder should be: remove it, or set XDG_STATE_HOME to another folder',
  };
  return new Failure({
    code: 'state-folder',
    message: `${path} cannot be ${deed}: ${systemTrouble(error)}`,
    hint: cures[code] ?? 'Set XDG_STATE_HOME to a folder that works',
    cause: error,
  });
}
