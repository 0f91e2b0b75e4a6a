import { relative } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

/**
 * Milliseconds of quiet after a change before it is told: editors write a file in several steps. It must be more than 50: so
 * long chokidar leaves out further changes of a file, which are then told with the first.
 */
const usualQuietMs = 150;

/**
 * The saves below a folder, however a file is saved: in place, by a rename over it, by removing and making it anew. Node's
 * own recursive watch on Linux (Node 20) loses a file that is replaced; chokidar watches the folders and looks itself.
 */
export class SourceWatch {
  readonly #changed = new Set<string>();
  readonly #watcher: FSWatcher;
  #quiet: NodeJS.Timeout | undefined;
  #settled = false;
  #wake: () => void = () => undefined;
  /** Called at once at each change, before it is quiet. */
  onChange: () => void = () => undefined;

  private constructor(
    folder: string,
    private readonly quietMs: number,
  ) {
    this.#watcher = watch(folder, { ignoreInitial: true, ignored: (path, stats) => ignores(path, stats?.isFile()) });
    this.#watcher.on('all', (event, path) => {
      if (event === 'addDir' || event === 'unlinkDir') return;
      this.#changed.add(relative(folder, path));
      this.#settled = false;
      clearTimeout(this.#quiet);
      this.#quiet = setTimeout(() => {
        this.#settled = true;
        this.#wake();
      }, this.quietMs);
      this.onChange();
    });
    // A folder that cannot be read is told by the build that needs it.
    this.#watcher.on('error', () => undefined);
  }

  /** Resolves once every change from now on will be seen. */
  static async open(folder: string, quietMs = usualQuietMs): Promise<SourceWatch> {
    const opened = new SourceWatch(folder, quietMs);
    await new Promise<void>((resolve) => opened.#watcher.once('ready', resolve));
    return opened;
  }

  /** Resolves with the files that changed since the last call, sorted, once it is quiet; rejects with the signal's reason. */
  async next(signal: AbortSignal): Promise<string[]> {
    while (!this.#settled) {
      signal.throwIfAborted();
      const heard = new AbortController();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true, signal: heard.signal });
      });
      heard.abort();
    }
    const files = [...this.#changed].sort();
    this.#changed.clear();
    this.#settled = false;
    return files;
  }

  async close(): Promise<void> {
    clearTimeout(this.#quiet);
    await this.#watcher.close();
  }
}

/** What editors write beside the file they save: vim's `4913` and `~`, emacs' `#file#` and `.#file`, sed's `sedX1y2Z3`. */
function ignores(path: string, isFile: boolean | undefined): boolean {
  return (
    isFile === true &&
    !/^[^.#][^#~]*\.[cm]?[jt]sx?$|^[^.#][^#~]*\.(json|txt|ya?ml|sql)$/.test(path.split(/[\\/]/).at(-1) ?? '')
  );
}
