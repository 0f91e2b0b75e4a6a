// What dist/ is made of, all of it by esbuild from the sources: the program (dist/cli), the server as the local target runs
// it (dist/server) and as the image holds it (dist/image), and what a pod of a distributed load executes (dist/load-agent).
// Types are checked apart (`npm run check`). No source maps: what is built stays readable, and the sources are not shipped.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { noticesOf } from './licences.mjs';

/** Packages that most commands load, and the Kubernetes client, which is some thousand files. They go into the program's own files; what only some commands need (ink, postman-runtime) stays in node_modules. */
const bundled = ['ajv', 'commander', 'diff', 'execa', 'jsonpath-rfc9535', 'yaml', '@kubernetes/client-node'];

const forNode = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  keepNames: true,
  legalComments: 'none',
  // CommonJS packages in an ES module still call require.
  banner: {
    js: "import{createRequire as localCreateRequire}from'node:module';const require=localCreateRequire(import.meta.url);",
  },
  logLevel: 'warning',
  metafile: true,
  write: false,
};
const minified = { minifyWhitespace: true, minifySyntax: true };

/** Modules that act when they are loaded, programs and threads alike, are told by their names: main.ts, NAME.main.ts. */
function entriesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /(^|[/.])main\.tsx?$/.test(name))
    .map((name) => join(folder, name))
    .sort();
}

/** The program: an entry for each of its processes and threads, and chunks that are read when they are needed, all in one folder, so that each finds another by its name alone (entry-module.ts). */
export function buildCli() {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  return made(
    'dist/cli',
    {
      entryPoints: entriesIn('src/cli'),
      entryNames: '[name]',
      chunkNames: '[name]-[hash]',
      splitting: true,
      external: Object.keys(dependencies).filter((name) => !bundled.includes(name)),
    },
    { 'hwctl_listener.py': readFileSync('src/cli/locust/hwctl_listener.py') },
  );
}

/** The local server: a process opens a handful of files instead of some six hundred, which halves the time to its first answer. */
export function buildServer() {
  return made('dist/server', {
    entryPoints: ['src/server/main.ts'],
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    ...minified,
    // Native, and optional, respectively: resolved at run time as ever.
    external: ['better-sqlite3', 'pg-native'],
  });
}

/** What a pod executes: few files, small enough for a ConfigMap. Its scenario comes with the plan, as parsed. */
export function buildLoadAgent() {
  const names = /(io-thread|pacer-thread|shard|journey|collection|k6)\.main\.ts$/;
  return made(
    'dist/load-agent',
    {
      entryPoints: entriesIn('src/cli').filter((name) => names.test(name)),
      entryNames: '[name]',
      chunkNames: 'chunk-[hash]',
      splitting: true,
      ...minified,
    },
    { 'package.json': '{"type":"module"}\n' },
  );
}

/** The image's context: the server as one file and the Dockerfile around it. The same sources give the same bytes anywhere, since its hash is the image's tag. */
export function buildImage(entry = 'src/server/main.ts', folder = 'dist/image') {
  return made(
    folder,
    {
      entryPoints: [entry],
      entryNames: 'server',
      outExtension: { '.js': '.mjs' },
      ...minified,
      // The cluster's store is Postgres: SQLite's native module is not in the image. pg-native is optional.
      external: ['pg-native'],
      plugins: [{ name: 'late-sqlite', setup: lateSqlite }],
    },
    { Dockerfile: dockerfile },
  );
}

/** Builds in memory: all files of the folder by their paths, the licences of what is bundled among them. Throws where the sources have an error, which esbuild has printed. */
async function made(folder, options, also = {}) {
  const { outputFiles, metafile } = await build({ ...forNode, outdir: folder, ...options });
  const files = new Map(outputFiles.map(({ path, contents }) => [relative(resolve(folder), path), contents]));
  for (const [name, text] of Object.entries({ ...also, 'licences.txt': noticesOf(metafile) })) files.set(name, text);
  return { folder, files };
}

/** Writes folders of dist/ and removes what is in them of an earlier build: after the writing, so that a process that starts meanwhile finds its files. */
export function writeBuilt(built) {
  for (const { folder, files } of built) {
    for (const [name, contents] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), contents);
    }
    keepOnly(folder, [...files.keys()]);
  }
}

/** Removes all files and folders but these, by their paths in `folder`, and the folders that lead to them. */
function keepOnly(folder, names) {
  const kept = new Set(
    names.flatMap((name) => name.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))),
  );
  for (const name of readdirSync(folder, { recursive: true }))
    if (!kept.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
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
