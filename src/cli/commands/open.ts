import { Failure } from '../kernel/failure.js';
import { run } from '../kernel/process.js';
import type { Context } from './context/context.js';
import { defineCommand, operand } from './options/define-command.js';
import { toggle } from './options/option.js';
import {
  findEndpoint,
  type TargetOptions,
  targetFromOptions,
  targetOptions,
  type UpPlatform,
} from './options/target-options.js';
import { name } from './options/values.js';

/** `hwctl open [app|grafana|prometheus|SERVICE]`. */
export const define = defineCommand({
  operands: [operand('[part]', 'app, grafana, prometheus, or a service', name, 'app')],
  options: { ...targetOptions, browser: toggle('--browser', 'open it in the browser as well') },
  async run([part], options, context) {
    const { target, endpoint } = await reach(options, context, part);
    if (options.json) context.json({ target: target.name, ...endpoint });
    else context.print(endpoint.url);
    if (options.browser) await openBrowser(endpoint.url, context);
  },
});

/** The part as it is reachable; what only a port-forward reaches gets one, as with `hwctl forward`. */
async function reach(options: TargetOptions, context: Context, part: string): Promise<UpPlatform> {
  try {
    return await findEndpoint(options, context, part);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'no-endpoint') throw error;
    const { target } = await targetFromOptions(options, context);
    if (target.forward === undefined) throw error;
    await target.forward({ address: '127.0.0.1', stop: false, signal: context.signal });
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
