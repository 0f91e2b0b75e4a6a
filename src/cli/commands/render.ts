import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { notWritten, writeText } from '../kernel/files.js';
import { makeFolders } from '../kernel/folders.js';
import { bundledSource } from '../target/bundled-source.js';
import type { KubeObject } from '../target/manifests/kube-object.js';
import { chooseStacks } from '../target/manifests/stacks.js';
import { type RenderRequest, renderCharts, renderFolder, renderObjects, renderYaml } from '../target/render.js';
import { clusterNames } from '../target/target-names.js';
import type { Context } from './context/context.js';
import { defineCommand, operand } from './options/define-command.js';
import { type OptionsOf, option } from './options/option.js';
import { clusterOptions, targetFromOptions } from './options/target-options.js';
import { manifestsFolder, valueOptions, valuesOf } from './options/value-options.js';
import { destination, name, oneOf } from './options/values.js';

const options = {
  ...valueOptions,
  target: option(
    '--target <name>',
    'ask this cluster for the rest: its Ingress class, and what is up already',
    oneOf(clusterNames),
  ),
  ...clusterOptions,
  as: option('--as <format>', 'yaml, or helm: a chart for each stack, in a folder', oneOf(['yaml', 'helm']), 'yaml'),
  out: option(
    '-o, --out <folder>',
    'write a folder for `kubectl apply -k` (or the charts) instead of printing',
    destination,
  ),
};

type Options = OptionsOf<typeof options> & { json?: boolean };

/** `hwctl render [STACK...]`, `hwctl render --as helm DIR [STACK...]`. */
export const define = defineCommand({
  operands: [
    operand(
      '[stack...]',
      'stacks to render; `all` for every one (default: idempotency hello); with --as helm the folder comes first',
      name,
    ),
  ],
  options,
  run: ([words], options, context) => render(words, options, context),
});

async function render(words: string[], options: Options, context: Context): Promise<void> {
  const folder = folderOf(words, options);
  const manifests = manifestsFolder(options, context);
  const stacks = chooseStacks(options.as === 'helm' && options.out === undefined ? words.slice(1) : words, manifests);
  const values = await valuesOf(options, context);
  const request: RenderRequest = { manifests, stacks, values, root: context.root, version: context.version };
  if (options.as === 'helm') {
    const into = writeFolder(folder as string, renderCharts(request), options, context);
    const charts = stacks.map((name) => join(into, name));
    if (options.json) context.json({ folder: into, charts });
    else context.print(charts.map((chart) => `chart written: helm upgrade --install NAME ${chart}`));
    return;
  }
  const objects = options.target === undefined ? renderObjects(request) : await askCluster(request, options, context);
  if (folder !== undefined) {
    const into = writeFolder(folder, renderFolder(objects), options, context);
    if (options.json) context.json({ folder: into, objects: objects.length });
    else context.print(`${objects.length} objects written: kubectl apply -k ${into}`);
  } else if (options.json) context.json({ stacks, values, objects });
  else context.document(renderYaml(objects));
}

/** The objects as `up` would apply them to that cluster now: what is up there already joins in. */
async function askCluster(request: RenderRequest, options: Options, context: Context): Promise<KubeObject[]> {
  const { target } = await targetFromOptions({ ...options, target: options.target ?? 'auto' }, context);
  if (target.objects === undefined) throw new Error(`the target ${target.name} takes no objects`);
  const { stacks, values } = request;
  return target.objects({ source: bundledSource(context.root, request.manifests), stacks: [...stacks], values });
}

/** Where to write: `--out`, or the first word with `--as helm`; nowhere without. */
function folderOf(words: string[], { as, out }: Options): string | undefined {
  if (as === 'yaml' || out !== undefined) return out;
  if (words[0] !== undefined) return words[0];
  throw new Failure({
    code: 'usage',
    message: '--as helm needs a folder to write the charts to',
    hint: 'For example: hwctl render --as helm charts idempotency',
  });
}

/** Writes into a new or empty folder: what else is there is not ours to mix with. Gives its whole path. */
function writeFolder(shown: string, files: Record<string, string>, { out }: Options, { cwd }: Context): string {
  const path = resolve(cwd, shown);
  const by = out === undefined ? undefined : '--out';
  let found: string[];
  try {
    makeFolders(path);
    found = readdirSync(path);
  } catch (error) {
    throw notWritten(error, { shown, by, hint: 'Name a folder that you may write' });
  }
  if (found.length > 0) {
    throw new Failure({
      code: 'not-empty',
      message: `${shown} is not empty`,
      hint: 'Name a folder that is empty or not there yet',
    });
  }
  for (const [name, text] of Object.entries(files))
    writeText(join(path, name), text, { shown: join(shown, name), by, folders: true });
  return path;
}
