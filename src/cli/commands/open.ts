import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import { run } from '../kernel/process.js';
import type { Context } from './context/context.js';
import {
  addTargetOptions,
  findEndpoint,
  type TargetOptions,
  targetFromOptions,
  type UpPlatform,
} from './options/target-options.js';

interface Options extends TargetOptions {
  json?: boolean;
  browser?: boolean;
}

/** `hwctl open [app|grafana|prometheus|SERVICE]`. */
export function define(command: Command, context: Context): void {
  command.argument('[part]', 'app, grafana, prometheus, or a service', 'app');
  addTargetOptions(command)
    .option('--browser', 'open it in the browser as well')
    .action(async (part: string, options: Options) => {
      const { target, endpoint } = await reach(options, context, part);
      if (options.json) context.json({ target: target.name, ...endpoint });
      else context.print(endpoint.url);
      if (options.browser) await openBrowser(endpoint.url, context);
    });
}

/** The part as it is reachable; what only a port-forward reaches gets one, as with `hwctl forward`. */
async function reach(options: TargetOptions, context: Context, part: string): Promise<UpPlatform> {
  try {
    return await findEndpoint(options, context, part);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'no-endpoint') throw error;
    const { target } = await targetFromOptions(options, context);
    if (target.forward === undefined) throw error;
    await target.forward({ address: '127.0.0.1', stop: false });
    return findEndpoint(options, context, part);
  }
}

async function openBrowser(url: string, context: Context): Promise<void> {
  const opener = process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  const outcome = await run([opener, url], { timeoutMs: 10_000, signal: context.signal });
  if (outcome.exitCode === 0) return;
  throw new Failure({
    code: 'no-browser',
    message: `${opener} could not open a browser (${outcome.failure ?? `exit code ${outcome.exitCode}`})`,
    hint: `Open ${url} yourself`,
  });
}
