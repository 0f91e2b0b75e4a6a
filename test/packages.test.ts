// What an installation brings along: nothing copyleft, and no bundle without the licences of what is in it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { isPermissive, productionPackages } from '../scripts/packages.js';
import { root } from './golden.js';

t.test('SPDX expressions', async (t) => {
  const cases: [string, boolean][] = [
    ['MIT', true],
    ['GPL-2.0', false],
    ['unknown', false],
    ['(BSD-3-Clause OR GPL-2.0)', true],
    ['MIT AND GPL-2.0', false],
    ['(MIT OR GPL-2.0) AND AGPL-3.0-only', false],
    ['GPL-2.0 OR (MIT AND ISC)', true],
    ['LGPL-3.0', false],
    ['MPL-2.0', false],
  ];
  for (const [expression, expected] of cases) t.equal(isPermissive(expression), expected, expression);
  t.throws(() => isPermissive('(MIT'));
});

t.test('every production package is permissive', async (t) => {
  const packages = productionPackages(root);
  t.ok(packages.length > 100);
  t.same(
    packages.filter(({ license }) => !isPermissive(license)),
    [],
  );
  t.same(
    packages.filter(({ script }) => script).map(({ name }) => name),
    ['better-sqlite3'],
    'install scripts of production packages',
  );
});

t.test('every bundle has the licences of its packages beside it', async (t) => {
  const bundled = { image: 'express', server: 'express', cli: 'commander', 'load-agent': 'ajv' };
  for (const [folder, name] of Object.entries(bundled)) {
    const text = readFileSync(join(root, 'dist', folder, 'licences.txt'), 'utf8');
    t.match(text, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'), folder);
    t.match(text, /Permission (is hereby granted|to use, copy, modify)/, folder);
  }
  // A bundle that a later build adds has a folder of its own in dist/.
  t.same(readdirSync(join(root, 'dist')).sort(), Object.keys(bundled).sort());
  t.ok(existsSync(join(root, 'LICENSE')));
});
