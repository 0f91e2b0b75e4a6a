import { diffObjects, maskIn, type ObjectDiff } from '../../manifests/object-diff.js';
import type { LocalState } from '../state/state-folder.js';
import type { DesiredLocally } from './desired.js';
import type { ObservedProcesses } from './plan.js';
import type { ProcessSpec } from './process-spec.js';

/** What `up` would change here: processes that would start, be restarted or end, and the routes of the gateway. */
export function diffLocal(desired: DesiredLocally, observed: ObservedProcesses): ObjectDiff[] {
  // What is short stands in too many words to be one.
  const kept = desired.secretTexts.filter((text) => text.trim().length >= 4);
  const secrets = [...Object.values(desired.secrets), ...kept].sort((a, b) => b.length - a.length);
  const before = observed.supervisor === undefined ? undefined : observed.state;
  const names = new Set([...(before?.processes ?? []), ...desired.state.processes].map(({ name }) => name));
  const find = (state: LocalState | undefined, name: string) => {
    const spec = state?.processes.find((candidate) => candidate.name === name);
    return spec === undefined ? undefined : describe(spec, secrets);
  };
  const differences = [...names].map((name) =>
    diffObjects(`process/${name}`, find(before, name), find(desired.state, name)),
  );
  differences.push(diffObjects('routes', routesOf(before), routesOf(desired.state)));
  return differences.filter((difference) => difference !== undefined);
}

/** A process as a reader wants it. The hash of its program is part of it: a new build is a difference. */
function describe(spec: ProcessSpec, secrets: readonly string[]): unknown {
  const files = spec.files.map(({ path, text, secret }) => ({ path, text: secret ? '***' : text }));
  return JSON.parse(JSON.stringify({ ...spec, files }), (_, value) =>
    typeof value === 'string' ? maskIn(value, secrets) : value,
  );
}

function routesOf(state: LocalState | undefined): unknown {
  return state === undefined ? undefined : { host: state.host, routes: state.routes };
}
