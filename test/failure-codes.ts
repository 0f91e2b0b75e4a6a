import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './golden.js';

/** A code as failures have it: words with hyphens. */
const literal = /'([a-z]+(?:-[a-z]+)*)'/g;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

/** What makes failures: `new Failure`, the kinds of values, problems of documents. Codes elsewhere are those of exchanges and verdicts. */
const makesFailures = /new Failure\(|ValueKind<|problemsFailure\(|super\(\{|throwIfAny\(/;

/** Every code that a Failure of hwctl can have, and the first file that gives it. */
export function failureCodes(): Map<string, string> {
  const codes = new Map<string, string>();
  const texts = sourceFiles(join(root, 'src/cli')).map(
    (path) => [path.slice(root.length), readFileSync(path, 'utf8')] as const,
  );
  // Functions that are told the code.
  const told = texts.flatMap(([, text]) =>
    makesFailures.test(text) ? [...text.matchAll(/(\w+)(?: = )?\(code: string/g)].map(([, name]) => name!) : [],
  );
  const calls = new RegExp(`\\b(?:${told.join('|')})\\(\\s*'([a-z]+(?:-[a-z]+)*)'`, 'g');
  for (const [path, text] of texts) {
    if (!makesFailures.test(text)) continue;
    const given = [...text.matchAll(/\bcode:\s*([^,{}]+)/g)].flatMap(([, value]) => [...value!.matchAll(literal)]);
    for (const [, code] of [...given, ...text.matchAll(calls)]) if (!codes.has(code!)) codes.set(code!, path);
  }
  return codes;
}
