// Builds dist/ with the TypeScript compiler.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const compiler = 'node_modules/typescript/bin/tsc';
// An installed package brings dist/ along and has neither sources nor compiler.
if (existsSync('tsconfig.build.json') && existsSync(compiler)) {
  if (process.argv.includes('--clean')) rmSync('dist', { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
  // Also where another part does not compile: the server may, and its bundle replaces what tsc has just written.
  const { bundleLocalServer } = await import('./bundle-local.mjs');
  await bundleLocalServer();
  // Before dist/cli asks for dist/vendor.
  const { bundleLoadAgent } = await import('./bundle-load-agent.mjs');
  await bundleLoadAgent();
  const { bundleVendor } = await import('./bundle-vendor.mjs');
  await bundleVendor();
  const { bundleServer } = await import('./bundle.mjs');
  await bundleServer();
  process.exit(status ?? 1);
}
