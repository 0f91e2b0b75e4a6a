import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { statOf } from '../../kernel/files.js';
import { type LocalState, readState, stateFolder } from '../../target/local/state/state-folder.js';
import { describeStack, listStacks } from '../../target/manifests/stacks.js';
import type { Context } from '../context/context.js';

/** A word that may stand where the cursor is. */
export interface Candidate {
  word: string;
  /** What it is, for shells that show it. */
  description?: string;
  /** A name of the file system, which a shell quotes and marks in its own way; folders end with a slash. */
  file?: boolean;
}

type CompletionPlaces = Pick<Context, 'cwd' | 'env' | 'root'>;

/** Entries of one folder that are read at most: what is longer is no list to choose from. */
const maxEntries = 2_000;

/** What lies where the word points: folders, and the files that are `wanted`. Hidden ones only behind a dot. */
export function listFiles(word: string, places: CompletionPlaces, wanted: (name: string) => boolean): Candidate[] {
  const head = word.slice(0, word.lastIndexOf('/') + 1);
  const folder = pathOf(head, places);
  const hidden = word.startsWith('.', head.length);
  return attempt(() => readdirSync(folder, { withFileTypes: true }))
    .filter(({ name }) => name.startsWith(word.slice(head.length)) && name.startsWith('.') === hidden)
    .slice(0, maxEntries)
    .flatMap((entry) => {
      const isFolder = entry.isSymbolicLink()
        ? statOf(join(folder, entry.name))?.isDirectory() === true
        : entry.isDirectory();
      if (isFolder) return [{ word: `${head}${entry.name}/`, file: true }];
      return wanted(entry.name) ? [{ word: head + entry.name, file: true }] : [];
    });
}

/** A path as the shell would hand it over: the words before the cursor are not expanded yet. */
function pathOf(word: string, { cwd, env }: CompletionPlaces): string {
  return resolve(cwd, word.replace(/^~(?=\/|$)/, env.HOME ?? '~'));
}

/** The scenarios or profiles of the package, and why each exists; not parsed, which takes longer than a key press may. */
export function bundled(folder: 'scenarios' | 'scenarios/profiles', { root }: CompletionPlaces): Candidate[] {
  return attempt(() => readdirSync(join(root, folder)))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({
      word: basename(name, '.yaml'),
      description: /^why:[ \t]*(\S.*)$/m.exec(readFileSync(join(root, folder, name), 'utf8'))?.[1],
    }));
}

/** The stacks of a folder, and of the bundled one and what is up here where none is named. */
export function stacks(manifests: string | undefined, places: CompletionPlaces): Candidate[] {
  const folder = manifests === undefined ? join(places.root, 'manifests') : pathOf(manifests, places);
  const listed = attempt(() => listStacks(folder)).map((word) => ({ word, description: describeStack(folder, word) }));
  if (manifests !== undefined) return listed;
  return distinct([...listed, ...stateHere(places.env).stacks.map((word) => ({ word, description: upHere }))]);
}

/** The services of the bundled platform, and those that are up here. */
export function services({ env, root }: CompletionPlaces): Candidate[] {
  const shared = join(root, 'manifests', 'shared');
  const ours = attempt(() => readdirSync(shared)).filter((name) => existsSync(join(shared, name, 'service.yaml')));
  const here = stateHere(env).processes.filter(({ kind }) => kind === 'service');
  const running = here.map(({ name }) => name);
  return [...new Set([...ours, ...running])].map((word) => ({
    word,
    description: running.includes(word) ? upHere : undefined,
  }));
}

/** What has logs: the services, and here the jobs, the gateway and what watches over all of them. */
export function logged(places: CompletionPlaces): Candidate[] {
  const processes = stateHere(places.env).processes.map(({ name }) => name);
  const others = processes.length > 0 ? [...processes, 'supervisor'] : [];
  return distinct([...services(places), ...others.map((word) => ({ word, description: upHere }))]);
}

const upHere = 'up on this machine';

function stateHere(env: CompletionPlaces['env']): Pick<LocalState, 'stacks' | 'processes'> {
  const [state] = attempt(() => [readState(stateFolder(env))]);
  return state ?? { stacks: [], processes: [] };
}

/** The contexts of the kubeconfig files; no cluster is asked. */
export async function kubeContexts({ env }: CompletionPlaces): Promise<Candidate[]> {
  const { contextNames } = await import('../../target/kubeconfig.js');
  return contextNames(env).map((word) => ({ word, description: 'kubeconfig context' }));
}

/** The clusters that their providers keep on this machine, by what `--profile` calls them; no program is asked. */
export async function clusterProfiles({ env }: CompletionPlaces): Promise<Candidate[]> {
  const { knownProfiles } = await import('../../target/target-names.js');
  const known = await knownProfiles(env);
  return known.map(({ profile, noun }) => ({ word: profile, description: noun }));
}

/** The typed edits of `--set`: their names, and behind the sign the values where they are counted. */
export async function typedEdits(word: string): Promise<Candidate[]> {
  const { valuesSchema } = await import('../../target/manifests/values-shape.js');
  const edits: Record<string, { description?: string; type?: string; enum?: readonly string[] }> =
    valuesSchema.properties;
  const [name = ''] = word.split('=', 1);
  if (!word.includes('=')) {
    return Object.entries(edits).map(([key, { description, type }]) =>
      type === 'object' ? { word: `${key}.`, description } : { word: `${key}=`, description },
    );
  }
  const edit = Object.hasOwn(edits, name) ? edits[name] : undefined;
  const values = edit?.enum ?? (edit?.type === 'boolean' ? ['true', 'false'] : []);
  return values.map((value) => ({ word: `${name}=${value}` }));
}

function distinct(candidates: Candidate[]): Candidate[] {
  return candidates.filter(({ word }, index) => candidates.findIndex((other) => other.word === word) === index);
}

/** What cannot be read has nothing to offer: a completion never fails. */
function attempt<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return [];
  }
}
