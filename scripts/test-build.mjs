// What the tests' processes load: every source as JavaScript below .tap/js, file for file, with a source map, so that a trace
// names the .ts file and its line; and the packages that are many files as one file each. A process that loads them so starts
// in a fraction of the time that a loader of TypeScript takes. Types are checked apart (`npm run check`).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, transform, version } from 'esbuild';

const home = '.tap/js';
/** Above home and the tests' own fixtures: where their lookup of packages comes by before that of the repository. */
const packages = '.tap/node_modules';
/** Loaded by their names alone, by many tests. The client's own index is some thousand files, so of it only what is asked for: a name more that the sources import is a name more here. */
const bundled = { tap: '*', undici: '*', execa: '*', '@kubernetes/client-node': ['Exec', 'KubeConfig', 'PortForward'] };

/** Brings .tap/js in step with the sources and the packages: what has not changed stays. A source with an error becomes a module that throws it. */
export async function buildTests() {
  const sources = ['src', 'test', 'scripts'].flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  );
  const made = outputOf('made-by');
  const key = keyOf();
  const wholly = readOrNone(made) !== key;
  await Promise.all([
    ...(wholly ? Object.entries(bundled).map(bundlePackage) : []),
    ...sources.map((path) => compile(path, wholly)),
  ]);
  const wanted = new Set(sources.map(outputOf));
  for (const folder of ['src', 'test', 'scripts'])
    for (const name of readdirSync(join(home, folder), { recursive: true })) {
      const path = join(home, folder, name);
      if (path.endsWith('.js') && !wanted.has(path)) rmSync(path, { force: true });
    }
  if (wholly) replace(made, key);
}

/** Where a source's JavaScript is. */
export function outputOf(source) {
  return join(home, source.replace(/\.tsx?$/, '.js'));
}

/** Changes with this file, the bundler and the packages installed. */
function keyOf() {
  const installed = statSync('node_modules/.package-lock.json', { throwIfNoEntry: false })?.mtimeMs;
  return createHash('sha256')
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .update(`${version} ${process.version} ${installed}`)
    .digest('hex');
}

function readOrNone(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whole or not at all: another run may be reading. */
function replace(path, text, mtime) {
  const part = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(part, text);
  if (mtime !== undefined) utimesSync(part, mtime, mtime);
  renameSync(part, path);
}

async function compile(source, wholly) {
  const output = outputOf(source);
  const { mtime } = statSync(source);
  if (!wholly && statSync(output, { throwIfNoEntry: false })?.mtime.getTime() === mtime.getTime()) return;
  replace(output, await javaScriptOf(source), mtime);
}

/** JavaScript of one source, with its map. */
export async function javaScriptOf(source) {
  // A test finds the files of the repository from its own place; what a program finds is what is built with it.
  const url = JSON.stringify(pathToFileURL(source).href);
  try {
    const { code } = await transform(readFileSync(source, 'utf8'), {
      loader: source.endsWith('x') ? 'tsx' : 'ts',
      jsx: 'automatic',
      target: 'node20',
      format: 'esm',
      sourcemap: 'inline',
      sourcesContent: false,
      sourcefile: fileURLToPath(pathToFileURL(source)),
      ...(source.startsWith('src/') ? {} : { define: { 'import.meta.url': url } }),
      logLevel: 'silent',
    });
    return code;
  } catch (error) {
    return `throw new SyntaxError(${JSON.stringify(error.message)});\n`;
  }
}

/** One file instead of some hundred. In a folder whose frames tap leaves out of its traces. */
async function bundlePackage([name, wanted]) {
  const file = `@tapjs/${name.replaceAll('/', '-')}.js`;
  const names = wanted === '*' ? exportsOf(name) : wanted;
  const contents = `export { ${names.join(', ')} } from '${name}';`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    keepNames: true,
    write: false,
    logLevel: 'warning',
    banner: {
      js: "import{createRequire as localRequire}from'node:module';const require=localRequire(import.meta.url);",
    },
    plugins: [{ name: 'own-place', setup: keepPlaces }],
  });
  const up = '../'.repeat(name.split('/').length);
  replace(join(packages, file), outputFiles[0].contents);
  replace(join(packages, name, 'package.json'), '{"type":"module","exports":"./index.js"}\n');
  replace(join(packages, name, 'index.js'), `export { ${names.join(', ')} } from '${up}${file}';\n`);
}

/** What a package exports, asked in a process of its own: tap is a test that begins when it is loaded, and ends whoever has it after 30 s. */
function exportsOf(name) {
  const code = `const { writeSync } = await import('node:fs');
    writeSync(3, JSON.stringify(Object.keys(await import('${name}'))));
    process.exit(0);`;
  const { output } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    timeout: 60_000,
  });
  return JSON.parse(String(output[3])).filter((each) => each !== 'module.exports');
}

/** What a module of a package looks up from its own place is still looked up from there. */
function keepPlaces(build) {
  build.onLoad({ filter: /node_modules\/.*\.m?js$/ }, ({ path }) => {
    const text = readFileSync(path, 'utf8');
    if (!text.includes('import.meta.url')) return undefined;
    return { contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'js' };
  });
}
