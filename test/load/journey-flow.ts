import type { Flow, FlowContext } from '../../src/cli/load/engine/flow.js';
import { encodeRequest } from '../../src/cli/load/http/request.js';

/** A journey for the tests: asks for a path, then for where the answer's header points; fails every second iteration. */
export function createFlow(data: { path: string }, context: FlowContext): Flow {
  const bytes = (target: string) => encodeRequest({ method: 'GET', target, host: context.hostHeader });
  return {
    begin: (iteration) => ({
      next(response) {
        if (response === undefined) return { do: 'send', step: 0, bytes: bytes(data.path) };
        const body = Buffer.from(response.body).toString();
        if (body === 'hello') {
          context.check('says hello', response.status === 200);
          return { do: 'send', step: 1, bytes: bytes(response.header('x-next')!), afterMs: 5 };
        }
        const even = iteration % 2 === 0;
        context.check('is even', even);
        return { do: 'end', failure: even ? undefined : 'odd' };
      },
    }),
  };
}
