import { Worker } from 'node:worker_threads';

/**
 * Small spaces keep collections short. The lower the limit of the old one, the less V8 lets it grow between two full
 * collections, and only those take away what an open loop leaves behind there (about 130 bytes of garbage an arrival).
 */
const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 };

/** Starts a sibling module of this folder as a thread. Run from TypeScript sources (tests), the thread loads them as its parent did. */
export function startThread(name: 'io-thread' | 'pacer-thread', workerData: unknown): Worker {
  const fromSources = import.meta.url.endsWith('.ts');
  const url = new URL(`./${name}.${fromSources ? 'ts' : 'js'}`, import.meta.url);
  const options = { workerData, name, resourceLimits };
  if (!fromSources) return new Worker(url, options);
  // Named as data: it is a tool of the tests, no dependency.
  const [loader, module] = ['tsx/esm/api', url.href].map((name) => JSON.stringify(name));
  const script = `import(${loader}).then(({ register }) => { register(); return import(${module}); })`;
  return new Worker(script, { ...options, eval: true });
}
