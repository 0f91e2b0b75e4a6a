import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Problem, problemLine, problemsFailure } from '../../document/problem.js';
import { readDocument } from '../../document/read-document.js';
import { Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import { didYouMean } from '../../kernel/nearest.js';
import { type ProfileRead, profileShape } from './profile-shape.js';

/** A load profile: all of a plan but where to send it, and journeys by name only. */
export type Profile = ProfileRead & { name: string };

/** The built-in profiles, by name, with the line that says why each exists. */
export function listProfiles(root: string): { name: string; file: string; why: string }[] {
  const folder = join(root, 'scenarios', 'profiles');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      return { name: basename(name).replace(/\.ya?ml$/, ''), file, why: readProfile(file).why ?? '' };
    });
}

/** Reads a built-in profile by name, or a file by its path. Throws Failure `unknown-profile`, or as `readProfile` does. */
export function findProfile(nameOrPath: string, places: { root: string; cwd: string }): Profile {
  if (/[\\/]|\.ya?ml$/.test(nameOrPath)) return readProfile(resolve(places.cwd, nameOrPath), nameOrPath);
  const names = listNames(places.root);
  if (names.includes(nameOrPath)) return readProfile(join(places.root, 'scenarios', 'profiles', `${nameOrPath}.yaml`));
  throw new Failure({
    code: 'unknown-profile',
    message: `unknown profile ${JSON.stringify(nameOrPath)}${didYouMean(nameOrPath, names)}`,
    hint: `There are ${names.join(', ')}; a file is given by its path: ./${nameOrPath}.yaml`,
  });
}

function listNames(root: string): string[] {
  const folder = join(root, 'scenarios', 'profiles');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

/** Reads a profile's file, `shown` in messages. Throws Failure `bad-profile` with every problem, or as `readText` does. */
function readProfile(file: string, shown = file): Profile {
  const hint = 'Give the path of a load profile (YAML), or the name of a built-in one';
  const text = readText(file, { shown, hint });
  const { profile, problems } = parseProfile(text, file);
  if (profile !== undefined) return profile;
  throw problemsFailure(
    shown,
    problems.map((problem) => problemLine(shown, problem)),
    { code: 'bad-profile', hint: 'schemas/profile.schema.json describes every field; editors complete and check it' },
  );
}

/** Parses a profile's text; either the profile or all that is wrong with it. `file` is what journeys' paths are relative to. */
export function parseProfile(text: string, file = '.'): { profile?: Profile; problems: Problem[] } {
  const { value, problems } = readDocument(text, { name: 'profile', shape: profileShape }, { file });
  return { profile: value && { ...value, name: value.name ?? basename(file).replace(/\.ya?ml$/, '') }, problems };
}
