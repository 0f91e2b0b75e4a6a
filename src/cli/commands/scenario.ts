import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { exitCodes, Failure } from '../kernel/failure.js';
import { listScenarios, loadScenario } from '../scenario/format/find.js';
import type { Scenario, Step } from '../scenario/scenario.js';
import type { Context } from './context/context.js';
import { parseUrl } from './load/flags.js';
import type { Define } from './registry.js';

interface Output {
  json?: boolean;
  output?: string;
}

/** `hwctl scenario list|show|validate|export|import`: what there is, and in and out of other tools' formats. */
export const define: Define = (command, context) => {
  sub(command, 'list', 'the built-in scenarios').action((options: Output) => list(options, context));
  sub(command, 'show <name>', 'the steps and checks of a scenario').action((name: string, options: Output) =>
    show(name, options, context),
  );
  sub(command, 'validate <files...>', 'check scenarios and collections without running them').action(
    (names: string[], options: Output) => validate(names, options, context),
  );
  sub(command, 'export <name>', 'write a scenario for another tool')
    .addOption(new Option('--to <tool>', 'the tool').choices(['postman', 'k6', 'curl']).makeOptionMandatory())
    .option('--url <url>', 'base URL instead of the logical host')
    .option('-o, --output <file>', 'write here instead of standard output')
    .action((name: string, options: Output & { to: string; url?: string }) => exportScenario(name, options, context));
  sub(command, 'import <file>', 'make a scenario from a Postman collection, an OpenAPI document or a HAR recording')
    .option('-o, --output <file>', 'write here instead of standard output')
    .action((file: string, options: Output) => importScenario(file, options, context));
};

function sub(command: Command, usage: string, summary: string): Command {
  return command.command(usage).summary(summary).description(summary).option('--json', 'one JSON document on stdout');
}

function list(options: Output, context: Context): void {
  const listed = listScenarios(context.root);
  if (options.json) {
    context.json({ scenarios: listed });
    return;
  }
  const width = Math.max(...listed.map(({ name }) => name.length));
  const stackWidth = Math.max(...listed.map(({ stack }) => (stack ?? '-').length));
  for (const { name, stack, why, tags } of listed)
    context.print(`${name.padEnd(width)}  ${(stack ?? '-').padEnd(stackWidth)}  ${why ?? ''}${tagsOf(tags)}`.trimEnd());
}

function tagsOf(tags: readonly string[]): string {
  return tags.length === 0 ? '' : `  [${tags.join(', ')}]`;
}

async function show(name: string, options: Output, context: Context): Promise<void> {
  const scenario = await loadScenario(name, context);
  if (options.json) {
    const { templates, ...rest } = scenario;
    context.json(rest);
    return;
  }
  context.print(`${scenario.name}  (${scenario.file})`);
  if (scenario.why !== undefined) context.print(scenario.why);
  for (const section of ['setup', 'steps', 'teardown'] as const) {
    if (scenario[section].length === 0) continue;
    if (section !== 'steps') context.print(['', `${section}:`]);
    else context.print('');
    showSteps(scenario[section], '', context);
  }
}

function showSteps(steps: readonly Step[], indent: string, context: Context): void {
  for (const step of steps) {
    if (step.kind === 'folder') {
      context.print(`${indent}❏ ${step.name}`);
      showSteps(step.steps, `${indent}  `, context);
      continue;
    }
    const skipped = step.skip === false ? '' : '  (skipped)';
    context.print(`${indent}→ ${step.name}  ${whatItDoes(step)}${skipped}${tagsOf('tags' in step ? step.tags : [])}`);
    if (step.kind === 'request' || step.kind === 'parallel')
      for (const check of step.check) context.print(`${indent}    · ${check.name}`);
  }
}

function whatItDoes(step: Exclude<Step, { kind: 'folder' }>): string {
  switch (step.kind) {
    case 'request':
      return `${step.request.method} ${step.request.path}${step.repeat > 1 ? ` × ${step.repeat}` : ''}`;
    case 'parallel': {
      const count = step.members.reduce((sum, member) => sum + (member.kind === 'request' ? member.times : 0), 0);
      return `${count} requests at once`;
    }
    case 'fault':
      return `${step.fault.kind} ${step.fault.service}`;
    case 'wait':
      return `${step.waitMs} ms`;
  }
}

async function validate(names: string[], options: Output, context: Context): Promise<void> {
  const checked: { file: string; problems: string[] }[] = [];
  for (const name of names) {
    try {
      if (name.endsWith('.json')) {
        const { readCollection } = await import('../scenario/postman/collection.js');
        await readCollection(resolve(context.cwd, name), name);
      } else await loadScenario(name, context);
      checked.push({ file: name, problems: [] });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      checked.push({ file: name, problems: error.details.length > 0 ? error.details : [error.message] });
    }
  }
  const sound = checked.every(({ problems }) => problems.length === 0);
  context.exitCode = sound ? exitCodes.pass : exitCodes.cannotRun;
  if (options.json) {
    context.json({ valid: sound, files: checked });
    return;
  }
  for (const { file, problems } of checked) {
    if (problems.length === 0) context.print(`${file}: sound`);
    for (const problem of problems) context.print(problem);
  }
}

async function exportScenario(
  name: string,
  options: Output & { to: string; url?: string },
  context: Context,
): Promise<void> {
  const url = options.url === undefined ? undefined : parseUrl(options.url).href;
  const scenario = await loadScenario(name, context);
  emit(await converted(scenario, options.to, url), options, context);
}

async function converted(scenario: Scenario, to: string, url: string | undefined) {
  if (to === 'postman') return (await import('../scenario/convert/to-postman.js')).toPostman(scenario, url);
  if (to === 'k6') return (await import('../scenario/convert/to-k6.js')).toK6(scenario, url);
  return (await import('../scenario/convert/to-curl.js')).toCurl(scenario, url);
}

async function importScenario(file: string, options: Output, context: Context): Promise<void> {
  const { importDocument } = await import('../scenario/convert/import.js');
  const { clock, signal, stderr } = context;
  let toldMs = clock.monotonic();
  const progress = (done: number, total: number) => {
    if (stderr.isTTY !== true || clock.monotonic() - toldMs < 1000) return;
    toldMs = clock.monotonic();
    context.note(`${done} of ${total} operations`);
  };
  const imported = await importDocument(resolve(context.cwd, file), file, { signal, progress });
  emit(imported, options, context, privateMode);
}

/** Readable by its owner alone: what was imported may hold more than its owner knows. */
const privateMode = 0o600;

/** The text goes to the file or standard output; what was lost is always told, never dropped in silence. */
function emit(
  { text, losses }: { text: string; losses: string[] },
  options: Output,
  context: Context,
  mode?: number,
): void {
  if (options.output !== undefined) write(options.output, text, context, mode);
  if (options.json) context.json({ output: options.output, text, notCarriedOver: losses });
  else if (options.output === undefined) context.document(text);
  if (losses.length > 0 && !options.json) context.note('Not carried over:');
  if (!options.json) for (const loss of losses) context.note(`  ${loss}`);
}

function write(file: string, text: string, context: Context, mode?: number): void {
  try {
    writeFileSync(resolve(context.cwd, file), text, { mode });
  } catch (error) {
    throw new Failure({
      code: 'unwritable',
      message: `${file} cannot be written: ${(error as Error).message}`,
      hint: 'Give the path of a file in a folder that is there',
      cause: error,
    });
  }
}
