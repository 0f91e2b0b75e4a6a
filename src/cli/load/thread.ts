import { Worker } from 'node:worker_threads';

/** Starts a sibling module of this folder as a thread. Run from TypeScript sources (tests), the thread loads them as its parent did. */
export function startThread(name: 'io-thread' | 'pacer-thread', workerData: unknown): Worker {
  const fromSources = import.meta.url.endsWith('.ts');
  const url = new URL(`./${name}.${fromSources ? 'ts' : 'js'}`, import.meta.url);
  const options = { workerData, name, resourceLimits: { maxYoungGenerationSizeMb: 16 } };
  if (!fromSources) return new Worker(url, options);
  // Named as data: it is a tool of the tests, no dependency.
  const [loader, module] = ['tsx/esm/api', url.href].map((name) => JSON.stringify(name));
  const script = `import(${loader}).then(({ register }) => { register(); return import(${module}); })`;
  return new Worker(script, { ...options, eval: true });
}
