import type { Problem } from '../../document/problem.js';
import { nearest } from '../../kernel/nearest.js';
import { cycleText, referencesOf, variablesOf } from '../variables/template.js';
import type { Definition, Uses } from './uses.js';

/** Names for which a near one is looked for: more problems than this are not shown, and each is compared with all that are known. */
const maxAdvised = 100;

/**
 * Variables that nothing sets, and those that need each other: found before anything runs. `given` are the names that the
 * command line or a data file sets.
 */
export function nameProblems(uses: Uses, given: readonly string[]): Problem[] {
  const problems = cycleProblems(uses, new Set(given));
  if (!uses.complete) return problems;
  const known = new Set<string>([...uses.names, ...uses.variables.keys(), ...given, 'copy']);
  for (const row of uses.rows) for (const name of row.keys()) known.add(name);
  const advised = new Map<string, string>();
  for (const { text, at } of uses.templates) {
    for (const name of new Set(referencesOf(text).references.flatMap(variablesOf))) {
      if (known.has(name)) continue;
      if (!advised.has(name) && advised.size < maxAdvised) advised.set(name, advice(name, known));
      problems.push({ at, message: `nothing sets the variable "${name}"${advised.get(name) ?? ''}` });
    }
  }
  return problems;
}

function advice(name: string, known: Set<string>): string {
  const near = nearest(name, known);
  return near === undefined ? '. Set it under variables:, by capture:, or with --var' : `. Did you mean "${near}"?`;
}

/** Each ring once, where it begins in the file: those of the variables, then those that a row of the data makes. */
function cycleProblems({ variables, rows }: Uses, given: ReadonlySet<string>): Problem[] {
  const problems = new Map<string, Problem>();
  for (const row of [new Map<string, Definition>(), ...rows])
    for (const ring of ringsOf(new Map([...variables, ...row]), given)) {
      const message = cycleText(ring);
      const key = [...new Set(ring)].sort().join(' ');
      const [first] = ring;
      if (!problems.has(key)) problems.set(key, { at: (row.get(first!) ?? variables.get(first!))!.at, message });
    }
  return [...problems.values()];
}

function ringsOf(defined: ReadonlyMap<string, Definition>, given: ReadonlySet<string>): string[][] {
  const rings: string[][] = [];
  const done = new Set<string>();
  const visit = (name: string, path: string[]): void => {
    if (path.includes(name)) rings.push([...path.slice(path.indexOf(name)), name]);
    else if (!done.has(name)) {
      done.add(name);
      // A value from outside hides the one with the ring in it, and is no template.
      if (!given.has(name)) for (const need of defined.get(name)?.needs ?? []) visit(need, [...path, name]);
    }
  };
  for (const name of defined.keys()) visit(name, []);
  return rings;
}
