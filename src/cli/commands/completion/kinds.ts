import type { Context } from '../context/context.js';
import { outFormats } from '../load/values.js';
import {
  bundled,
  type Candidate,
  clusterProfiles,
  kubeContexts,
  listFiles,
  logged,
  services,
  stacks,
  typedEdits,
} from './sources.js';

/** What is asked: the word so far, and what stands before it. */
interface Asked {
  word: string;
  /** Values of the same argument that were given already. */
  given: readonly string[];
  /** Values of the options that were given, by the option's long name. */
  options: ReadonlyMap<string, string>;
  context: Pick<Context, 'cwd' | 'env' | 'root'>;
}

/** Finds what may stand in a place; what does not begin with the word so far is left out later. */
export type Kind = (asked: Asked) => readonly Candidate[] | Promise<readonly Candidate[]>;

/** What nobody but the user knows: numbers, durations, URLs, texts. */
const text: Kind = () => [];

/** Any of these words. */
export function oneOf(words: readonly string[]): Kind {
  return () => words.map((word) => ({ word }));
}

function files(...extensions: string[]): Kind {
  return ({ word, context }) => listFiles(word, context, (name) => hasExtension(name, extensions));
}

function hasExtension(name: string, extensions: readonly string[]): boolean {
  return extensions.length === 0 || extensions.some((extension) => name.toLowerCase().endsWith(`.${extension}`));
}

const folders: Kind = ({ word, context }) => listFiles(word, context, () => false);

function either(...kinds: Kind[]): Kind {
  return async (asked) => (await Promise.all(kinds.map((kind) => kind(asked)))).flat();
}

/** A kind behind the first letters of the word, which stay as they are. */
async function behind(head: string, kind: Kind, asked: Asked): Promise<Candidate[]> {
  const found = await kind({ ...asked, word: asked.word.slice(head.length) });
  return found.map((candidate) => ({ ...candidate, word: head + candidate.word }));
}

const stack: Kind = ({ given, options, context }) => {
  const listed = stacks(options.get('--manifests'), context);
  return given.length > 0 ? listed : [...listed, { word: 'all', description: 'every stack' }];
};
const upStack: Kind = ({ options, context }) => stacks(options.get('--manifests'), context);
const part: Kind = ({ context }) => [
  { word: 'app', description: 'the way in of the platform' },
  { word: 'grafana', description: 'dashboards, on a cluster' },
  { word: 'prometheus', description: 'metrics, on a cluster' },
  ...services(context),
];
const scenario: Kind = ({ context }) => bundled('scenarios', context);
const profile: Kind = ({ given, context }) => (given.length > 0 ? [] : bundled('scenarios/profiles', context));
const yaml = files('yaml', 'yml');
const loadFiles = files('yaml', 'yml', 'js', 'ts', 'mjs', 'py');
const pem = files('pem', 'crt', 'cer', 'key');

/** `cli,junit=report.xml`: names between commas, each with a file or without. */
const reporters: Kind = (asked) => {
  const head = asked.word.slice(0, asked.word.lastIndexOf(',') + 1);
  const sign = asked.word.indexOf('=', head.length);
  if (sign >= 0) return behind(asked.word.slice(0, sign + 1), files(), asked);
  const before = head.split(',').map((entry) => entry.split('=', 1)[0]);
  return behind(
    head,
    async () => {
      const { reporterNames } = await import('../test/reporters.js');
      return reporterNames.filter((name) => !before.includes(name)).map((word) => ({ word }));
    },
    asked,
  );
};

/** With `--as helm` and no --out the folder of the charts comes first. */
const rendered: Kind = (asked) => {
  const folderFirst = asked.options.get('--as') === 'helm' && !asked.options.has('--out');
  return folderFirst && asked.given.length === 0 ? folders(asked) : stack(asked);
};

/**
 * What stands behind every flag with a value and in the place of every argument, from the narrow to the wide: by command and
 * flag, by flag, by the name in the brackets. The one table of completion; a flag with `choices` needs no row.
 */
export const kinds: Readonly<Record<string, Kind>> = {
  'up <stack>': stack,
  'down <stack>': upStack,
  'render <stack>': rendered,
  'diff <stack>': stack,
  'verify <stack>': stack,
  'dev <stack>': stack,
  'logs <service>': ({ context }) => logged(context),
  'open <part>': part,
  'debug <command>': text,
  'test <names>': either(
    scenario,
    ({ given }) => (given.length > 0 ? [] : [{ word: 'all', description: 'every scenario' }]),
    files('yaml', 'yml', 'json'),
  ),
  'load <what>': either(profile, (asked) => (asked.given.length > 0 ? [] : loadFiles(asked))),
  'load compare <before>': files('json'),
  'load compare <after>': files('json'),
  'scenario show <name>': either(scenario, yaml),
  'scenario export <name>': either(scenario, yaml),
  'scenario validate <files>': either(scenario, files('yaml', 'yml', 'json')),
  'scenario import <file>': files('json', 'yaml', 'yml', 'har'),
  'probe idempotency <request>': text,
  'explain <code>': async ({ context }) => {
    const { errorRows } = await import('../explain.js');
    return errorRows(context).map(({ code, meaning }) => ({ word: code, description: meaning }));
  },

  'load --out': files(...Object.keys(outFormats).map((extension) => extension.slice(1))),
  'load compare --out': files('md', 'json'),
  'verify --out': files('md'),
  '--baseline': files('json'),
  '--host': text,
  '--image': text,
  '--step': text,
  'test --folder': text,
  '--scenario': either(scenario, yaml),
  '--unix-socket': files(),
  '--setup': either(scenario, yaml),
  '--kill': ({ context }) => services(context),
  'probe idempotency --header': oneOf(['Idempotency-Key', 'X-Request-Id', 'X-Idempotency-Key']),
  '--other-body': (asked) => (asked.word.startsWith('@') ? behind('@', files(), asked) : []),
  '--body': (asked) => (asked.word.startsWith('@') ? behind('@', files(), asked) : []),
  '--data': (asked) => (asked.word.startsWith('@') ? behind('@', files(), asked) : []),
  'serve --data': folders,
  '--method': oneOf(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']),
  '--reporters': reporters,
  '--iteration-data': files('csv', 'json'),
  '--environment': files('json'),
  '--globals': files('json'),
  'load --env': files('json'),
  '--har': files('har'),
  '--ssl-extra-ca-certs': pem,
  '--ssl-client-cert': pem,
  '--ssl-client-key': pem,
  '--set': async ({ word }) => typedEdits(word),
  '--values': yaml,
  '--context': ({ context }) => kubeContexts(context),
  '--allow-context': ({ context }) => kubeContexts(context),
  '--profile': ({ context }) => clusterProfiles(context),

  '<file>': files(),
  '<folder>': folders,
  ...Object.fromEntries(
    [
      ...[
        'address',
        'condition',
        'duration',
        'duration:n',
        'fault',
        'header',
        'host',
        'host:port:address',
        'jsonpath',
        'lines',
        'member',
        'ms',
        'n',
        'name',
      ],
      ...[
        'name=value',
        'number',
        'path',
        'request',
        'share',
        'size',
        'template',
        'text',
        'time',
        'url',
        'version',
        'word',
      ],
    ].map((name) => [`<${name}>`, text]),
  ),
};
