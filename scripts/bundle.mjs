// Makes dist/image/: the server as one file, and the Dockerfile around it. Runs in `npm run build`, so that an installed
// package needs no bundler, and `hwctl up` only hashes what is there. The same sources give the same bytes anywhere.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { writeLicences } from './licences.mjs';

/** Bundles the server's sources into `folder`, with the Dockerfile and the licences beside them. */
export async function bundleServer(entry = 'src/server/main.ts', folder = 'dist/image') {
  mkdirSync(folder, { recursive: true });
  const { metafile } = await build({
    metafile: true,
    entryPoints: [entry],
    outfile: `${folder}/server.mjs`,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Readable stack traces in the cluster's logs are worth more than bytes.
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: true,
    legalComments: 'none',
    sourcemap: false,
    // The cluster's store is Postgres: SQLite's native module is not in the image. pg-native is optional.
    external: ['pg-native'],
    plugins: [{ name: 'late-sqlite', setup: lateSqlite }],
    // CommonJS packages in an ES module still call require.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  writeFileSync(`${folder}/Dockerfile`, dockerfile);
  writeLicences(metafile, folder);
  // Only now: what was built before stays where the sources have an error. Everything in the folder is of the image's hash.
  const made = ['server.mjs', 'Dockerfile', 'licences.txt'];
  for (const name of readdirSync(folder)) if (!made.includes(name)) rmSync(join(folder, name), { recursive: true });
}

/** An external static import would be hoisted to the top of the bundle and fail there; a require runs when the store is opened. */
function lateSqlite(build) {
  build.onResolve({ filter: /^better-sqlite3$/ }, ({ path, kind }) =>
    kind === 'require-call' ? { path, external: true } : { path, namespace: 'late' },
  );
  build.onLoad({ filter: /.*/, namespace: 'late' }, () => ({
    contents: "module.exports = require('better-sqlite3');",
    loader: 'js',
  }));
}

// The label comes first, so that every layer carries it and what an interrupted build leaves can be found and removed.
const dockerfile = `FROM node:24-bookworm-slim
LABEL dev.hwctl.image=server
ENV NODE_ENV=production
WORKDIR /app
COPY server.mjs licences.txt /app/
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["node", "/app/server.mjs"]
CMD ["serve"]
`;
