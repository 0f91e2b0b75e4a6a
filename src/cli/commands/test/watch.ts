import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { exitCodes, Failure } from '../../kernel/failure.js';
import { statOf } from '../../kernel/files.js';
import { ReaderLeft } from '../../kernel/output.js';
import type { Context } from '../context/context.js';
import { formatFailure } from '../context/failure-text.js';
import type { TestOptions } from './flags.js';

/** What a run came to, and the files it read. */
export interface TestsRun {
  exitCode: number;
  files: readonly string[];
}

/**
 * Runs `run`, which gives the files it read, again whenever one of them is saved, until Ctrl-C: then the signal's reason is
 * thrown. Where nobody reads any more it gives the last run's exit code. What is wrong with a file is told, and the watch
 * goes on.
 */
export async function watchTests(
  names: readonly string[],
  options: TestOptions,
  context: Context,
  run: () => Promise<TestsRun>,
): Promise<number> {
  let exitCode: number = exitCodes.pass;
  const saves = new Saves(context.cwd);
  const given = [options.iterationData, options.environment, options.globals, options.envFile];
  saves.watch([
    ...names.filter((name) => /[\\/]|\.(ya?ml|json)$/.test(name)),
    ...given.filter((name) => name !== undefined),
  ]);
  try {
    for (;;) {
      try {
        const last = await run();
        exitCode = last.exitCode;
        saves.watch(last.files);
      } catch (error) {
        if (!(error instanceof Failure) || saves.files.length === 0) throw error;
        context.note(formatFailure(error, context));
      }
      context.note(['', `Watching ${saves.files.join(', ')}; Ctrl-C ends.`]);
      await saves.next(context.signal);
      // Editors save in several writes: let them finish.
      await context.clock.sleep(150, context.signal);
      saves.read();
    }
  } catch (error) {
    if (context.signal.reason instanceof ReaderLeft) return exitCode;
    throw error;
  } finally {
    saves.close();
  }
}

/** Saves of files, seen in their folders: many editors write another file and rename it, which a watch of the file loses. */
class Saves {
  /** Absolute path to what the file looked like when it was last read. */
  readonly #seen = new Map<string, string>();
  readonly #watchers = new Map<string, FSWatcher>();
  #saved: () => void = () => undefined;

  constructor(private readonly cwd: string) {}

  get files(): string[] {
    return [...this.#seen.keys()];
  }

  /** Adds files. Those that are known already stay as they were seen: a save while the tests ran counts. */
  watch(files: readonly string[]): void {
    for (const file of files.map((name) => resolve(this.cwd, name))) {
      if (this.#seen.has(file)) continue;
      this.#seen.set(file, stateOf(file));
      const folder = dirname(file);
      if (this.#watchers.has(folder) || stateOf(folder) === '') continue;
      const watcher = watch(folder, (_event, name) => {
        if (name === null || this.files.some((each) => basename(each) === name)) this.#saved();
      });
      // A folder that is removed ends its own watch; the others go on.
      watcher.on('error', () => watcher.close());
      this.#watchers.set(folder, watcher);
    }
  }

  /** What is there now is what is seen. */
  read(): void {
    for (const file of this.files) this.#seen.set(file, stateOf(file) || this.#seen.get(file)!);
  }

  /** Resolves once a file differs from how it was last seen; rejects with the signal's reason. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      this.#saved = () => {
        if (this.files.every((file) => ['', this.#seen.get(file)].includes(stateOf(file)))) return;
        signal.removeEventListener('abort', stop);
        this.#saved = () => undefined;
        resolve();
      };
      if (signal.aborted) stop();
      else this.#saved();
    });
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}

/** Differs whenever the file was written; empty where there is none. */
function stateOf(file: string): string {
  const found = statOf(file);
  return found === undefined ? '' : `${found.ino} ${found.mtimeMs} ${found.size}`;
}
