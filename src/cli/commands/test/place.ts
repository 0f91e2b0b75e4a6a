import { Failure } from '../../kernel/failure.js';
import type { CollectionRedirection } from '../../scenario/postman/base-urls.js';
import type { CollectionFile } from '../../scenario/postman/collection.js';
import type { Scenario } from '../../scenario/scenario.js';
import type { HostRoute } from '../../scenario/send/host-routes.js';
import type { ScenarioEndpoint } from '../../scenario/send/request.js';
import { endpointNeed } from '../../scenario/variables/addresses.js';
import type { Destination } from '../../scenario/variables/base-urls.js';
import { destinationsOf } from '../../scenario/variables/redirect.js';
import { redirectedScenario, scenarioUrls } from '../../scenario/variables/scenario-urls.js';
import type { Endpoint, Fault } from '../../target/target.js';
import type { Context } from '../context/context.js';
import { endpointNamed, findUp, type UpTarget } from '../options/target-options.js';
import { isThisMachine, placesOf } from '../project/host-places.js';
import type { OpenProject } from '../project/open-project.js';
import { type NamedPlaces, Way } from '../project/way.js';
import { givenVariables, type TestOptions } from './flags.js';

/** What is up, looked for when the first test needs it, and once for all. */
export class Platform {
  #up: Promise<UpTarget> | undefined;
  #way: Promise<Way> | undefined;

  constructor(
    private readonly opened: OpenProject,
    private readonly options: TestOptions,
    private readonly context: Context,
  ) {}

  /** Whether tests are those of a project, and not of the bundled platform. */
  get isProject(): boolean {
    return this.opened.project !== undefined;
  }

  up(): Promise<UpTarget> {
    this.#up ??= findUp(this.options, this.context);
    return this.#up;
  }

  /** Undefined where nothing is up. */
  async way(): Promise<Way | undefined> {
    this.#way ??= this.up().then(
      ({ target, status }) => new Way(target, namedAsSaid(status, this.opened), this.isProject, this.context),
    );
    return this.#way.catch((error: unknown) => {
      if (error instanceof Failure && error.code === 'nothing-is-up') return undefined;
      throw error;
    });
  }

  /** Whether a file may name what is up: one of a project does; of the others, one that names a host which is nobody's on the internet. */
  async concerns({ urls, lookUp }: NamedPlaces, mentioned: readonly string[] = []): Promise<boolean> {
    if (this.isProject) return true;
    const destinations = destinationsOf([...urls, ...mentioned.map((host) => `http://${host}`)], lookUp, new Set());
    if (destinations.some(({ kind }) => kind !== 'host')) return true;
    const places = await placesOf(namesIn(destinations));
    return [...places.values()].some((place) => place !== 'public');
  }
}

/** Hosts that are looked up: no addresses, and not this machine. */
function namesIn(destinations: readonly Destination[]): string[] {
  return destinations.flatMap((one) =>
    one.kind === 'host' && !isThisMachine(one.host) && !/^\[|^\d+(\.\d+){3}$/.test(one.host) ? [one.host] : [],
  );
}

/** Where a scenario goes. */
interface ScenarioPlace {
  scenario: Scenario;
  endpoint?: ScenarioEndpoint;
  routes: readonly HostRoute[];
  fault?(fault: Fault): Promise<void>;
}

/** Where a scenario goes: one whose requests all name their servers runs with nothing up, as a collection does. */
export async function scenarioPlace(
  scenario: Scenario,
  options: TestOptions,
  platform: Platform | undefined,
  variables: Record<string, string>,
): Promise<ScenarioPlace> {
  if (options.url !== undefined)
    return {
      scenario,
      endpoint: { url: options.url, host: options.host },
      routes: options.host === undefined ? [] : [hostRoute(options.host, options.url)],
    };
  if (platform === undefined) return { scenario, routes: [] };
  const { urls, lookUp, underWay } = scenarioUrls(scenario, variables);
  const fixed = new Set([...Object.keys(variables), ...underWay]);
  const named = { shown: scenario.file, urls, lookUp, fixed };
  const way = urls.length > 0 && (await platform.concerns(named)) ? await platform.way() : undefined;
  const moved = way === undefined ? scenario : redirectedScenario(scenario, await way.redirect(named));
  const place = { scenario: moved, routes: way?.routes ?? [] };
  const need = scenario.stack === undefined ? endpointNeed(scenario, variables) : 'some';
  if (scenario.url !== undefined || need === 'none') return place;
  const up = await platform.up().catch((error: unknown) => {
    if (need === 'unknown' && error instanceof Failure && error.code === 'nothing-is-up') return undefined;
    throw error;
  });
  if (up === undefined) return place;
  const { target, status } = up;
  const endpoint = endpointNamed('app', status);
  if (scenario.stack !== undefined && !status.stacks.includes(scenario.stack)) {
    throw new Failure({
      code: 'stack-not-up',
      message: `${scenario.name} tests the stack ${scenario.stack}, which is not up (up: ${status.stacks.join(', ')})`,
      hint: `hwctl up ${scenario.stack}`,
    });
  }
  return {
    scenario: moved,
    endpoint: { url: endpoint.url, host: endpoint.host ?? scenario.host },
    // A redirect may name a host as it is known from outside.
    routes: (await platform.way())?.routes ?? [],
    fault: (fault) => target.fault(fault),
  };
}

/** Where a collection's hosts are: what is up for those that are its, or --url. Others are reached as they are, with nothing up. */
export async function collectionPlace(
  collection: CollectionFile,
  shown: string,
  options: TestOptions,
  platform: Platform | undefined,
  context: Context,
): Promise<{ routes: readonly HostRoute[]; redirected?: CollectionRedirection }> {
  const { collectionUrls } = await import('../../scenario/postman/base-urls.js');
  const given = givenVariables(options, context);
  const { urls, lookUp, underWay, mentioned } = collectionUrls(collection, {
    environment: options.environment,
    globals: options.globals,
    environmentVariables: given,
    globalVariables: options.globalVar,
    cwd: context.cwd,
  });
  const fixed = new Set([...Object.keys(given), ...Object.keys(options.globalVar), ...underWay]);
  const named = { shown, urls, lookUp, fixed };
  if (platform === undefined)
    return { routes: await routesToUrl(destinationsOf(urls, lookUp, new Set()), options, context) };
  if (!(await platform.concerns(named, mentioned))) return { routes: [] };
  const way = await platform.way();
  if (way === undefined) return { routes: [] };
  const redirected = await way.redirect(named);
  return { routes: way.routes, redirected };
}

/** `--url` is the server of the host that `--host` names, or of the only one that no name server knows. */
async function routesToUrl(
  destinations: readonly Destination[],
  { url, host }: TestOptions,
  context: Context,
): Promise<HostRoute[]> {
  if (url === undefined) return [];
  const places = host === undefined ? await placesOf(namesIn(destinations)) : new Map([[host, 'nowhere']]);
  const unknown = [...places].flatMap(([name, place]) => (place === 'public' ? [] : [name]));
  if (unknown.length === 1) return [hostRoute(unknown[0]!, url)];
  context.note('--url changes nothing: a collection names its servers. --host NAME --url URL sends one of them there');
  return [];
}

function hostRoute(host: string, url: string): HostRoute {
  return { host: host.replace(/:\d+$/, '').toLowerCase(), url };
}

/** The way in has the host that hwctl.yaml says, where no route has one. */
function namedAsSaid({ endpoints, stacks }: UpTarget['status'], { project }: OpenProject): Endpoint[] {
  const said = stacks.flatMap((stack) => project?.stacks.get(stack)?.host ?? [])[0];
  return endpoints.map((one) => (one.name === 'app' && one.host === undefined ? { ...one, host: said } : one));
}
