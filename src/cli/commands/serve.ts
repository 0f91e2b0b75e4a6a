import { bundledServices, serveForeground } from '../target/local/serve.js';
import { type Define, defineCommand, operand } from './options/define-command.js';
import { option } from './options/option.js';
import { address, count, destination, oneOf } from './options/values.js';

/** `hwctl serve SERVICE...`. */
export const define: Define = (command, context, ends) => serve(bundledServices(context.root))(command, context, ends);

const serve = (served: readonly string[]) =>
  defineCommand({
    operands: [operand('<service...>', 'services of the platform', oneOf(served))],
    options: {
      host: option('--host <address>', 'address to listen on', address, '127.0.0.1'),
      port: option('--port <number>', 'port to listen on; 0 for any free one', count(0, 65_535, 0), '8080'),
      data: option('--data <folder>', 'folder of the databases (default: one that is removed at the end)', destination),
    },
    endsWithReader: () => true,
    run([services], options, context) {
      return serveForeground({
        root: context.root,
        cwd: context.cwd,
        env: context.env,
        signal: context.signal,
        stdout: context.stdout,
        services,
        host: options.host,
        port: options.port,
        data: options.data,
      });
    },
  });
