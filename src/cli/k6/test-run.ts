import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Failure } from '../kernel/failure.js';
import { isPlain, textOf } from './language/coerce.js';
import type { OptionOverrides } from './options.js';
import { repositoryOf } from './script-files.js';

/** A TestRun (or K6) of the k6 operator, as a load: its script and what stands in place of the script's options. */
export interface TestRun {
  name: string;
  /** Absolute; `text` where the script stands in a ConfigMap's manifest. */
  file: string;
  text: string | undefined;
  shown: string;
  parallelism: number;
  overrides: OptionOverrides;
  env: Record<string, string>;
  notes: string[];
}

/** Files looked at in search of a script. */
const mostFiles = 5000;
const skipped = new Set(['node_modules', '.git', 'dist', 'vendor', '.venv']);

/** Reads a TestRun and finds its script. Throws Failure. */
export function readTestRun(file: string, shown: string, text: string): TestRun {
  const documents = parseAllDocuments(text).map((document): unknown => document.toJS());
  const runs = documents.filter((each) => isPlain(each) && /^(TestRun|K6)$/.test(textOf(each.kind ?? '')));
  const [run] = runs;
  if (!isPlain(run) || !isPlain(run.spec))
    throw bad(shown, 'its TestRun has no spec', 'Give spec.script and spec.parallelism');
  if (runs.length > 1) throw bad(shown, `it holds ${runs.length} TestRuns`, 'Put each into a file of its own');
  const { spec } = run;
  const runner = isPlain(spec.runner) ? spec.runner : {};
  const listed = Array.isArray(runner.env) ? runner.env.filter(isPlain) : [];
  const given = listed.filter(({ value }) => value !== undefined);
  const env = Object.fromEntries(given.map(({ name, value }) => [textOf(name), textOf(value)]));
  const read = readArguments(textOf(spec.arguments ?? ''), shown);
  const notes = listed
    .filter(({ value }) => value === undefined)
    .map(
      ({ name }) => `${shown}: the value of ${textOf(name)} is in the cluster: give it with -e ${textOf(name)}=VALUE`,
    );
  if (listed.length === 0 && runner.envFrom !== undefined)
    notes.push(`${shown}: envFrom is in the cluster: give its values with -e NAME=VALUE`);
  return {
    name: isPlain(run.metadata) ? textOf(run.metadata.name ?? 'k6') : 'k6',
    ...findScript(file, shown, spec.script, documents),
    parallelism: Number.isSafeInteger(spec.parallelism) && Number(spec.parallelism) > 0 ? Number(spec.parallelism) : 1,
    overrides: read.overrides,
    env: { ...env, ...read.env },
    notes: [...notes, ...read.notes.map((note) => `${shown}: ${note}`)],
  };
}

function bad(shown: string, why: string, hint: string): Failure {
  return new Failure({ code: 'bad-testrun', message: `${shown}: ${why}`, hint });
}

function findScript(
  file: string,
  shown: string,
  script: unknown,
  documents: unknown[],
): Pick<TestRun, 'file' | 'text' | 'shown'> {
  if (!isPlain(script))
    throw bad(shown, 'its TestRun names no script', 'Give spec.script.configMap with name and file');
  if (typeof script.localFile === 'string') {
    throw bad(
      shown,
      `its script ${script.localFile} is in the runner’s image, which is not read`,
      `Load the script itself: hwctl load ${basename(script.localFile)}`,
    );
  }
  if (isPlain(script.volumeClaim)) {
    throw bad(
      shown,
      `its script is on the volume ${textOf(script.volumeClaim.name ?? '')}, which is not reached from here`,
      'Load the script itself: hwctl load FILE.js',
    );
  }
  if (!isPlain(script.configMap))
    throw bad(shown, 'its TestRun names no script that is read', 'Give spec.script.configMap with name and file');
  const name = textOf(script.configMap.name ?? '');
  const wanted = textOf(script.configMap.file ?? 'test.js');
  const folder = dirname(file);
  const inline = inlineScript(documents, name, wanted);
  if (inline !== undefined) return { file, text: inline, shown: `${shown} (${wanted})` };
  const near = resolve(folder, basename(wanted));
  if (existsSync(near)) return found(near, file, shown);
  const files = filesOf(repositoryOf(folder));
  for (const each of files.filter((path) => /\.ya?ml$/.test(path))) {
    const text = readSmall(each);
    if (!text.includes(name) || !/kind:\s*["']?ConfigMap/.test(text)) continue;
    const held = inlineScript(parsed(text), name, wanted);
    if (held !== undefined) return { file: each, text: held, shown: `${besides(each, file, shown)} (${wanted})` };
  }
  const told = fromFile(files, name, wanted);
  const named =
    told ??
    only(
      files.filter((path) => basename(path) === basename(wanted)),
      shown,
      wanted,
    );
  if (named !== undefined) return found(named, file, shown);
  throw bad(
    shown,
    `its script is ${wanted} of the ConfigMap ${name}, and no file of this repository is that`,
    `Put ${wanted} beside ${shown}, or load the script itself: hwctl load FILE.js`,
  );
}

function found(path: string, file: string, shown: string): Pick<TestRun, 'file' | 'text' | 'shown'> {
  return { file: path, text: undefined, shown: besides(path, file, shown) };
}

/** A file's path as seen from where the TestRun was named. */
function besides(path: string, file: string, shown: string): string {
  return join(dirname(shown), relative(dirname(file), path));
}

function inlineScript(documents: readonly unknown[], name: string, wanted: string): string | undefined {
  for (const each of documents) {
    if (!isPlain(each) || each.kind !== 'ConfigMap' || !isPlain(each.metadata) || !isPlain(each.data)) continue;
    const text = each.metadata.name === name ? each.data[wanted] : undefined;
    if (typeof text === 'string') return text;
  }
  return undefined;
}

function parsed(text: string): unknown[] {
  try {
    return parseAllDocuments(text).map((document): unknown => document.toJS());
  } catch {
    return [];
  }
}

/** `kubectl create configmap NAME --from-file=KEY=PATH` in a page or a script of the repository. */
function fromFile(files: readonly string[], name: string, wanted: string): string | undefined {
  for (const each of files.filter((path) => /(\.md|\.sh|\.ya?ml|[Mm]akefile)$/.test(path))) {
    for (const line of readSmall(each)
      .replace(/\\\r?\n/g, ' ')
      .split('\n')) {
      if (!/create\s+(configmap|cm)\s/.test(line) || !line.split(/\s+/).includes(name)) continue;
      for (const [, given = ''] of line.matchAll(/--from-file[= ]["']?([^\s"']+)/g)) {
        const [key, path = key!] = given.includes('=') ? given.split('=', 2) : [basename(given), given];
        if (key !== wanted) continue;
        const at = [dirname(each), repositoryOf(dirname(each))].map((folder) => resolve(folder, path)).find(existsSync);
        if (at !== undefined && files.includes(at)) return at;
      }
    }
  }
  return undefined;
}

function only(files: readonly string[], shown: string, wanted: string): string | undefined {
  if (files.length < 2) return files[0];
  throw bad(
    shown,
    `its script is ${wanted}, and there are ${files.length} of that name: ${files.slice(0, 5).join(', ')}`,
    'Load the one that is meant: hwctl load FILE.js',
  );
}

function filesOf(root: string): string[] {
  const all: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined && all.length < mostFiles; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) folders.push(path);
      else if (entry.isFile()) all.push(path);
    }
  }
  return all.sort();
}

function readSmall(path: string): string {
  try {
    return statSync(path).size > 1_000_000 ? '' : readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** k6's own flags as a TestRun gives them: `--vus 100 --duration 9m -e NAME=VALUE`. Throws Failure for one that is not read. */
function readArguments(
  text: string,
  shown: string,
): { overrides: OptionOverrides; env: Record<string, string>; notes: string[] } {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
  const overrides: OptionOverrides = {};
  const env: Record<string, string> = {};
  const notes: string[] = [];
  const refuse = (why: string) =>
    bad(
      shown,
      `arguments: ${why}`,
      'The arguments --vus, --duration, --iterations, --stage, --rps, -e and --tag are read',
    );
  for (let i = 0; i < words.length; i++) {
    const [, flag = words[i]!, joined] = /^(--?[\w-]+)=(.*)$/.exec(words[i]!) ?? [];
    const value = () => {
      const given = joined ?? words[++i];
      if (given === undefined) throw refuse(`${flag} has no value`);
      return given;
    };
    const count = () => {
      const given = value();
      if (!/^\d+$/.test(given)) throw refuse(`${flag}: ${given} is not a whole number`);
      return Number(given);
    };
    if (flag === '--vus' || flag === '-u') overrides.vus = count();
    else if (flag === '--duration' || flag === '-d') overrides.duration = value();
    else if (flag === '--iterations' || flag === '-i') overrides.iterations = count();
    else if (flag === '--rps') overrides.rps = count();
    else if (flag === '--stage' || flag === '-s')
      overrides.stages = [...(overrides.stages ?? []), ...stagesIn(value(), refuse)];
    else if (flag === '--env' || flag === '-e') {
      const [, name, given] = /^([^=]+)=(.*)$/s.exec(value()) ?? [];
      if (name === undefined) throw refuse('-e takes NAME=VALUE');
      env[name] = given!;
    } else if (flag === '--tag') notes.push(`the tag ${value()} marks k6’s own output, which there is none of`);
    else if (/^(--out|-o|--summary-\w+|--summary|--console-output|--log-\w+|--tag)$/.test(flag))
      notes.push(`${flag} ${value()}: the report is hwctl’s`);
    else if (/^(--quiet|-q|--verbose|-v|--no-\w[\w-]*|--include-system-env-vars|--http-debug.*|--linger)$/.test(flag))
      notes.push(`${flag} is left out`);
    else throw refuse(`${flag} is not read`);
  }
  return { overrides, env, notes };
}

function stagesIn(text: string, refuse: (why: string) => Failure): NonNullable<OptionOverrides['stages']> {
  return text.split(',').map((each) => {
    const [, duration, target] = /^(.+):(\d+)$/.exec(each.trim()) ?? [];
    if (duration === undefined) throw refuse(`--stage: ${each} is not DURATION:TARGET`);
    return { duration, target: Number(target) };
  });
}
