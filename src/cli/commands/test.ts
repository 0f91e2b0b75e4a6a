import { exitCodes, Failure } from '../kernel/failure.js';
import { NewmanReport } from '../report/scenario/newman.js';
import { listScenarios, loadScenario } from '../scenario/load.js';
import type { ScenarioResult } from '../scenario/result.js';
import type { RunOptions } from '../scenario/run-state.js';
import type { Scenario } from '../scenario/scenario.js';
import type { Context } from './context.js';
import type { Define } from './registry.js';
import { addTargetOptions, findEndpoint, type TargetOptions, type UpPlatform } from './target-options.js';

interface TestOptions extends TargetOptions {
  json?: boolean;
  url?: string;
  host?: string;
}

/** `hwctl test [NAME|FILE...]`: runs scenarios and reports as newman does; exit 1 where an assertion failed. */
export const define: Define = (command, context) => {
  command
    .argument('[names...]', 'scenarios by name or file; none: those of the stacks that are up; all: every one')
    .option('--url <url>', 'run against this server instead of what is up')
    .option('--host <name>', 'Host header for --url');
  addTargetOptions(command);
  command.action((names: string[], options: TestOptions) => runTests(names, options, context));
};

async function runTests(names: string[], options: TestOptions, context: Context): Promise<void> {
  const platform = options.url === undefined ? lazily(() => findEndpoint(options, context)) : undefined;
  const chosen = await chooseNames(names, platform, context);
  const scenarios: Scenario[] = [];
  for (const name of chosen) scenarios.push(await loadScenario(name, { root: context.root, cwd: context.cwd }));
  const report = options.json
    ? undefined
    : new NewmanReport({
        write: (text) => void context.stdout.write(text),
        color: context.color,
        columns: context.columns,
        interactive: context.interactive,
      });
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const { endpoint, fault } = await whereTo(scenario, options, platform);
    const { runScenario } = await import('../scenario/run.js');
    const result = await runScenario(scenario, {
      endpoint,
      fault,
      clock: context.clock,
      signal: context.signal,
      onEvent: (event) => report?.on(event),
    });
    results.push(result);
  }
  const passed = results.every((result) => result.passed);
  if (options.json) context.print(JSON.stringify({ scenarios: results.map(jsonOf), passed }));
  context.exitCode = passed ? exitCodes.pass : exitCodes.failed;
}

function jsonOf({ name, requests, assertions, failures }: ScenarioResult) {
  return { name, requests, assertions, failures };
}

type Lazy<T> = () => Promise<T>;

function lazily<T>(make: () => Promise<T>): Lazy<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The names given; `all`; or the scenarios whose stack is up. */
async function chooseNames(
  names: string[],
  platform: Lazy<UpPlatform> | undefined,
  context: Context,
): Promise<string[]> {
  const everyOne = () => listScenarios(context.root).map(({ name }) => name);
  if (names.length === 1 && names[0] === 'all') return everyOne();
  if (names.length > 0) return names;
  if (platform === undefined) {
    throw new Failure({
      code: 'no-scenario',
      message: 'no scenario given',
      hint: 'hwctl test NAME --url URL; hwctl scenario list names the built-in ones',
    });
  }
  const { status } = await platform();
  const fitting = listScenarios(context.root).filter(
    ({ stack }) => stack !== undefined && status.stacks.includes(stack),
  );
  if (fitting.length === 0) {
    throw new Failure({
      code: 'no-scenario',
      message: `no scenario belongs to the stacks that are up: ${status.stacks.join(', ')}`,
      hint: 'hwctl scenario list shows the stack of each',
    });
  }
  return fitting.map(({ name }) => name);
}

async function whereTo(
  scenario: Scenario,
  options: TestOptions,
  platform: Lazy<UpPlatform> | undefined,
): Promise<Pick<RunOptions, 'endpoint' | 'fault'>> {
  if (options.url !== undefined) return { endpoint: { url: checkedUrl(options.url), host: options.host } };
  if (platform === undefined || scenario.url !== undefined) return {};
  const { endpoint, target } = await platform();
  return {
    endpoint: { url: endpoint.url, host: endpoint.host ?? scenario.host },
    fault: (fault) => target.fault(fault),
  };
}

function checkedUrl(url: string): string {
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new Failure({
    code: 'bad-url',
    message: `--url: ${JSON.stringify(url)} is not an http or https URL`,
    hint: 'Write it whole, for example http://127.0.0.1:8080',
  });
}
