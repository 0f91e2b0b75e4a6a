// What `hwctl dev` builds at each save: the server alone, from its sources and without checking types. `local`: dist/server,
// as the local target runs it; `image`: dist/image, of which a cluster's image is made.
import { fileURLToPath } from 'node:url';
import { bundleServer } from './bundle.mjs';
import { bundleLocalServer } from './bundle-local.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
try {
  if (process.argv[2] === 'image') await bundleServer();
  else await bundleLocalServer('src/server/main.ts');
} catch {
  // esbuild has said what is wrong and where.
  process.exitCode = 1;
}
