// What `hwctl dev` builds at each save: the server alone. `local`: dist/server, as the local target runs it; `image`:
// dist/image, of which a cluster's image is made.
import { fileURLToPath } from 'node:url';
import { buildImage, buildServer, writeBuilt } from './bundles.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
try {
  writeBuilt([await (process.argv[2] === 'image' ? buildImage() : buildServer())]);
} catch (error) {
  // esbuild has said what is wrong and where.
  if (error.errors === undefined) throw error;
  process.exitCode = 1;
}
