import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import { didYouMean } from '../kernel/nearest.js';
import { serveForeground } from '../target/local/serve.js';
import type { Context } from './context/context.js';

/** As src/server/config.ts has them; `hwctl serve` refuses others before it starts the server. */
export const served: readonly string[] = ['auth', 'billing', 'orders', 'notifications', 'users', 'prices', 'hello'];

interface Options {
  host: string;
  port: string;
  data?: string;
}

/** `hwctl serve SERVICE...`. */
export function define(command: Command, context: Context): void {
  command
    .argument('<service...>', served.join(', '))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 for any free one', '8080')
    .option('--data <folder>', 'folder of the databases (default: one that is removed at the end)')
    .action(async (services: string[], options: Options) => {
      const port = Number(options.port);
      if (!/^\d+$/.test(options.port) || port > 65_535) {
        throw new Failure({
          code: 'usage',
          message: `--port: ${JSON.stringify(options.port)} is not a port (0 to 65535)`,
          hint: 'For example --port 0 for any free one',
        });
      }
      const unknown = services.find((name) => !served.includes(name));
      if (unknown !== undefined) {
        throw new Failure({
          code: 'unknown-service',
          message: `there is no service ${JSON.stringify(unknown)}${didYouMean(unknown, served)}`,
          hint: `The services are ${served.join(', ')}`,
        });
      }
      context.endsWithReader = true;
      context.exitCode = await serveForeground({
        root: context.root,
        cwd: context.cwd,
        env: context.env,
        signal: context.signal,
        stdout: context.stdout,
        services,
        host: options.host,
        port,
        data: options.data,
      });
    });
}
