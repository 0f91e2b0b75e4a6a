// Bundles the compiled server in place: dist/server/main.js and chunks that are loaded when they are needed. A process
// then opens a handful of files instead of some six hundred, which halves the time to its first answer.
import { bundleDist } from './dist-bundle.mjs';

/** Turns dist/server/main.js, as tsc left it, into the bundle; or makes it of `entry`, a source, with its types unchecked. */
export async function bundleLocalServer(entry = 'dist/server/main.js') {
  await bundleDist(
    {
      entryPoints: [entry],
      outdir: 'dist/server',
      allowOverwrite: true,
      chunkNames: 'chunks/[name]-[hash]',
      legalComments: 'none',
      // Native, and optional, respectively: resolved at run time as ever.
      external: ['better-sqlite3', 'pg-native'],
    },
    'dist/server/chunks',
  );
}
