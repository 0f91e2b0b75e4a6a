// The production packages of package-lock.json and their licences: docs/PACKAGES.md is made of them, and none may be copyleft.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences (SPDX) that let the package go along in a product under the MIT licence without more than a notice. */
export const permissive = new Set([
  ...['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'Unlicense', 'CC0-1.0', 'WTFPL'],
  ...['Python-2.0', 'BlueOak-1.0.0', 'AFL-2.1'],
]);

/** Whether an SPDX expression of AND, OR and brackets leaves a choice that is permissive throughout. */
export function isPermissive(expression: string): boolean {
  const words = expression.replace(/[()]/g, ' $& ').trim().split(/\s+/);
  const term = (): boolean => {
    const word = words.shift();
    if (word !== '(') return permissive.has(word ?? '');
    const inner = either();
    if (words.shift() !== ')') throw new Error(`not an SPDX expression: ${expression}`);
    return inner;
  };
  const both = (): boolean => {
    let all = term();
    while (words[0] === 'AND') {
      words.shift();
      all = term() && all;
    }
    return all;
  };
  const either = (): boolean => {
    let any = both();
    while (words[0] === 'OR') {
      words.shift();
      any = both() || any;
    }
    return any;
  };
  const result = either();
  if (words.length > 0) throw new Error(`not an SPDX expression: ${expression}`);
  return result;
}

interface LockEntry {
  version: string;
  license?: string;
  dev?: boolean;
  hasInstallScript?: boolean;
}

/** A production package; `script`: npm runs one of its own at install. */
export interface Package {
  name: string;
  version: string;
  license: string;
  script: boolean;
}

/** Licences of packages whose package.json names none, as their licence file has it. */
const read: Record<string, string> = { 'stack-trace': 'MIT' };

/** Name, version, SPDX licence of each production package, sorted, and whether npm runs a script of it at install. */
export function productionPackages(root: string): Package[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version, license, hasInstallScript }]) => {
      const name = path.replace(/^.*node_modules\//, '');
      return { name, version, license: license ?? read[name] ?? 'unknown', script: hasInstallScript === true };
    })
    .sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** docs/PACKAGES.md. */
export function packagesPage(root: string): string {
  const list = productionPackages(root);
  const rows = [...new Set(list.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`))];
  const scripts = list.filter(({ script }) => script).map(({ name }) => name);
  return `# Packages

Written by \`npm run docs\` from package-lock.json: what an installation of hwctl brings along, ${rows.length} packages. All are under licences that
ask for a notice at most; \`test/packages.test.ts\` fails on any other. The texts of what is bundled stand in \`licences.txt\` beside each bundle.

npm runs an install script of these alone: ${scripts.join(', ')}. It fetches or compiles SQLite for this machine; without it (\`npm install
--ignore-scripts\`) everything works but the services' local store, and \`hwctl doctor\` says so.

| package | version | licence |
|---|---|---|
${rows.join('\n')}
`;
}
