import { posix } from 'node:path';
import { type Arguments, flagTables, splitArguments } from './arguments.js';
import type { ShellCommand } from './shell-lines.js';

/** A chart as helm is given it. */
export interface ChartReference {
  /** A folder or archive of the repository (relative to its root), `repository/name`, a name beside `--repo`, or `oci://`. */
  name: string;
  kind: 'folder' | 'repository' | 'oci' | 'url';
  /** Where `a/b` would lie if it were a folder: which of the two it is, the repository's files tell. */
  path?: string;
  repositoryUrl?: string;
  version?: string;
}

/** What a line of a README or Makefile does, as data. Paths are relative to the repository's root, with `/`. */
export type ShellAct =
  | { kind: 'helm repository'; name: string; url: string }
  | {
      kind: 'helm release';
      release: string;
      chart: ChartReference;
      namespace?: string;
      createNamespace: boolean;
      valuesFiles: string[];
      /** As given: `--set`, `--set-string`, `--set-json`, `--set-file`. */
      set: { flag: string; text: string }[];
    }
  | { kind: 'helm dependencies'; chart: string }
  | { kind: 'helm removal'; releases: string[] }
  | { kind: 'helm test'; release: string }
  | { kind: 'namespace'; name: string }
  | { kind: 'default namespace'; name: string }
  | { kind: 'apply'; files: string[]; kustomize: boolean; recursive: boolean; namespace?: string; text?: string }
  | { kind: 'removal' }
  | { kind: 'generated object'; object: 'configmap' | 'secret'; name: string; namespace?: string; from: string[] }
  | { kind: 'wait' }
  | { kind: 'addon'; name: string }
  | { kind: 'cluster start'; flags: Record<string, string> }
  | { kind: 'tunnel' }
  | {
      kind: 'image build';
      tags: string[];
      context: string;
      dockerfile?: string;
      target?: string;
      platform?: string;
      buildArguments: string[];
    }
  | { kind: 'image load'; image: string }
  | { kind: 'image push'; image: string }
  | { kind: 'compose'; file?: string }
  | { kind: 'skaffold'; verb: string; file: string; profiles: string[] }
  | { kind: 'collection run'; collection: string; environment?: string; variables: string[]; folder?: string }
  | { kind: 'load run'; tool: 'k6' | 'locust' | 'ab' | 'hey' | 'wrk' | 'fortio'; script?: string; arguments: string[] }
  /** Nothing that brings anything up: looks, downloads, editors, requests. */
  | { kind: 'other'; program: string }
  /** Something of what is read here, of which not all could be understood. */
  | { kind: 'not understood'; program: string; why: string[] };

type Reader = (command: ShellCommand, path: (text: string) => string) => ShellAct;

const other = (program: string): ShellAct => ({ kind: 'other', program });

/** What a command does. What it names outside the repository, or what only a shell can know, makes it `not understood`. */
export function actOf(command: ShellCommand): ShellAct {
  const program = posix.basename(command.argv[0]!.replaceAll('\\', '/')).replace(/\.exe$/, '');
  // Its own names alone: `valueOf` is a word of a script, not a program of ours.
  const read = Object.hasOwn(readers, program) ? readers[program] : undefined;
  if (read === undefined) {
    return command.unclear.includes('control flow of a shell')
      ? { kind: 'not understood', program, why: command.unclear }
      : other(program);
  }
  const troubles: string[] = [];
  const path = (text: string) => pathOf(text, command.folder, troubles);
  const act = read(command, path);
  if (act.kind === 'other') return act;
  const why = [...command.unclear, ...troubles];
  return why.length === 0 ? act : { kind: 'not understood', program, why: [...new Set(why)] };
}

function pathOf(text: string, folder: string | undefined, troubles: string[]): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text === '-') return text;
  const slashed = text.replaceAll('\\', '/');
  if (folder === undefined) troubles.push('the folder it is called in is not known');
  const joined = posix.normalize(posix.join(folder ?? '', slashed));
  if (slashed.startsWith('/') || slashed.startsWith('~') || joined.startsWith('..'))
    troubles.push(`${text} is outside the repository`);
  return joined.replace(/(?<=.)\/$/, '');
}

const readers: Record<string, Reader> = {
  helm: helmAct,
  kubectl: kubectlAct,
  k: kubectlAct,
  oc: kubectlAct,
  minikube: minikubeAct,
  docker: dockerAct,
  podman: dockerAct,
  nerdctl: dockerAct,
  'docker-compose': (command, path) => composeAct(command.argv.slice(1), path),
  newman: newmanAct,
  npx: (command, path) =>
    command.argv[1] === 'newman' ? newmanAct({ ...command, argv: command.argv.slice(1) }, path) : other('npx'),
  skaffold: skaffoldAct,
  k6: loadAct,
  locust: loadAct,
  ab: loadAct,
  hey: loadAct,
  wrk: loadAct,
  fortio: loadAct,
};

const one = (args: Arguments, name: string) => args.flags.get(name)?.at(-1);
const list = (args: Arguments, name: string) => args.flags.get(name) ?? [];
const given = <K extends string>(key: K, value: string | undefined) =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: string });

function helmAct(command: ShellCommand, path: (text: string) => string): ShellAct {
  const args = splitArguments(command.argv.slice(1), flagTables.helm);
  const [verb, ...words] = args.words;
  if (verb === 'repo' && words[0] === 'add' && words.length >= 3)
    return { kind: 'helm repository', name: words[1]!, url: words[2]! };
  if ((verb === 'dependency' || verb === 'dep' || verb === 'dependencies') && words[0] !== 'list')
    return { kind: 'helm dependencies', chart: path(words[1] ?? '.') };
  if (verb === 'uninstall' || verb === 'delete' || verb === 'del') return { kind: 'helm removal', releases: words };
  if (verb === 'test' && words[0] !== undefined) return { kind: 'helm test', release: words[0] };
  if ((verb !== 'install' && verb !== 'upgrade') || args.flags.has('dry-run')) return other('helm');
  // Helm 2 took the name as a flag; --generate-name has the chart alone.
  const named = one(args, 'name') ?? (words.length > 1 ? words[0] : undefined);
  const chart = named === undefined || one(args, 'name') !== undefined ? words[0] : words[1];
  if (chart === undefined) return { kind: 'not understood', program: 'helm', why: ['it names no chart'] };
  const reference = chartOf(chart, args, path);
  return {
    kind: 'helm release',
    release: named ?? posix.basename(reference.name),
    chart: reference,
    ...given('namespace', one(args, 'namespace')),
    createNamespace: args.flags.has('create-namespace'),
    valuesFiles: list(args, 'values')
      .flatMap((text) => text.split(','))
      .map(path),
    set: [
      ...['set', 'set-string', 'set-json'].flatMap((flag) => list(args, flag).map((text) => ({ flag, text }))),
      ...list(args, 'set-file')
        .flatMap((text) => text.split(','))
        .map((text) => ({ flag: 'set-file', text: withFile(text, path) })),
    ],
  };
}

/** `name=FILE` with another path of the file. */
export function withFile(text: string, path: (file: string) => string): string {
  const cut = text.indexOf('=') + 1;
  return cut === 0 ? text : `${text.slice(0, cut)}${path(text.slice(cut))}`;
}

function chartOf(text: string, args: Arguments, path: (text: string) => string): ChartReference {
  const repositoryUrl = one(args, 'repo');
  const more = { ...given('version', one(args, 'version')), ...given('repositoryUrl', repositoryUrl) };
  if (text.startsWith('oci://')) return { name: text, kind: 'oci', ...more };
  if (/^https?:\/\//.test(text)) return { name: text, kind: 'url', ...more };
  if (repositoryUrl !== undefined) return { name: text, kind: 'repository', ...more };
  // As helm looks: a path first; `a/b` that is no path is a chart of the repository a. Which it is, the tree tells.
  if (/^[\w-]+\/\w[\w.-]*$/.test(text)) return { name: text, kind: 'repository', path: path(text), ...more };
  return { name: path(text), kind: 'folder', ...more };
}

function kubectlAct(command: ShellCommand, path: (text: string) => string): ShellAct {
  const args = splitArguments(command.argv.slice(1), flagTables.kubectl);
  const [verb, noun, name] = args.words;
  const namespace = given('namespace', one(args, 'namespace'));
  if (one(args, 'dry-run') !== undefined) return other('kubectl');
  if (verb === 'apply' || ((verb === 'create' || verb === 'replace') && args.flags.has('filename'))) {
    const kustomize = args.flags.has('kustomize');
    const files = list(args, kustomize ? 'kustomize' : 'filename').flatMap((text) => text.split(','));
    const input = command.input;
    const read = files.flatMap((file) =>
      file !== '-' ? [path(file)] : input !== undefined && 'path' in input ? [path(input.path)] : [],
    );
    const text = files.includes('-') && input !== undefined && 'text' in input ? { text: input.text } : {};
    if (read.length === 0 && !('text' in text))
      return { kind: 'not understood', program: 'kubectl', why: ['it names no file'] };
    // More words than flags take: `kubectl apply -f a.yaml b.yaml` applies the first alone, but means both.
    return {
      kind: 'apply',
      files: [...read, ...args.words.slice(1).map(path)],
      kustomize,
      recursive: args.flags.has('recursive'),
      ...namespace,
      ...text,
    };
  }
  if (verb === 'create' && /^(ns|namespaces?)$/.test(noun ?? '') && name !== undefined)
    return { kind: 'namespace', name };
  if (verb === 'create' && (noun === 'configmap' || noun === 'cm' || noun === 'secret')) {
    const from = ['from-file', 'from-literal', 'from-env-file'].flatMap((flag) =>
      list(args, flag).map((text) => `${flag}=${text}`),
    );
    const named = noun === 'secret' ? args.words[3] : name;
    return {
      kind: 'generated object',
      object: noun === 'secret' ? 'secret' : 'configmap',
      name: named ?? '',
      ...namespace,
      from,
    };
  }
  if (verb === 'config' && noun === 'set-context' && args.flags.has('namespace'))
    return { kind: 'default namespace', name: one(args, 'namespace')! };
  if (verb === 'wait' || (verb === 'rollout' && noun === 'status')) return { kind: 'wait' };
  if (verb === 'delete') return { kind: 'removal' };
  return other('kubectl');
}

function minikubeAct(command: ShellCommand, path: (text: string) => string): ShellAct {
  const args = splitArguments(command.argv.slice(1), flagTables.minikube);
  const [verb, noun, name] = args.words;
  if (verb === 'addons' && noun === 'enable' && name !== undefined) return { kind: 'addon', name };
  if (verb === 'start')
    return {
      kind: 'cluster start',
      flags: Object.fromEntries([...args.flags].map(([key, values]) => [key, values.at(-1)!])),
    };
  if (verb === 'tunnel') return { kind: 'tunnel' };
  if (verb === 'image' && noun === 'load' && name !== undefined) return { kind: 'image load', image: name };
  if (verb === 'image' && noun === 'build') return buildAct(command.argv.slice(3), path);
  if (verb === 'kubectl')
    return kubectlAct(
      { ...command, argv: ['kubectl', ...(args.after.length > 0 ? args.after : args.words.slice(1))] },
      path,
    );
  return other('minikube');
}

function dockerAct(command: ShellCommand, path: (text: string) => string): ShellAct {
  const [, first = '', second = ''] = command.argv;
  if (first === 'build') return buildAct(command.argv.slice(2), path);
  if ((first === 'buildx' || first === 'image') && second === 'build') return buildAct(command.argv.slice(3), path);
  if (first === 'compose') return composeAct(command.argv.slice(2), path);
  const args = splitArguments(command.argv.slice(1), flagTables.docker);
  if (first === 'push' && args.words[1] !== undefined) return { kind: 'image push', image: args.words[1] };
  const newman = command.argv.findIndex((word) => /^(?:[\w./-]*\/)?newman(?::[\w.-]+)?$/.test(word));
  if (first === 'run' && newman > 0) return dockerNewman(command, newman, path);
  return other('docker');
}

/** `docker run -v FOLDER:/etc/newman postman/newman run ...`: the collection lies in what is mounted. */
function dockerNewman(command: ShellCommand, at: number, path: (text: string) => string): ShellAct {
  const before = command.argv.slice(0, at);
  const flag = before.findIndex((word) => word === '-v' || word === '--volume');
  const [source = '.', target = ''] = (before[flag + 1] ?? '').split(':');
  const mounted = flag === -1 ? '.' : source;
  const inside = (text: string) => {
    if (/^[a-z]+:\/\//.test(text)) return path(text);
    const below =
      target !== '' && text.startsWith(`${target.replace(/\/$/, '')}/`)
        ? text.slice(target.replace(/\/$/, '').length + 1)
        : text;
    return path(below.startsWith('/') ? below : posix.join(mounted, below));
  };
  return newmanAct({ ...command, argv: ['newman', ...command.argv.slice(at + 1)] }, inside);
}

function buildAct(words: readonly string[], path: (text: string) => string): ShellAct {
  const args = splitArguments(words, flagTables.build);
  const context = args.words[0];
  if (context === undefined || context === '-')
    return { kind: 'not understood', program: 'docker', why: ['it names no folder to build'] };
  const file = one(args, 'file');
  return {
    kind: 'image build',
    tags: list(args, 'tag'),
    context: path(context),
    ...(file !== undefined && { dockerfile: path(file) }),
    ...given('target', one(args, 'target')),
    ...given('platform', one(args, 'platform')),
    buildArguments: list(args, 'build-arg'),
  };
}

function composeAct(words: readonly string[], path: (text: string) => string): ShellAct {
  const args = splitArguments(words, flagTables.docker);
  if (!args.words.some((word) => word === 'up' || word === 'build')) return other('docker-compose');
  const file = one(args, 'file');
  return { kind: 'compose', ...(file !== undefined && { file: path(file) }) };
}

function newmanAct(command: ShellCommand, path: (text: string) => string): ShellAct {
  const args = splitArguments(command.argv.slice(1), flagTables.newman);
  const collection = args.words[1];
  if (args.words[0] !== 'run' || collection === undefined) return other('newman');
  const environment = one(args, 'environment');
  return {
    kind: 'collection run',
    collection: path(collection),
    ...(environment !== undefined && { environment: path(environment) }),
    variables: [...list(args, 'env-var'), ...list(args, 'global-var')],
    ...given('folder', one(args, 'folder')),
  };
}

function skaffoldAct(command: ShellCommand, path: (text: string) => string): ShellAct {
  const args = splitArguments(command.argv.slice(1), flagTables.skaffold);
  const verb = args.words[0];
  if (verb === undefined || !['run', 'dev', 'build', 'deploy', 'debug'].includes(verb)) return other('skaffold');
  return {
    kind: 'skaffold',
    verb,
    file: path(one(args, 'filename') ?? 'skaffold.yaml'),
    profiles: list(args, 'profile').flatMap((text) => text.split(',')),
  };
}

function loadAct(command: ShellCommand, path: (text: string) => string): ShellAct {
  const tool = command.argv[0] as 'k6' | 'locust' | 'ab' | 'hey' | 'wrk' | 'fortio';
  const args = splitArguments(command.argv.slice(1), flagTables.load);
  if (tool === 'k6' && args.words[0] !== 'run') return other('k6');
  const script =
    tool === 'k6' ? args.words[1] : tool === 'locust' ? (one(args, 'locustfile') ?? 'locustfile.py') : undefined;
  return {
    kind: 'load run',
    tool,
    ...(script !== undefined && { script: path(script) }),
    arguments: command.argv.slice(1),
  };
}

/** What is not of the repository: a URL, or a chart of an OCI registry. */
export function isRemote(path: string): boolean {
  return /^(?:https?|oci):\/\//.test(path);
}
