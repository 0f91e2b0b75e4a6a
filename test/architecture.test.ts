import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  specifier: string;
  typeOnly: boolean;
}
interface Rule {
  folder: string;
  mayImport: string[];
  mayImportTypesOf: string[];
  packages: { name: string; onlyIn: string | undefined }[];
}

const builtins = new Set(builtinModules);
const importPattern =
  /^\s*import\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?'([^']+)'|^\s*export\s+(type\s+)?(?:\*|\{[^}]*\})(?:\s+as\s+\w+)?\s+from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|\bnew URL\(\s*'(\.{1,2}\/[^']+\.js)',\s*import\.meta\.url/gm;

/** Source text without comments and template literals (generated scripts import too); plain strings hold the specifiers. */
function withoutComments(text: string): string {
  const noTemplates = text.replace(/`(?:\\[\s\S]|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\])*`/g, '``');
  return noTemplates.replace(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(),])\/\/.*$/gm, '');
}

function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const match of withoutComments(text).matchAll(importPattern)) {
    const specifier = match[2] ?? match[4] ?? match[5] ?? match[6];
    if (specifier !== undefined) found.push({ specifier, typeOnly: Boolean(match[1] ?? match[3]) });
  }
  return found;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

function resolveFile(from: string, specifier: string): string | undefined {
  const base = normalize(join(dirname(from), specifier)).replace(/\.js$/, '');
  return [`${base}.ts`, `${base}.tsx`].find((path) => existsSync(join(root, path)));
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The rules as docs/IMPORTS.md states them: the page is the configuration. */
function readRules(markdown: string): Rule[] {
  const list = (cell: string) =>
    cell
      .split(/,(?![^(]*\))/)
      .map((word) => word.trim())
      .filter((word) => word !== '');
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| src/'))
    .map((line) => {
      const [folder = '', may = '', packages = ''] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim());
      const names = list(may);
      return {
        folder,
        mayImport: names.filter((name) => !name.startsWith('type:')),
        mayImportTypesOf: names.filter((name) => name.startsWith('type:')).map((name) => name.slice(5)),
        packages: list(packages).map((entry) => {
          const [, name = entry, onlyIn] = /^(\S+) \((.+)\)$/.exec(entry) ?? [];
          return { name, onlyIn };
        }),
      };
    });
}

/** The most specific rule whose folder holds the file. */
function ruleFor(file: string, rules: Rule[]): Rule | undefined {
  return rules
    .filter((rule) => file === rule.folder || file.startsWith(`${rule.folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}

function violationsOf(file: string, text: string, rules: Rule[]): string[] {
  const rule = ruleFor(file, rules);
  if (rule === undefined) return [`${file}: no row of the table covers it`];
  const problems: string[] = [];
  for (const { specifier, typeOnly } of importsOf(text)) {
    const problem = specifier.startsWith('.')
      ? ownImportProblem(file, specifier, typeOnly, rule, rules)
      : packageProblem(file, specifier, rule);
    if (problem !== undefined) problems.push(`${file}: ${problem}`);
  }
  return problems;
}

function packageProblem(file: string, specifier: string, rule: Rule): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  if (builtins.has(specifier)) return `${specifier} without its node: prefix`;
  const allowed = rule.packages.find((entry) => entry.name === packageName(specifier));
  if (allowed === undefined) return `package ${specifier} is not in the row of ${rule.folder}`;
  if (allowed.onlyIn !== undefined && !file.endsWith(`/${allowed.onlyIn}`)) {
    return `package ${specifier} belongs in ${allowed.onlyIn} alone`;
  }
  return undefined;
}

function ownImportProblem(file: string, specifier: string, typeOnly: boolean, rule: Rule, rules: Rule[]) {
  if (specifier.endsWith('.json')) {
    const path = normalize(join(dirname(file), specifier));
    return path.startsWith('schemas/') && existsSync(join(root, path)) ? undefined : `${specifier} is no schema`;
  }
  const target = resolveFile(file, specifier);
  if (target === undefined) return `${specifier} does not exist`;
  const targetRule = ruleFor(target, rules);
  if (targetRule === undefined) return `${target} is covered by no row`;
  if (targetRule.folder === rule.folder) return undefined;
  const short = targetRule.folder.replace(/^src\/cli\//, '');
  if (rule.mayImport.includes(short)) return undefined;
  if (rule.mayImportTypesOf.includes(short)) return typeOnly ? undefined : `value import of ${target} (types only)`;
  return `${rule.folder} may not import ${short} (${target})`;
}

const page = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8');
const rules = readRules(readFileSync(join(root, 'docs/IMPORTS.md'), 'utf8'));
const files = sourceFiles('src');
/** Programs and threads: the build makes a file of each (scripts/bundles.mjs). */
const entries = files.filter((file) => /[/.]main\.tsx?$/.test(file)).sort();
/** A statement at the outermost level that is neither a declaration nor one of the loops that fill a table. */
const actingLine =
  /^(?!(?:import|export|const|let|function|class|interface|type|async|abstract|enum)\b)(?:await|void|new|if|while|try|switch|[A-Za-z_$][\w$.]*(?=\(|\[| (?:\?\?)?=[^>])).*$/gm;
const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

t.test('the table is read and the checker sees what it must', async (t) => {
  t.ok(rules.length >= 8, 'the table has its rows');
  const probe = (file: string, text: string) => violationsOf(file, text, rules);
  t.match(probe('src/cli/kernel/x.ts', `import a from '../load/plan.js';`).join(), /does not exist|may not import/);
  t.match(probe('src/cli/scenario/x.ts', `import { Command } from 'commander';`).join(), /not in the row/);
  t.match(probe('src/cli/kernel/clock.ts', `import { execa } from 'execa';`).join(), /process\.ts alone/);
  t.match(probe('src/server/x.ts', `import { Failure } from '../cli/kernel/failure.js';`).join(), /may not import/);
  t.match(probe('src/cli/kernel/x.ts', `import fs from 'fs';`).join(), /node: prefix/);
  t.same(probe('src/cli/kernel/x.ts', `// import x from 'left-pad';\nimport fs from 'node:fs';`), []);
});

t.test('modules that act when they are loaded say so in their names, and the page lists them', async (t) => {
  const section = page.split('## Modules that act when they are loaded')[1]?.split('\n## ')[0] ?? '';
  const listed = section.split('\n').flatMap((line) => /^\| (src\/\S+) \|/.exec(line)?.[1] ?? []);
  t.same(listed.sort(), entries);
  for (const [file, text] of sources) {
    const code = withoutComments(text);
    if (!entries.includes(file)) t.same(code.match(actingLine) ?? [], [], `${file} acts when it is loaded`);
    const imported = importsOf(text).map(({ specifier }) => resolveFile(file, specifier) ?? '');
    t.same(
      imported.filter((target) => entries.includes(target)),
      [],
      `${file}: who drops the word type from an import of a program starts it`,
    );
    for (const [, path] of code.matchAll(/\bentryModule\('([^']+)'\)/g))
      t.ok(entries.includes(`src/cli/${path}.ts`), `${file}: ${path}`);
  }
});

t.test('every import is one that the table allows', async (t) => {
  for (const [file, text] of sources) t.same(violationsOf(file, text, rules), [], file);
});

t.test('no cycles, of types or of what is loaded later either', async (t) => {
  const edges = new Map<string, string[]>();
  for (const [file, text] of sources) {
    const targets = importsOf(text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => resolveFile(file, specifier))
      .filter((target) => target !== undefined);
    edges.set(file, targets);
  }
  const state = new Map<string, 'open' | 'closed'>();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]) => {
    if (state.get(file) === 'closed') return;
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    state.set(file, 'open');
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, 'closed');
  };
  for (const file of files) visit(file, []);
  t.same(cycles, []);
});

t.test('no dead files: all are reached from an entry point', async (t) => {
  const reached = new Set<string>();
  const visit = (file: string) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { specifier } of importsOf(sources.get(file) ?? '')) {
      const target = specifier.startsWith('.') ? resolveFile(file, specifier) : undefined;
      if (target !== undefined) visit(target);
    }
  };
  for (const entry of entries) visit(entry);
  t.same(
    files.filter((file) => !reached.has(file)),
    [],
  );
});

t.test('process.env and process.exitCode stay at the edges', async (t) => {
  for (const [file, text] of sources) {
    const code = withoutComments(text);
    if (!['src/server/config.ts', 'src/cli/main.ts'].includes(file))
      t.notMatch(code, /\bprocess\.env\b/, `${file}: process.env`);
    if (!['src/server/main.ts', 'src/cli/main.ts'].includes(file)) {
      t.notMatch(code, /\bprocess\.exitCode\b/, `${file}: process.exitCode`);
    }
  }
});

t.test('the kernel knows no flag', async (t) => {
  for (const [file, text] of sources)
    if (file.startsWith('src/cli/kernel/')) t.notMatch(withoutComments(text), /(?<![\w-])--[a-z]/, file);
});
