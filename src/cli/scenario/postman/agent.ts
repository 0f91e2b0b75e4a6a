import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ScenarioEndpoint } from '../send/request.js';

interface AgentRequest {
  host?: string;
  hostname?: string;
  port?: number | string;
  socketPath?: string;
}
let runs = 0;

type Connected = (error: Error | null, stream: Duplex) => void;

/**
 * Agents for the runtime's requester. Connections to the endpoint's logical host go to its address, so that a collection
 * written for `http://arch.homework` runs unchanged where that name does not resolve; other hosts are reached as usual.
 * `http://unix:SOCKET:PATH`, and a redirect to it, would let a collection talk to any socket of this machine: refused unless
 * `allowUnixSocket` says otherwise.
 */
export function collectionAgents(
  endpoint: ScenarioEndpoint | undefined,
  allowUnixSocket: boolean,
): Record<'http' | 'https', unknown> {
  const refused = ({ socketPath }: AgentRequest, done?: Connected): boolean => {
    if (socketPath === undefined || allowUnixSocket) return false;
    const error = new Error(`${socketPath} is a socket of this machine: requests to it need --allow-unix-socket`);
    process.nextTick(() => done?.(error, undefined as unknown as Duplex));
    return true;
  };
  const { logical, address } = routeOf(endpoint);
  class CollectionAgent extends HttpAgent {
    override createConnection(options: AgentRequest, done?: Connected): Duplex | undefined {
      if (refused(options, done)) return undefined;
      const wanted = (options.host ?? options.hostname ?? '').toLowerCase();
      const plain = { ...options, ...(options.socketPath === undefined && wanted === logical ? address : {}) };
      return connect(plain as { host: string; port: number }, done as (() => void) | undefined);
    }
  }
  class SecureCollectionAgent extends HttpsAgent {
    override createConnection(options: AgentRequest, done?: Connected): Duplex | undefined {
      return refused(options, done) ? undefined : (super.createConnection(options as object, done) ?? undefined);
    }
  }
  // The runtime keeps agents for the whole process, by the names of their classes: each run needs its own.
  runs++;
  for (const agent of [CollectionAgent, SecureCollectionAgent])
    Object.defineProperty(agent, 'name', { value: `${agent.name}${runs}` });
  return { http: { agentClass: CollectionAgent }, https: { agentClass: SecureCollectionAgent } };
}

/** The host that stands for an endpoint, and where it is. */
function routeOf(endpoint: ScenarioEndpoint | undefined) {
  if (endpoint?.host === undefined) return {};
  const target = new URL(endpoint.url);
  if (target.protocol !== 'http:') return {};
  return {
    logical: endpoint.host.split(':')[0]!.toLowerCase(),
    address: { host: target.hostname.replace(/^\[|\]$/g, ''), port: Number(target.port) || 80 },
  };
}
