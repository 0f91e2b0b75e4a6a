// Bundles what a pod of a distributed load executes: dist/load-agent, a few files that fit into a ConfigMap.
import { writeFileSync } from 'node:fs';
import { bundleDist } from './dist-bundle.mjs';

const folder = 'dist/load-agent';

/** Writes dist/load-agent from dist/cli, as tsc left it. */
export async function bundleLoadAgent() {
  const load = ['shards/shard-main', 'engine/io-thread', 'engine/pacer-thread'].map(
    (name) => `dist/cli/load/${name}.js`,
  );
  await bundleDist(
    {
      entryPoints: [...load, 'dist/cli/commands/load/journey.js'],
      outdir: folder,
      entryNames: '[name]',
      // Beside the entries: threads and journeys are found by their place.
      chunkNames: 'chunk-[hash]',
      legalComments: 'none',
      // A pod is handed its scenario as parsed.
      external: ['*/format/find.js'],
    },
    folder,
  );
  writeFileSync(`${folder}/package.json`, '{"type":"module"}\n');
}
