// Bundles the packages that every command loads: dist/vendor, one file a package, and dist/cli asks for those. A process
// then opens a dozen files instead of some three hundred; what only some commands need (ink, postman-runtime, the
// Kubernetes client) stays in node_modules.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bundleDist } from './dist-bundle.mjs';

const packages = ['ajv', 'commander', 'diff', 'execa', 'jsonpath-rfc9535', 'yaml'];
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
  const nameOf = (specifier) => specifier.replace(/\.js$/, '').replaceAll('/', '-');
  mkdirSync(folder, { recursive: true });
  const entryPoints = [...names].map(([specifier, wanted]) => {
    const out = nameOf(specifier);
    const entry = join(folder, `${out}.entry.mjs`);
    writeFileSync(entry, `export { ${[...wanted].filter(Boolean).join(', ')} } from '${specifier}';\n`);
    return { in: entry, out };
  });
  // Before dist/cli asks for them. The entries go with what is stale.
  await bundleDist({ entryPoints, outdir: folder, chunkNames: 'chunk-[hash]', legalComments: 'linked' }, folder);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const changed = text.replace(asked, (_, word, what, from, specifier) => {
      const path = relative(dirname(file), join(folder, `${nameOf(specifier)}.js`));
      return `${word}${what}${from}'${path}'`;
    });
    if (changed !== text) writeFileSync(file, changed);
  }
}
