import type { Flow, FlowContext } from '../../src/cli/load/engine/flow.js';
import { encodeRequest } from '../../src/cli/load/http/request.js';

/** A journey for the tests: asks for a path, then for where the answer's header points; fails every second iteration. */
export function createFlow(data: { path: string }, context: FlowContext): Flow {
  const bytes = (target: string) => encodeRequest({ method: 'GET', target, host: context.hostHeader });
  return {
    begin: (iteration) => {
      let target: string | undefined = data.path;
      return {
        next(response) {
          if (response === undefined) return { do: 'send', step: target === data.path ? 0 : 1, bytes: bytes(target!) };
          const body = Buffer.from(response.body).toString();
          if (body === 'hello') {
            context.check('says hello', response.status === 200);
            target = response.header('x-next');
            return { do: 'wait', ms: 5 };
          }
          const even = iteration % 2 === 0;
          context.check('is even', even);
          return { do: 'end', failure: even ? undefined : 'odd' };
        },
      };
    },
  };
}
