import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Collection, ItemGroup, VariableScope } from 'postman-collection';
import type { Run } from 'postman-runtime';
import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import { oneLine } from '../../kernel/text.js';
import type { ScenarioResult } from '../result.js';
import { type Uploads, uploadPath } from '../send/upload.js';
import { Mask } from '../tell/mask.js';
import { collectionAgents } from './agent.js';
import { applyRedirection } from './base-urls.js';
import { readCollection } from './collection.js';
import { readIterationData } from './iteration-data.js';
import { CollectionObserver } from './observer.js';
import type { PostmanOptions } from './options.js';
import { CollectionPlaces } from './places.js';
import { scopeJson } from './scope-file.js';
import { refuseCutResponses } from './whole-response.js';

/** Runs a Postman collection unchanged, on Postman's own runtime. Failed assertions are values; throws as runScenario does. */
export async function runCollection(file: string, shown: string, options: PostmanOptions): Promise<ScenarioResult> {
  const [{ collection, text, json }, runtime, sdk] = await Promise.all([
    readCollection(file, shown),
    import('postman-runtime'),
    import('postman-collection'),
  ]);
  checkFolders(collection, options.folders ?? [], shown);
  const { Runner } = (runtime as unknown as { default: typeof runtime }).default;
  const { VariableScope, CertificateList } = sdk.default;
  const secrets = new Set<string>();
  const scope = (by: string, from: string | undefined, given: Record<string, string> | undefined) => {
    const json = scopeJson(by, from, options.cwd);
    secretNames(json.values, secrets);
    const made = new VariableScope(json);
    for (const [name, value] of Object.entries(given ?? {})) made.set(name, value, 'string');
    return made;
  };
  const environment = scope('--environment', options.environment, options.environmentVariables);
  const globals = scope('--globals', options.globals, options.globalVariables);
  secretNames(json.variable, secrets);
  if (options.redirected !== undefined) applyRedirection(options.redirected, collection, [environment, globals]);
  const observer = new CollectionObserver({
    file: shown,
    name: oneLine(collection.name ?? basename(file)),
    options,
    mask: maskOf([environment, globals, collection.variables], secrets),
    places: new CollectionPlaces(text, collection),
  });
  const run = await new Promise<Run>((done, fail) => {
    new Runner().run(
      collection,
      {
        stopOnFailure: options.bail ?? false,
        iterationCount: options.iterations,
        data:
          options.data === undefined
            ? undefined
            : readIterationData(resolve(options.cwd, options.data), { shown: options.data, by: '--iteration-data' }),
        environment,
        globals,
        entrypoint: entrypoint(options.folders ?? []),
        // The pause between requests and the deadline are kept in conduct.ts.
        timeout: {
          global: 0,
          request: options.timeoutRequestMs ?? 0,
          script: options.timeoutScriptMs ?? 0,
        },
        certificates: new CertificateList({}, clientCertificates(options)),
        fileResolver: fileResolver(uploadsOf(file, options), givenFiles(options)),
        requester: {
          useWhatWGUrlParser: true,
          followRedirects: options.ignoreRedirects ? false : undefined,
          strictSSL: !options.insecure,
          extendedRootCA: options.caFile && resolve(options.cwd, options.caFile),
          agents: collectionAgents(options.routes ?? [], options.allowUnixSocket ?? false),
        },
      },
      (error, started) => (error ? fail(cannotRun(shown, error)) : done(started)),
    );
  });
  options.signal.throwIfAborted();
  const end = refuseCutResponses();
  await observer.follow(run, (error) => cannotRun(shown, error)).finally(end);
  const result = observer.result();
  // What was found until then has been told.
  options.signal.throwIfAborted();
  return result;
}

/** One name is looked for level by level, several in the order of the file, as in newman. */
function entrypoint(folders: readonly string[]) {
  if (folders.length < 2) return folders.length === 0 ? undefined : { execute: folders[0] };
  return { execute: [...folders], lookupStrategy: 'multipleIdOrName' };
}

/** Throws Failure with the nearest name for a folder or request that is not there. */
export function checkFolders(collection: Collection, wanted: readonly string[], file: string): void {
  const names = new Set<string>();
  const gather = (group: ItemGroup) => {
    for (const item of group.items.all()) {
      names.add(item.name).add(item.id);
      if ('items' in item) gather(item);
    }
  };
  if (wanted.length > 0) gather(collection);
  for (const name of wanted) {
    if (names.has(name)) continue;
    throw new Failure({
      code: 'unknown-folder',
      message: `${file} has no folder or request ${JSON.stringify(name)}${didYouMean(name, names)}`,
      hint: '--folder takes the name of a folder or of a request',
    });
  }
}

function cannotRun(file: string, error: Error): Failure {
  return new Failure({
    code: 'bad-collection',
    message: `${file} cannot be run: ${error.message}`,
    hint: 'Check --folder and the files given with -e, -g and -d',
    cause: error,
  });
}

/** Files that the command line names: these may be anywhere. */
function givenFiles({ cwd, caFile, certFile, keyFile }: PostmanOptions): string[] {
  return [caFile, certFile, keyFile].flatMap((file) => (file === undefined ? [] : [resolve(cwd, file)]));
}

function clientCertificates({ cwd, certFile, keyFile, passphrase }: PostmanOptions): unknown[] {
  if (certFile === undefined) return [];
  const file = (path: string | undefined) => (path === undefined ? undefined : { src: resolve(cwd, path) });
  return [{ name: 'command line', matches: ['https://*:*/*'], cert: file(certFile), key: file(keyFile), passphrase }];
}

/** Names of the variables that Postman's user marked as secret; the runtime's own reading forgets that. */
function secretNames(variables: unknown, names: Set<string>): void {
  for (const variable of Array.isArray(variables) ? (variables as ({ key?: unknown; type?: unknown } | null)[]) : [])
    if (variable?.type === 'secret') names.add(String(variable.key));
}

/** Variables marked as secret, and those whose name tells, are masked. */
function maskOf(scopes: readonly (VariableScope | Collection['variables'])[], secrets: ReadonlySet<string>): Mask {
  const mask = new Mask([...secrets]);
  for (const scope of scopes)
    for (const { key, value } of ('values' in scope ? scope.values : scope).all()) mask.learn(key ?? '', value ?? '');
  return mask;
}

function uploadsOf(file: string, { cwd, workingDir, uploads }: PostmanOptions): Uploads {
  return { folder: resolve(cwd, workingDir ?? dirname(file)), ...uploads };
}

/** Reads the files that requests upload, and those that the command line names. */
function fileResolver(uploads: Uploads, given: readonly string[]) {
  const fs = process.getBuiltinModule('node:fs');
  const allowed = (path: string) => {
    const full = resolve(uploads.folder, path);
    return given.includes(full) ? full : uploadPath(path, uploads);
  };
  return {
    stat: (path: string, done: (error: Error | null, stats?: unknown) => void) => {
      try {
        fs.stat(allowed(path), done);
      } catch (error) {
        done(error as Error);
      }
    },
    createReadStream: (path: string, streamOptions?: object) => fs.createReadStream(allowed(path), streamOptions),
    readFile: (path: string, ...rest: unknown[]) =>
      (fs.readFile as (...args: unknown[]) => void)(allowed(path), ...rest),
    readFileSync: (path: string) => readFileSync(allowed(path)),
  };
}
