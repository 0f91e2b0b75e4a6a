import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { addressOf, type HostRoute } from '../send/host-routes.js';

interface AgentRequest {
  host?: string;
  hostname?: string;
  port?: number | string;
  socketPath?: string;
}
let runs = 0;

type Connected = (error: Error | null, stream: Duplex) => void;

/**
 * Agents for the runtime's requester. Connections to a host of a route go to its address, so that a collection written for
 * `http://arch.homework` runs unchanged where that name does not resolve; other hosts are reached as usual.
 * `http://unix:SOCKET:PATH`, and a redirect to it, would let a collection talk to any socket of this machine: refused unless
 * `allowUnixSocket` says otherwise.
 */
export function collectionAgents(
  routes: readonly HostRoute[],
  allowUnixSocket: boolean,
): Record<'http' | 'https', unknown> {
  const refused = ({ socketPath }: AgentRequest, done?: Connected): boolean => {
    if (socketPath === undefined || allowUnixSocket) return false;
    const error = new Error(`${socketPath} is a socket of this machine: requests to it need --allow-unix-socket`);
    process.nextTick(() => done?.(error, undefined as unknown as Duplex));
    return true;
  };
  const routed = (scheme: 'http' | 'https', options: AgentRequest): AgentRequest => {
    if (options.socketPath !== undefined) return options;
    const name = options.host ?? options.hostname ?? '';
    const text = `${scheme}://${isIPv6(name) ? `[${name}]` : name}:${options.port ?? ''}`;
    const address = URL.canParse(text) ? addressOf(new URL(text), routes) : undefined;
    return address === undefined ? options : { ...options, ...address, hostname: address.host };
  };
  class CollectionAgent extends HttpAgent {
    override createConnection(options: AgentRequest, done?: Connected): Duplex | undefined {
      if (refused(options, done)) return undefined;
      const plain = routed('http', { ...options });
      return connect(plain as { host: string; port: number }, done as (() => void) | undefined);
    }
  }
  class SecureCollectionAgent extends HttpsAgent {
    override createConnection(options: AgentRequest, done?: Connected): Duplex | undefined {
      if (refused(options, done)) return undefined;
      return super.createConnection(routed('https', options) as object, done) ?? undefined;
    }
  }
  // The runtime keeps agents for the whole process, by the names of their classes: each run needs its own.
  runs++;
  for (const agent of [CollectionAgent, SecureCollectionAgent])
    Object.defineProperty(agent, 'name', { value: `${agent.name}${runs}` });
  return { http: { agentClass: CollectionAgent }, https: { agentClass: SecureCollectionAgent } };
}
