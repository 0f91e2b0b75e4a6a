import { resolve } from 'node:path';
import { exitCodes, Failure } from '../kernel/failure.js';
import { writeText } from '../kernel/files.js';
import { listScenarios, loadScenario } from '../scenario/format/find.js';
import type { Scenario, Step } from '../scenario/scenario.js';
import type { Context } from './context/context.js';
import { defineCommand, operand } from './options/define-command.js';
import { mandatory, type OptionsOf, option } from './options/option.js';
import { destination, file, name, oneOf, url } from './options/values.js';

/** What writes a scenario for which tool. */
const exporters = {
  postman: async (scenario: Scenario, url?: string) =>
    (await import('../scenario/convert/to-postman.js')).toPostman(scenario, url),
  k6: async (scenario: Scenario, url?: string) => (await import('../scenario/convert/to-k6.js')).toK6(scenario, url),
  curl: async (scenario: Scenario, url?: string) =>
    (await import('../scenario/convert/to-curl.js')).toCurl(scenario, url),
};
const tools = Object.keys(exporters) as (keyof typeof exporters)[];

/** Where what is made goes. */
const outputOptions = {
  output: option('-o, --output <file>', 'write here instead of standard output', destination),
};
const exportOptions = {
  to: mandatory('--to <tool>', 'the tool', oneOf(tools)),
  url: option('--url <url>', 'base URL instead of the logical host', url),
  ...outputOptions,
};

type Json = { json?: boolean };
type Output = OptionsOf<typeof outputOptions> & Json;
type ExportOptions = OptionsOf<typeof exportOptions> & Json;

/** `hwctl scenario list|show|validate|export|import`: what there is, and in and out of other tools' formats. */
export const define = defineCommand({
  commands: [
    {
      name: 'list',
      summary: 'the built-in scenarios',
      define: defineCommand({ run: async (_, options, context) => list(options, context) }),
    },
    {
      name: 'show',
      summary: 'the steps and checks of a scenario',
      define: defineCommand({
        operands: [operand('<name>', '', name)],
        run: ([name], options, context) => show(name, options, context),
      }),
    },
    {
      name: 'validate',
      summary: 'check scenarios and collections without running them',
      define: defineCommand({
        operands: [operand('<files...>', '', name)],
        run: ([names], options, context) => validate(names, options, context),
      }),
    },
    {
      name: 'export',
      summary: 'write a scenario for another tool',
      define: defineCommand({
        operands: [operand('<name>', '', name)],
        options: exportOptions,
        run: ([name], options, context) => exportScenario(name, options, context),
      }),
    },
    {
      name: 'import',
      summary: 'make a scenario from a Postman collection, an OpenAPI document or a HAR recording',
      define: defineCommand({
        operands: [operand('<file>', '', file)],
        options: outputOptions,
        run: ([file], options, context) => importScenario(file, options, context),
      }),
    },
  ],
});

function list(options: Json, context: Context): void {
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

async function show(name: string, options: Json, context: Context): Promise<void> {
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

async function validate(names: string[], options: Json, context: Context): Promise<number> {
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
  if (options.json) context.json({ valid: sound, files: checked });
  else
    for (const { file, problems } of checked) {
      if (problems.length === 0) context.print(`${file}: sound`);
      for (const problem of problems) context.print(problem);
    }
  return sound ? exitCodes.pass : exitCodes.cannotRun;
}

async function exportScenario(name: string, options: ExportOptions, context: Context): Promise<void> {
  const url = options.url === undefined ? undefined : new URL(options.url).href;
  const scenario = await loadScenario(name, context);
  emit(await exporters[options.to](scenario, url), options, context);
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
  const { output } = options;
  if (output !== undefined) writeText(resolve(context.cwd, output), text, { shown: output, by: '--output', mode });
  if (options.json) context.json({ output: options.output, text, notCarriedOver: losses });
  else if (options.output === undefined) context.document(text);
  if (losses.length > 0 && !options.json) context.note('Not carried over:');
  if (!options.json) for (const loss of losses) context.note(`  ${loss}`);
}
