/**
 * The place of a module that acts when it is loaded (a process, a thread, what a thread loads by its URL), named by its path
 * below src/cli without an ending. Run from TypeScript sources (tests) it is the source; a build has all of them in one folder.
 */
export function entryModule(path: `${string}.main`): URL {
  const source = import.meta.url.endsWith('.ts');
  return new URL(source ? `../${path}.ts` : `./${path.slice(path.lastIndexOf('/') + 1)}.js`, import.meta.url);
}
