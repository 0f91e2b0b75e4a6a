import { Agent as HttpAgent } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ScenarioEndpoint } from '../request.js';

/**
 * Agents for the runtime's requester: connections to the endpoint's logical host go to its address, so that a collection
 * written for `http://arch.homework` runs unchanged where that name does not resolve. Other hosts are reached as usual.
 */
export function routedAgents({ url, host }: ScenarioEndpoint): Record<string, unknown> | undefined {
  const target = new URL(url);
  if (host === undefined || target.protocol !== 'http:') return undefined;
  const logical = host.split(':')[0]!.toLowerCase();
  class RoutedAgent extends HttpAgent {
    override createConnection(
      options: { host?: string; hostname?: string; port?: number | string },
      done?: (error: Error | null, stream: Duplex) => void,
    ): Duplex {
      const wanted = (options.host ?? options.hostname ?? '').toLowerCase();
      const routed =
        wanted === logical ? { host: target.hostname.replace(/^\[|\]$/g, ''), port: Number(target.port) || 80 } : {};
      const plain = { ...options, ...routed };
      return connect(plain as { host: string; port: number }, done as (() => void) | undefined);
    }
  }
  return { http: { agentClass: RoutedAgent, agentOptions: { keepAlive: true } } };
}
