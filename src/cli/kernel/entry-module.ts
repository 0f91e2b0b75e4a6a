/**
 * The place of a module that acts when it is loaded (a process, a thread, what a thread loads by its URL), named by its path
 * below src/cli without an ending. A build has all of them in one folder; where each source is a file of its own (tests), it is that file's.
 */
export function entryModule(path: `${string}.main`): URL {
  const alone = import.meta.url.endsWith('/kernel/entry-module.js');
  return new URL(alone ? `../${path}.js` : `./${path.slice(path.lastIndexOf('/') + 1)}.js`, import.meta.url);
}
