import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { isMap, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { problemLine } from '../../src/cli/document/problem.js';
import type { Failure } from '../../src/cli/kernel/failure.js';
import { parseProfile } from '../../src/cli/load/plan/profile.js';
import { readProject } from '../../src/cli/project/project.js';
import { parseScenario } from '../../src/cli/scenario/format/parse.js';
import { readValues } from '../../src/cli/target/manifests/values.js';
import { root } from '../golden.js';

const seed = 20_261_127;

/** Each kind of document that a person writes, as its command reads it: `FILE:LINE:COLUMN: message` of every problem. */
const folder = t.testdir({ k8s: { 'a.yaml': '' } });
const detailsOf = (name: string, text: string, read: (file: string) => unknown): readonly string[] => {
  const file = join(folder, name);
  writeFileSync(file, text);
  try {
    read(file);
    return [];
  } catch (error) {
    return (error as Failure).details.map((line) => line.replace(`${folder}/`, ''));
  }
};
const kinds = {
  scenario: (text: string) => parseScenario(text).problems.map((problem) => problemLine('scenario', problem)),
  profile: (text: string) => parseProfile(text).problems.map((problem) => problemLine('profile', problem)),
  values: (text: string) => detailsOf('values', text, (file) => readValues({ values: [file] }, folder)),
  project: (text: string) => detailsOf('project', text, (file) => readProject(file, 'project')),
};
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

/** A sound document of each kind: a field with text, a number, a word of a list, a mapping. */
const sound: Record<Kind, string> = {
  scenario: 'name: x\nvariables:\n  a: 1\nsteps:\n  - request: GET /a\n    retry: 2\n    lose: request\n',
  profile:
    'why: x\narrivals:\n  of: rate\n  stages: [{ duration: 1s, to: 2 }]\nwork:\n  - request: GET /a\nworkers: 2\n',
  values: 'host: x\nresources:\n  auth:\n    limits: { cpu: 1 }\nstore: sqlite\nreplicas: 2\n',
  project: 'name: x\nlocal:\n  a: { command: [b] }\nreleases:\n  - manifests: k8s\n    recursive: true\n',
};

/** One slip in every kind: what is written in place of what, and where the problem is told. */
interface Slip {
  form: RegExp;
  in: Partial<Record<Kind, [from: string, to: string, at: string]>>;
}
const bomb = (name: string) =>
  [
    `&a0 [x, x, x, x, x, x, x, x, x]`,
    ...Array.from({ length: 8 }, (_, i) => `&a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
  ]
    .map((list, i) => `${i === 0 ? `${name}:\n` : ''}  - ${list}\n`)
    .join('');

const slips: Record<string, Slip> = {
  'an unknown field with a near name': {
    form: /^unknown field "(\w+)x" in (a|the|arrivals)?.*\. Did you mean "\1"\?$/,
    in: {
      scenario: ['    retry:', '    retryx:', '6:5'],
      profile: ['  stages:', '  stagesx:', '4:3'],
      values: ['    limits:', '    limitsx:', '4:5'],
      project: ['    recursive:', '    recursivex:', '6:5'],
    },
  },
  'an unknown field like no other': {
    form: /^unknown field "zzzzzz" in .+\. Known: \w+, .+$/,
    in: {
      scenario: ['variables', 'zzzzzz: 1\nvariables', '2:1'],
      profile: ['arrivals:', 'zzzzzz: 1\narrivals:', '2:1'],
      values: ['resources', 'zzzzzz: 1\nresources', '2:1'],
      project: ['local', 'zzzzzz: 1\nlocal', '2:1'],
    },
  },
  'a list where text is wanted': {
    form: /^(name|why|host): .*found a list$/,
    in: {
      scenario: ['name: x', 'name: [x]', '1:7'],
      profile: ['why: x', 'why: [x]', '1:6'],
      values: ['host: x', 'host: [x]', '1:7'],
      project: ['name: x', 'name: [x]', '1:7'],
    },
  },
  'nothing where text is wanted': {
    form: /^(name|why|host): .*found nothing$/,
    in: {
      scenario: ['name: x', 'name:', '1:6'],
      profile: ['why: x', 'why:', '1:5'],
      values: ['host: x', 'host:', '1:6'],
      project: ['name: x', 'name:', '1:6'],
    },
  },
  'text where a number is wanted': {
    form: /^(retry|workers|replicas): expected a whole number from \d+ to \d+, found the text "many"$/,
    in: {
      scenario: ['retry: 2', 'retry: many', '6:12'],
      profile: ['workers: 2', 'workers: many', '7:10'],
      values: ['replicas: 2', 'replicas: many', '6:11'],
    },
  },
  'a number out of its bounds': {
    form: /^(retry|workers|replicas): expected a whole number from \d+ to \d+, found the number 1000$/,
    in: {
      scenario: ['retry: 2', 'retry: 1000', '6:12'],
      profile: ['workers: 2', 'workers: 1000', '7:10'],
      values: ['replicas: 2', 'replicas: 1000', '6:11'],
    },
  },
  'a wrong word of a list': {
    form: /^(lose|of|store|recursive): expected (\w+, )*\w+ or \w+, found the text "(requst|rte|sqlte|maybe)"(\. Did you mean "\w+"\?)?$/,
    in: {
      scenario: ['lose: request', 'lose: requst', '7:11'],
      profile: ['of: rate', 'of: rte', '3:7'],
      values: ['store: sqlite', 'store: sqlte', '5:8'],
      project: ['recursive: true', 'recursive: maybe', '6:16'],
    },
  },
  'a missing field': {
    form: /^an? [\w ]+ needs the field "(request|steps|to|work|command)": .+$/,
    in: {
      scenario: ['    retry: 2\n', '  - name: y\n', '6:5'],
      profile: [', to: 2', '', '4:12'],
      project: ['{ command: [b] }', '{ folder: k8s }', '3:6'],
    },
  },
  'text where a mapping is wanted': {
    form: /^(variables|arrivals|resources|local): expected (arrivals as )?a mapping, found the text "x"$/,
    in: {
      scenario: ['variables:\n  a: 1', 'variables: x', '2:12'],
      profile: ['arrivals:\n  of: rate\n  stages: [{ duration: 1s, to: 2 }]', 'arrivals: x', '2:11'],
      values: ['resources:\n  auth:\n    limits: { cpu: 1 }', 'resources: x', '2:12'],
      project: ['local:\n  a: { command: [b] }', 'local: x', '2:8'],
    },
  },
  'the whole is a list': {
    form: /^expected (a|the) \w+ as a mapping, found a list$/,
    in: Object.fromEntries(names.map((kind) => [kind, [sound[kind], '- 1\n', '1:1']])),
  },
  'a field twice': {
    form: /^"(name|why|host)" is given twice$/,
    in: Object.fromEntries(names.map((kind) => [kind, ['x\n', `x\n${sound[kind].split(':')[0]}: y\n`, '2:1']])),
  },
  'no YAML': {
    form: /^not YAML: .+$/,
    in: Object.fromEntries(names.map((kind) => [kind, ['x\n', '"x\n', undefined]])),
  },
  'a second document': {
    form: /^a second document begins here: a file holds one [\w ]+$/,
    in: Object.fromEntries(names.map((kind) => [kind, ['x\n', 'x\n---\nb: 1\n', '2:1']])),
  },
  'an alias of nothing': {
    form: /^no anchor &y stands before this$/,
    in: Object.fromEntries(names.map((kind) => [kind, [' x\n', ' *y\n', undefined]])),
  },
  'an alias inside of its anchor': {
    form: /^\*y stands inside of its own anchor &y: it would have no end$/,
    in: Object.fromEntries(names.map((kind) => [kind, [' x\n', ' &y [*y]\n', undefined]])),
  },
  'aliases that stand for hundreds of millions': {
    form: /^the aliases up to here stand for more than 100000 values$/,
    in: Object.fromEntries(names.map((kind) => [kind, [sound[kind], bomb('variables'), undefined]])),
  },
  'a merge key of no mapping': {
    form: /^<< takes a mapping, such as an alias of one, or a list of them$/,
    in: Object.fromEntries(names.map((kind) => [kind, ['x\n', 'x\n<<: 1\n', '2:1']])),
  },
  'levels without end': {
    form: /^not YAML: nested too deep to be read$/,
    in: Object.fromEntries(names.map((kind) => [kind, [' x\n', ` ${'['.repeat(5000)}\n`, undefined]])),
  },
};

t.test('a sound document of each kind has no problem', async (t) => {
  for (const kind of names) t.same(kinds[kind](sound[kind]), [], kind);
});

for (const [name, slip] of Object.entries(slips)) {
  t.test(`${name}: one phrasing in every kind of document`, async (t) => {
    for (const [kind, [from, to, at]] of Object.entries(slip.in)) {
      t.ok(sound[kind as Kind].includes(from), `${kind} has ${from}`);
      const told = kinds[kind as Kind](sound[kind as Kind].replace(from, to));
      const found = told.map((line) => /^\w+:(\d+:\d+): (.*)$/s.exec(line)!);
      const fitting = found.filter(([, , message]) => slip.form.test(message!));
      t.ok(fitting.length > 0, `${kind}: ${told.join('\n') || 'nothing was told'}`);
      if (at !== undefined)
        t.ok(
          fitting.some(([, place]) => place === at),
          `${kind} at ${at}: ${told.join('\n')}`,
        );
    }
  });
}

t.test('a value of any depth is read or refused, and never the end of the stack', async (t) => {
  const free: Record<Kind, (value: string) => string> = {
    scenario: (value) => sound.scenario.replace('a: 1', `a: ${value}`),
    profile: (value) => sound.profile.replace('request: GET /a', `request: { request: POST /a, json: ${value} }`),
    values: (value) => `host: ${value}\n`,
    project: (value) => `${sound.project}edits:\n  a: ${value}\n`,
  };
  for (const kind of names)
    for (let levels = 100; levels <= 2100; levels += 1000)
      for (const [open, close] of [
        ['[', ']'],
        ['{a: ', '}'],
      ] as const)
        t.doesNotThrow(
          () => kinds[kind](free[kind](`${open.repeat(levels)}${close.repeat(levels)}`)),
          `${kind} ${levels}`,
        );
});

t.test('a document without anything is told as one, but values may be none', async (t) => {
  for (const kind of names)
    t.same(kinds[kind]('# x\n'), kind === 'values' ? [] : [`${kind}:1:1: the file is empty`], kind);
});

t.test(
  'a wrong name of any field of any document is told at its key, or it is a name of the user’s choosing',
  async (t) => {
    const files = (path: string) =>
      readdirSync(join(root, path))
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => readFileSync(join(root, path, name), 'utf8'));
    const documents: Record<Kind, string[]> = {
      scenario: files('scenarios'),
      profile: files('scenarios/profiles'),
      values: [sound.values],
      project: [sound.project],
    };
    const places = names.flatMap((kind) => documents[kind].map((text) => ({ kind, text, keys: keysOf(text) })));
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.nat(), ({ kind, text, keys }, n) => {
        const { offset, at, name } = keys[n % keys.length]!;
        const told = kinds[kind](`${text.slice(0, offset)}zz${text.slice(offset)}`);
        if (told.length === 0) return true;
        refused++;
        return told.some((line) =>
          [`unknown field "zz${name}" in `, `unknown operator "zz${name}"`].some((form) =>
            line.startsWith(`${kind}:${at}: ${form}`),
          ),
        );
      }),
      { seed, numRuns: 80 },
    );
    t.ok(refused > 40, `${refused} of 80`);
  },
);

function keysOf(text: string): { offset: number; at: string; name: string }[] {
  const lines = new LineCounter();
  const keys: { offset: number; at: string; name: string }[] = [];
  visit(parseDocument(text, { lineCounter: lines }), {
    Map(_, map) {
      if (!isMap(map)) return;
      for (const { key } of map.items) {
        const offset = (key as Node).range![0];
        const { line, col } = lines.linePos(offset);
        const name = String((key as { value?: unknown }).value);
        if (/^\w+$/.test(text.slice(offset, offset + name.length))) keys.push({ offset, at: `${line}:${col}`, name });
      }
    },
  });
  return keys;
}
