// What `npm run build` leaves: every program and thread, all that they load, and nothing else.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import t from 'tap';
import { root } from './golden.js';

/** Files of dist/, by their paths in it. */
const files = readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name).slice(join(root, 'dist/').length))
  .sort();

t.test('every program and thread has its file', async (t) => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const mains = sources
    .filter((name) => /[/.]main\.tsx?$/.test(name))
    .map((name) => name.replace(/^(cli|server)\/(.*\/)?/, '$1/'));
  t.ok(mains.length > 8);
  for (const name of mains) t.ok(files.includes(name.replace(/\.ts$/, '.js')), name);
});

t.test('no file in dist/ that nothing loads, no source map', async (t) => {
  const roots = files.filter((name) => /(^|[/.])main\.js$|licences\.txt$|^image\/|package\.json$/.test(name));
  const reached = new Set<string>();
  const visit = (name: string) => {
    if (reached.has(name)) return;
    reached.add(name);
    if (!name.endsWith('.js')) return;
    const text = readFileSync(join(root, 'dist', name), 'utf8');
    // A pod is handed its scenario as parsed, and has no reader of files.
    // A file of another language is named by its place.
    for (const [, file] of text.matchAll(/new URL\(["'](\.\/[\w.-]+\.py)["'], import\.meta\.url\)/g))
      visit(normalize(join(name, '..', file!)));
    for (const [, specifier] of text.matchAll(/(?:\bfrom ?|\bimport ?\(? ?)["'](\.{1,2}\/[\w./-]+)["']/g))
      if (!(name.startsWith('load-agent/') && specifier!.endsWith('/format/find.js')))
        visit(normalize(join(name, '..', specifier!)));
  };
  for (const name of roots) visit(name);
  t.same(
    [...reached].filter((name) => !files.includes(name)),
    [],
    'what is loaded is there',
  );
  t.same(
    files.filter((name) => !reached.has(name)),
    [],
    'what is there is loaded',
  );
});

t.test('a build removes what an earlier one left', async (t) => {
  const { writeBuilt } = (await import(new URL('../scripts/bundles.mjs', import.meta.url).href)) as {
    writeBuilt(built: { folder: string; files: Map<string, string> }[]): void;
  };
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-build-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'chunks/old'), { recursive: true });
  for (const name of ['stale.js', 'chunks/stale.js', 'chunks/old/stale.js', 'main.js'])
    writeFileSync(join(folder, name), 'old');
  writeBuilt([
    {
      folder,
      files: new Map([
        ['main.js', 'new'],
        ['chunks/a.js', 'a'],
      ]),
    },
  ]);
  t.same(readdirSync(folder, { recursive: true }).sort(), ['chunks', 'chunks/a.js', 'main.js']);
  t.equal(readFileSync(join(folder, 'main.js'), 'utf8'), 'new');
});
