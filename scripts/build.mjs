// Builds dist/, whole and nothing else: what an earlier build left is gone. Where the sources have an error, all stays as it was.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
// An installed package brings dist/ along and has neither sources nor bundler.
if (existsSync('src')) {
  const { buildCli, buildImage, buildLoadAgent, buildServer, writeBuilt } = await import('./bundles.mjs');
  try {
    const built = await Promise.all([buildCli(), buildServer(), buildLoadAgent(), buildImage()]);
    writeBuilt(built);
    for (const name of readdirSync('dist'))
      if (!built.some(({ folder }) => folder === `dist/${name}`)) rmSync(`dist/${name}`, { recursive: true });
  } catch (error) {
    // esbuild has said what is wrong and where.
    if (error.errors === undefined) throw error;
    process.exitCode = 1;
  }
}
