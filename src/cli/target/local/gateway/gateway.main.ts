// The gateway's process: the supervisor starts it with its port, and tells it the routes.

import { loopback } from '../state/ports.js';
import { createGateway, type GatewayRoutes, gatewayLimits } from './gateway-server.js';

const port = Number(process.argv[2]);
const { server, update } = createGateway(gatewayLimits());

function end(): void {
  server.close(() => process.exit());
  server.closeIdleConnections();
  // What is still in flight may end; new requests on kept connections may not keep us here.
  setInterval(() => server.closeIdleConnections(), 20).unref();
}

process.on('message', (message: GatewayRoutes) => update(message));
process.on('disconnect', end);
process.on('SIGTERM', end);
process.on('SIGINT', () => undefined);
server.listen({ port, host: loopback }, () => process.send?.({ type: 'listening' }));
