// How dist/ is bundled: modules and chunks for Node, a handful of files for a process to open instead of hundreds.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { writeLicences } from './licences.mjs';

/** Bundles what `options` names (esbuild's own), then removes from `stale`, a folder of its output, what is not of this build. */
export async function bundleDist(options, stale) {
  const { metafile } = await build({
    metafile: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    keepNames: true,
    minifyWhitespace: true,
    minifySyntax: true,
    // CommonJS packages in an ES module still call require.
    banner: {
      js: "import{createRequire as localCreateRequire}from'node:module';const require=localCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
    ...options,
  });
  // Only now, and only what is stale: a process that starts during the build finds the files of one of the two.
  for (const name of readdirSync(stale))
    if (metafile.outputs[`${stale}/${name}`] === undefined) rmSync(join(stale, name));
  writeLicences(metafile, options.outdir);
}
