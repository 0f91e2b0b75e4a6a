import { withoutUserInfo } from '../../kernel/secrets.js';
import type { HostRoute } from '../../scenario/send/host-routes.js';
import { destinationsOf, type Redirections, redirectAll } from '../../scenario/variables/redirect.js';
import type { Endpoint, Target } from '../../target/target.js';
import type { Context } from '../context/context.js';
import { type HostPlace, placesOf } from './host-places.js';
import { isOwn, judge, keyOf, type Reach, reachOf, type Verdicts } from './reach.js';

/** What a file says of where its requests go. */
export interface NamedPlaces {
  /** The file, as people are told of it. */
  shown: string;
  /** Beginnings of URLs, with variables in them. */
  urls: readonly string[];
  lookUp(name: string): string | undefined;
  /** Variables that the command line or hwctl.yaml gives, and those that come out under way: they stay as they are. */
  fixed: ReadonlySet<string>;
}

/** How requests come to what is up, whatever the files of a command say of it: found once for all of them. */
export class Way {
  #reach: Reach;
  #forwarded = false;
  readonly #told = new Set<string>();

  /** `isProject`: the files are of what is up, and what they say of other machines is taken for it. */
  constructor(
    private readonly target: Pick<Target, 'forward'>,
    endpoints: readonly Endpoint[],
    private readonly isProject: boolean,
    private readonly context: Pick<Context, 'note' | 'signal'>,
    private readonly locate: typeof placesOf = placesOf,
  ) {
    this.#reach = reachOf(endpoints);
  }

  get routes(): HostRoute[] {
    return this.#reach.routes;
  }

  /** What of a file has to go elsewhere than it says; told, each once. Ports of Services are forwarded where it names one that has none here. */
  async redirect({ shown, urls, lookUp, fixed }: NamedPlaces): Promise<Redirections> {
    const destinations = destinationsOf(urls, lookUp, fixed);
    const strangers = () =>
      destinations.flatMap((one) => (one.kind === 'host' && !isOwn(one, this.#reach) ? [one.host] : []));
    const places = await this.locate(strangers());
    await this.#forwardFor(strangers(), places, shown);
    if (!this.isProject) return { variables: new Map(), urls: new Map(), changes: [] };
    const verdicts = judge(destinations, this.#reach, places);
    const redirections = redirectAll(urls, lookUp, fixed, (one) => verdicts.moved.get(keyOf(one))?.to);
    for (const note of notesOf(shown, redirections, verdicts)) this.#tellOnce(note);
    return redirections;
  }

  async #forwardFor(hosts: readonly string[], places: ReadonlyMap<string, HostPlace>, shown: string): Promise<void> {
    const { forward } = this.target;
    const services = hosts.filter((host) => places.get(host) === 'nowhere' && mayBeService(host));
    if (this.#forwarded || services.length === 0 || forward === undefined) return;
    this.#forwarded = true;
    const endpoints = await forward.call(this.target, {
      address: '127.0.0.1',
      stop: false,
      signal: this.context.signal,
    });
    this.#reach = reachOf(endpoints);
    const known = new Set(this.routes.map(({ host }) => host));
    const reached = [...new Set(services)].filter((host) => known.has(host));
    if (reached.length > 0)
      this.#tellOnce(
        `Note: the project's Services are forwarded to this machine, as ${shown} names ${reached.join(', ')}`,
      );
  }

  #tellOnce(note: string): void {
    if (!this.#told.has(note)) this.context.note(note);
    this.#told.add(note);
  }
}

/** Whether a name has the form of one in a cluster's DNS: `api`, `api.shop`, `api.shop.svc.cluster.local`. */
function mayBeService(host: string): boolean {
  return /^[a-z]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.svc(\.cluster\.local)?)?)?$/.test(host);
}

/** What was made of a file's addresses, in words. Pure. */
function notesOf(shown: string, { changes }: Redirections, { moved, outside, lost }: Verdicts): string[] {
  const notes = changes.map(({ destination, variables, url, to }) => {
    const key = keyOf(destination);
    const why = moved.get(key)?.why ?? '';
    const set = [...variables].map(([name, value]) => `${name} is set to ${withoutUserInfo(value)}`);
    const address = `${to.scheme}://${to.host}${to.port === undefined ? '' : `:${to.port}`}`;
    const what = url === undefined ? set : [...set, `${key} is sent to ${address}`];
    return `Note: ${shown}: ${what.join(', ')}: ${why}`;
  });
  const outsiders = outside.map((host) => `Note: ${shown} sends to ${host}, which is none of the project's`);
  const named = lost.length === 0 ? [] : [lostNote(shown, lost)];
  return [...notes, ...outsiders, ...named];
}

function lostNote(shown: string, lost: readonly string[]): string {
  return (
    `Note: ${shown}: which part of the project is meant by ${lost.join(', ')} is not known: left as it is ` +
    '(--env-var NAME=VALUE, or variables: of the test in hwctl.yaml, say what a variable is)'
  );
}
