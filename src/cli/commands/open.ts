import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import { run } from '../kernel/process.js';
import type { Context } from './context.js';
import { addTargetOptions, findEndpoint, type TargetOptions } from './target-options.js';

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
      const { target, endpoint } = await findEndpoint(options, context, part);
      if (options.json) context.print(JSON.stringify({ target: target.name, ...endpoint }));
      else context.print(endpoint.url);
      if (options.browser) await openBrowser(endpoint.url, context);
    });
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
