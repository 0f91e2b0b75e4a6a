import { basename, relative, resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { readText, statOf } from '../../kernel/files.js';
import { findScenarioFile, listScenarios, loadScenario } from '../../scenario/format/find.js';
import { isCollection } from '../../scenario/postman/is-collection.js';
import type { ScenarioEvent, ScenarioResult } from '../../scenario/result.js';
import type { Scenario } from '../../scenario/scenario.js';
import { addressOf } from '../../scenario/send/host-routes.js';
import { isVariableName } from '../../scenario/variables/generated.js';
import type { Context } from '../context/context.js';
import { readTls } from '../options/connection-options.js';
import { type OpenProject, openProject } from '../project/open-project.js';
import { type FileKind, givenVariables, httpOptions, refuseIgnored, type TestOptions } from './flags.js';
import { collectionPlace, Platform, scenarioPlace } from './place.js';
import { rerunOptions } from './rerun.js';

/** One scenario or collection that is ready to run. */
export interface Job {
  file: string;
  run(onEvent: (event: ScenarioEvent) => void): Promise<ScenarioResult>;
}

/** Finds, reads and checks everything before anything runs. Throws Failure. */
export async function planJobs(names: string[], options: TestOptions, context: Context): Promise<Job[]> {
  const project = await openProject(options, context);
  const platform = options.url === undefined ? new Platform(project, options, context) : undefined;
  const own = names.length === 0 ? await projectTests(project, options, platform) : undefined;
  const chosen = own ?? (await chosenTests(names, options, platform, context));
  const kinds = new Set(chosen.map(({ kind }) => kind));
  refuseIgnored(options, kinds);
  if (!kinds.has('Postman collection')) refuseNames(givenVariables(options, context));
  readTls(options, context);
  const jobs: Job[] = [];
  const problems: Failure[] = [];
  for (const { name, kind, options: given } of chosen) {
    try {
      const file = findScenarioFile(name, context);
      const job =
        kind === 'Postman collection'
          ? await collectionJob(file, given, platform, context)
          : await scenarioJob(name, file, given, platform, context);
      if (job !== undefined) jobs.push(job);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push(error);
    }
  }
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) throw severalProblems(problems);
  if (jobs.length === 0) throw nothingTagged(options.tag);
  return jobs;
}

/** A variable that no scenario can have would be set for nothing: an import gives those of a collection names of its own. */
function refuseNames(variables: Readonly<Record<string, string>>): void {
  const wrong = Object.keys(variables).filter((name) => !isVariableName(name));
  if (wrong.length === 0) return;
  throw new Failure({
    code: 'bad-variable-name',
    message: `no scenario has a variable called ${wrong.map((name) => JSON.stringify(name)).join(', ')}`,
    hint: 'A name is letters, digits and _, not a digit first. The first lines of an imported file say what each is called there',
  });
}

/** A test by its name or path. */
interface ChosenTest {
  name: string;
  kind: FileKind;
  options: TestOptions;
}

async function chosenTests(
  names: string[],
  options: TestOptions,
  platform: Platform | undefined,
  context: Context,
): Promise<ChosenTest[]> {
  const chosen = await chooseNames(names, options, platform, context);
  return chosen.map((name) => ({ name, kind: kindOf(name, context), options }));
}

/** A collection is known by what is in it, whatever its name ends in; one that ends in .json is meant to be one. */
function kindOf(name: string, { cwd }: Context): FileKind {
  if (name.endsWith('.json')) return 'Postman collection';
  const file = resolve(cwd, name);
  if (!/[\\/.]/.test(name) && !isFile(file)) return 'YAML scenario';
  return isFile(file) && isCollection(readText(file, { shown: name, latin: true }))
    ? 'Postman collection'
    : 'YAML scenario';
}

function isFile(path: string): boolean {
  return statOf(path)?.isFile() === true;
}

function severalProblems(problems: Failure[]): Failure {
  return new Failure({
    code: problems[0]!.code,
    message: `${problems.length} scenarios cannot be run`,
    details: problems.flatMap(({ message, details }) => [message, ...details.map((detail) => `  ${detail}`)]),
    hint: problems[0]!.hint,
  });
}

function nothingTagged(tags: string[]): Failure {
  return new Failure({
    code: 'nothing-tagged',
    message: `no scenario and no step has the tag ${tags.join(' or ')}`,
    hint: 'hwctl scenario list shows the tags of the scenarios, hwctl scenario show NAME those of its steps, in [ ]',
  });
}

/** The tests that a project has of its own, those of what is up of it; undefined for the bundled platform. */
async function projectTests(
  { project }: OpenProject,
  options: TestOptions,
  platform: Platform | undefined,
): Promise<ChosenTest[] | undefined> {
  if (project === undefined) return undefined;
  const up = platform === undefined ? [...project.stacks.keys()] : (await platform.up()).status.stacks;
  const tests = up.flatMap((stack) => project.stacks.get(stack)?.tests ?? []);
  if (tests.length === 0) {
    throw new Failure({
      code: 'no-scenario',
      message: `${project.name} has no tests of its own for what is up: ${up.join(', ')}`,
      hint: 'Name a collection or a scenario: hwctl test FILE, or list them under tests: in hwctl.yaml',
    });
  }
  const here = (file: string) => resolve(project.folder, file);
  return tests.map(({ collection, scenario, environment, variables }) => ({
    name: here(collection ?? scenario ?? ''),
    kind: collection === undefined ? 'YAML scenario' : 'Postman collection',
    options: {
      ...options,
      // What the command line says goes before what the file says.
      environment: options.environment ?? (environment === undefined ? undefined : here(environment)),
      envVar: { ...variables, ...options.envVar },
    },
  }));
}

/** The names given; `all`; or the scenarios whose stack is up (without the strict ones, which take their time and do harm). */
async function chooseNames(
  names: string[],
  options: TestOptions,
  platform: Platform | undefined,
  context: Context,
): Promise<string[]> {
  const everyOne = names.length === 1 && names[0] === 'all';
  if (names.length > 0 && !everyOne) return names;
  // Reads them all: only where none is named.
  const all = listScenarios(context.root);
  if (everyOne) return all.map(({ name }) => name);
  if (platform === undefined) {
    throw new Failure({
      code: 'no-scenario',
      message: 'no scenario given',
      hint: 'hwctl test NAME --url URL; hwctl scenario list names the built-in ones',
    });
  }
  const { status } = await platform.up();
  const tagged = options.tag.length > 0;
  const fitting = all.filter(
    ({ stack, tags }) => stack !== undefined && status.stacks.includes(stack) && (tagged || !tags.includes('strict')),
  );
  if (fitting.length > 0) return fitting.map(({ name }) => name);
  throw new Failure({
    code: 'no-scenario',
    message: `no scenario belongs to the stacks that are up: ${status.stacks.join(', ')}`,
    hint: 'hwctl scenario list shows the stack of each',
  });
}

async function scenarioJob(
  name: string,
  file: string,
  options: TestOptions,
  platform: Platform | undefined,
  context: Context,
): Promise<Job | undefined> {
  const variables = givenVariables(options, context);
  const { root, cwd } = context;
  const given = { root, cwd, variables: Object.keys(variables), data: options.iterationData };
  const read = asTold(await loadScenario(name, given), options, uploadsTold(file, options, context));
  if (options.tag.length > 0 && !hasTag(read, options.tag)) return undefined;
  const { scenario, endpoint, fault, routes } = await scenarioPlace(read, options, platform, variables);
  // Certificates and proxies are for servers that are not ours.
  const foreign = options.url !== undefined || endpoint === undefined;
  return {
    file,
    run: async (onEvent) => {
      const { runScenario } = await import('../../scenario/run/run.js');
      return runScenario(scenario, {
        endpoint,
        fault,
        variables,
        clock: context.clock,
        signal: context.signal,
        onEvent,
        http: { ...(foreign ? httpOptions(options, context) : {}), connectTo: (url) => addressOf(url, routes) },
        iterations: options.iterationCount,
        step: options.step,
        tags: options.tag,
        bail: options.bail,
        delayMs: options.delayRequest,
        traffic: options.debug === true || options.har !== undefined,
        rerun: rerunOptions(options, 'YAML scenario'),
      });
    },
  };
}

/** The scenario with what the command line says instead of it. */
function asTold(
  scenario: Scenario,
  { timeoutRequest, ignoreRedirects }: TestOptions,
  uploads: Scenario['uploads'],
): Scenario {
  return {
    ...scenario,
    uploads,
    timeoutMs: timeoutRequest ?? scenario.timeoutMs,
    redirects: ignoreRedirects ? false : scenario.redirects,
  };
}

/** Which files may be sent; one from outside of the folder is told once. */
function uploadsTold(
  file: string,
  { insecureFileRead }: TestOptions,
  context: Context,
): NonNullable<Scenario['uploads']> {
  const told = new Set<string>();
  const onOutside = (path: string) => {
    if (!told.has(path))
      context.note(
        `Note: ${basename(file)} sends ${path}, from outside of its folder (--no-insecure-file-read refuses that)`,
      );
    told.add(path);
  };
  return { confined: insecureFileRead === false, onOutside };
}

function hasTag(scenario: Scenario, tags: readonly string[]): boolean {
  const inSteps = (steps: Scenario['steps']): boolean =>
    steps.some(
      (step) => step.tags.some((tag) => tags.includes(tag)) || (step.kind === 'folder' && inSteps(step.steps)),
    );
  return scenario.tags.some((tag) => tags.includes(tag)) || inSteps(scenario.steps);
}

async function collectionJob(
  file: string,
  options: TestOptions,
  platform: Platform | undefined,
  context: Context,
): Promise<Job> {
  const { cwd } = context;
  const shown = relative(cwd, file).startsWith('..') ? file : relative(cwd, file);
  const { readCollection } = await import('../../scenario/postman/collection.js');
  const read = await readCollection(file, shown);
  const { routes, redirected } = await collectionPlace(read, shown, options, platform, context);
  return {
    file,
    run: async (onEvent) => {
      const { runCollection } = await import('../../scenario/postman/run.js');
      return runCollection(file, shown, {
        routes,
        redirected,
        environment: options.environment,
        globals: options.globals,
        data: options.iterationData,
        iterations: options.iterationCount,
        folders: options.folder,
        environmentVariables: givenVariables(options, context),
        globalVariables: options.globalVar,
        bail: options.bail,
        delayRequestMs: options.delayRequest,
        timeoutMs: options.timeout,
        timeoutRequestMs: options.timeoutRequest,
        timeoutScriptMs: options.timeoutScript,
        insecure: options.insecure,
        caFile: options.sslExtraCaCerts,
        certFile: options.sslClientCert,
        keyFile: options.sslClientKey,
        passphrase: options.sslClientPassphrase,
        traffic: options.debug === true || options.har !== undefined,
        ignoreRedirects: options.ignoreRedirects,
        workingDir: options.workingDir,
        uploads: uploadsTold(file, options, context),
        allowUnixSocket: options.allowUnixSocket,
        rerun: rerunOptions(options, 'Postman collection'),
        cwd,
        clock: context.clock,
        signal: context.signal,
        onEvent,
      });
    },
  };
}
