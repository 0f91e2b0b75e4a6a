import type { Location, Server } from './locations.js';
import type { PcreGroups } from './pcre-match.js';

/** A location that takes a request. */
export interface Found {
  server: Server;
  location: Location;
  /** What its regular expression matched. */
  groups: PcreGroups | undefined;
  /** The path is the location's without its last slash: nginx redirects to it. */
  isSlashMissing: boolean;
}

/** nginx's search in a server: https://nginx.org/en/docs/http/ngx_http_core_module.html#location. The path is decoded. */
export function makeFinder(server: Server): (path: string) => Found | undefined {
  return server.isRegular ? firstMatch(server) : longestPrefix(server);
}

function firstMatch(server: Server): (path: string) => Found | undefined {
  const candidates = server.locations.flatMap((location) => {
    const { pattern, path } = location;
    // The ^ before a path with branches belongs to the first of them.
    return pattern === undefined ? [] : [{ location, pattern, isAnchored: !path.includes('|') }];
  });
  return (path) => {
    const lower = path.toLowerCase();
    for (const { location, pattern, isAnchored } of candidates) {
      if (!lower.startsWith(pattern.literal)) continue;
      const groups = pattern.exec(path, isAnchored);
      if (groups !== undefined) return { server, location, groups, isSlashMissing: false };
    }
    return undefined;
  };
}

function longestPrefix(server: Server): (path: string) => Found | undefined {
  const exact = new Map<string, Location>();
  const prefixes: Location[] = [];
  for (const location of server.locations) {
    if (!location.isExact) prefixes.push(location);
    else if (!exact.has(location.path)) exact.set(location.path, location);
  }
  // One path may be there twice (`/a` and `/a/` of Prefix): the order stands.
  prefixes.sort((a, b) => b.path.length - a.path.length);
  const slashed = new Map([...prefixes].reverse().map((location) => [location.path, location]));
  for (const [path, location] of exact) slashed.set(path, location);
  const found = (location: Location | undefined, isSlashMissing = false): Found | undefined =>
    location === undefined ? undefined : { server, location, groups: undefined, isSlashMissing };
  return (path) => {
    const same = exact.get(path);
    if (same !== undefined) return found(same);
    const longer = slashed.get(`${path}/`);
    if (longer !== undefined && longer.options.denied === undefined) return found(longer, true);
    return found(prefixes.find((location) => path.startsWith(location.path)));
  };
}
