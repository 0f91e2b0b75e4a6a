// Bundles the packages that every command loads: dist/vendor, one file a package, and dist/cli asks for those. A process
// then opens a dozen files instead of some three hundred; what only some commands need (ink, postman-runtime, the
// Kubernetes client) stays in node_modules.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

const packages = ['ajv', 'commander', 'diff', 'execa', 'jsonpath-rfc9535', 'undici', 'yaml'];
const folder = 'dist/vendor';
/** An import of one of them: `import {a} from 'p'`, `import a from 'p'`, `const {a} = await import('p')`. */
const asked = new RegExp(
  `(import |const )(\\{[^}]*\\}|\\w+)( from |\\s*=\\s*await import\\()'((?:${packages.join('|')})(?:/[^']*)?)'`,
  'g',
);

/** Writes dist/vendor and points dist/cli, as tsc left it, to it. */
export async function bundleVendor() {
  const files = readdirSync('dist/cli', { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join('dist/cli', name));
  const names = new Map();
  for (const file of files) {
    for (const [, , what, , specifier] of readFileSync(file, 'utf8').matchAll(asked)) {
      const known = names.get(specifier) ?? new Set();
      for (const name of what.startsWith('{') ? what.slice(1, -1).split(',') : ['default'])
        known.add(name.trim().split(/\s+as\s+|\s*:\s*/)[0]);
      names.set(specifier, known);
    }
  }
  const fileOf = (specifier) => `${specifier.replace(/\.js$/, '').replaceAll('/', '-')}.js`;
  mkdirSync(folder, { recursive: true });
  const entries = [...names].map(([specifier, wanted]) => {
    const entry = join(folder, `${fileOf(specifier).slice(0, -3)}.entry.mjs`);
    writeFileSync(entry, `export { ${[...wanted].filter(Boolean).join(', ')} } from '${specifier}';\n`);
    return { in: entry, out: fileOf(specifier).slice(0, -3) };
  });
  const { metafile } = await build({
    metafile: true,
    entryPoints: entries,
    outdir: folder,
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    keepNames: true,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'linked',
    // CommonJS packages in an ES module still call require.
    banner: {
      js: "import{createRequire as localCreateRequire}from'node:module';const require=localCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const changed = text.replace(asked, (_, word, what, from, specifier) => {
      const path = relative(dirname(file), join(folder, fileOf(specifier)));
      return `${word}${what}${from}'${path}'`;
    });
    if (changed !== text) writeFileSync(file, changed);
  }
  for (const name of readdirSync(folder))
    if (metafile.outputs[`${folder}/${name}`] === undefined) rmSync(join(folder, name));
}
