import type { AnyNode } from 'acorn';
import { type Position, problemLine } from '../document/problem.js';
import { Failure } from '../kernel/failure.js';
import type { Measure } from '../load/plan/plan.js';
import type { Threshold } from '../load/plan/thresholds.js';
import { Foresight, type FunctionCall } from './addresses.js';
import type { MetricKind } from './api/metrics.js';
import type { Vu } from './api/vu.js';
import type { Export, LinkedScript } from './language/link.js';
import { Fault, Thrown } from './language/machine.js';
import { moduleOf } from './language/module-tree.js';
import { type FunctionNode, walk } from './language/scope.js';
import { type LoadShape, shapeOf } from './load-shape.js';
import { type K6Options, type OptionOverrides, type OptionProblem, readOptions } from './options.js';
import { OpenedFiles, readScriptFiles, type ScriptFiles } from './script-files.js';
import { aroundOf, linkScript, newVu, type ScriptData, siteKey } from './script-run.js';
import { readThresholds } from './script-thresholds.js';
import { foresee, memberNode, type SendingCall } from './sites.js';

/** What is asked of a script beside itself. */
export interface ScriptRequest {
  /** Absolute. */
  file: string;
  /** Its text, where it stands in a file of another kind. */
  text?: string | undefined;
  /** As it was given. */
  shown: string;
  env: Record<string, string>;
  overrides: OptionOverrides;
  /** Name of the one scenario of the script that is loaded; undefined: all. */
  scenario: string | undefined;
  seed: number;
}

/** A script as a load: what becomes of it, and what does not. */
export interface ReadScript {
  data: ScriptData;
  options: K6Options;
  shape: LoadShape;
  steps: string[];
  measures: Measure[];
  thresholds: Threshold[];
  /** Servers that its requests go to, as far as the script says it, each with the place that says so. */
  origins: { origin: string; at: string }[];
  /** Requests whose server is not known before the load, each with its place. */
  unknown: { at: string; env: string | undefined }[];
  /** What is not read and only judges; the rest is a Failure. */
  leftOut: string[];
  hasSetup: boolean;
  hasTeardown: boolean;
  notes: string[];
}

/**
 * Reads a k6 script; nothing of it is executed but by hwctl's own reading of its statements. Throws Failure `unread-script`
 * with line and column of all that is not read and changes what is sent or when, or with `judges` what is judged.
 */
export function readScript(request: ScriptRequest): ReadScript {
  const { shown } = request;
  const files = readScriptFiles(request.file, shown, request.text);
  const reading = new Reading(files, request);
  const { script, vu } = reading;
  const exports = (name: string) => isFunction(script.exported(name));
  if (!exports('default') && script.exported('options') === undefined) throw noScript(shown, files);
  const given = reading.initialised();
  const { options, problems } = readOptions(given, request.overrides, exports);
  const scenarios = chosen(options, request, problems);
  if (!exports('default') && scenarios.length > 0 && scenarios.every(({ exec }) => exec === 'default'))
    throw noScript(shown, files);
  for (const exec of new Set(scenarios.map((each) => each.exec))) reading.reach(exec);
  const ofLoad = reading.calls.length;
  const stages = ['setup', 'teardown'].filter(exports);
  for (const stage of stages) reading.reach(stage);
  const foresight = new Foresight(script, vu, reading.functionCalls);
  const seen = foresee(reading.calls.slice(0, ofLoad), foresight, reading.sessionBases(foresight), (node, message) =>
    script.compiler.problem(node, message),
  );
  const judged = readThresholds(options, seen.steps, reading.measures);
  problems.push(...judged.problems.map((each) => ({ ...each, judges: true })));
  const shape = shapeOf(scenarios);
  if (typeof shape === 'string' && scenarios.length > 0) {
    const ways = scenarios.map(({ name }) => `--scenario ${name}`).join(' or ');
    problems.push({ path: ['scenarios'], message: `${shape}: load one of them, ${ways}`, judges: false });
  }
  const told = reading.problems(problems);
  const unread = told.filter(({ judges }) => !judges).map(({ line }) => line);
  if (unread.length > 0 || typeof shape === 'string') throw unreadFailure(shown, unread, false);
  if (ofLoad === 0)
    throw new Failure({
      code: 'unread-script',
      message: `${shown} sends no request by http that hwctl sees`,
      hint: 'Load a script that calls http.get, http.post or their kin',
    });
  const notes = [...new Set([...options.notes, ...scenarios.flatMap((each) => each.notes), ...reading.notes()])];
  return {
    data: reading.data(options, scenarios, seen),
    options,
    shape,
    steps: seen.steps.map(({ step }) => step),
    measures: reading.measures,
    thresholds: judged.thresholds,
    origins: [...seen.origins].map(([origin, node]) => ({ origin, at: reading.place(node) })),
    unknown: seen.unknown.map(({ node, env }) => ({ at: reading.place(node), env })),
    leftOut: told.filter(({ judges }) => judges).map(({ line }) => line),
    hasSetup: stages.includes('setup'),
    hasTeardown: stages.includes('teardown'),
    notes: notes.map((note) => `${shown}: ${note}`),
  };
}

/** The failure for parts that are not read. `judges`: they only judge, and may be left out. */
export function unreadFailure(shown: string, details: string[], judges: boolean): Failure {
  const one = details.length === 1;
  const parts = one ? 'a part' : `${details.length} parts`;
  const what = judges ? (one ? 'judges and is' : 'judge and are') : one ? 'is' : 'are';
  return new Failure({
    code: 'unread-script',
    message: `${shown} has ${parts} that ${what} not read: nothing was sent`,
    details: details.slice(0, 100),
    hint: judges
      ? 'Load without them by --ignore-unread, or write them as docs/LOAD.md says they are read'
      : 'Write them as docs/LOAD.md says they are read; what changes the requests is never left out',
  });
}

function noScript(shown: string, { modules }: ScriptFiles): Failure {
  const imports = JSON.stringify(modules[0]!.body.filter(({ type }) => type === 'ImportDeclaration'));
  const other = /@playwright|"playwright"/.test(imports)
    ? 'a Playwright test: it drives a browser'
    : /"(jest|mocha|vitest|@jest)/.test(imports)
      ? 'a unit test'
      : /"artillery/.test(imports)
        ? 'a script of Artillery'
        : undefined;
  const k6 = /"k6(\/|")/.test(imports);
  return new Failure({
    code: 'not-k6',
    message:
      other !== undefined
        ? `${shown} is ${other}, not a k6 script`
        : k6
          ? `${shown} exports no default function: k6 would not know what to do in an iteration`
          : `${shown} is no k6 script: it exports no default function and imports nothing of k6`,
    hint: 'A k6 script is an ES module with export default function () { http.get(...) }; see docs/LOAD.md',
  });
}

function isFunction(found: Export | undefined): boolean {
  if (found === undefined || 'unread' in found) return false;
  if ('known' in found) return false;
  return found.binding.from !== undefined;
}

function chosen(options: K6Options, { scenario }: ScriptRequest, problems: OptionProblem[]): K6Options['scenarios'] {
  if (scenario === undefined) return options.scenarios;
  const one = options.scenarios.filter(({ name }) => name === scenario);
  if (one.length > 0) {
    // Of the others it does not matter what they say.
    const others = problems.filter(({ path }) => path[0] !== 'scenarios' || path[1] === scenario || path.length === 1);
    problems.splice(0, problems.length, ...others);
    return one.map((each) => ({ ...each, startMs: 0 }));
  }
  const names = options.scenarios.map(({ name }) => name).join(', ');
  throw new Failure({
    code: 'unknown-scenario',
    message: `the script has no scenario ${JSON.stringify(scenario)}`,
    hint: `There are ${names}`,
  });
}

/** A script while it is read. */
class Reading {
  readonly script: LinkedScript;
  readonly vu: Vu;
  readonly calls: SendingCall[] = [];
  readonly functionCalls = new Map<FunctionNode, FunctionCall[]>();
  readonly measures: Measure[] = [];
  private readonly sites = new Map<string, number>();
  private readonly opened: OpenedFiles;

  constructor(
    private readonly files: ScriptFiles,
    private readonly request: ScriptRequest,
  ) {
    this.opened = new OpenedFiles(files);
    const empty = { siteSteps: [], namedSteps: {}, files: {}, scenarios: [], seed: request.seed };
    const around = aroundOf(
      { ...empty, env: request.env, options: requestOptions(undefined) },
      {
        check: () => undefined,
        measure: () => undefined,
        made: (name: string, kind: MetricKind) => {
          if (!this.measures.some((each) => each.name === name)) this.measures.push({ name, kind });
        },
      },
    );
    this.vu = newVu(
      1,
      around,
      { name: 'default', executor: 'shared-iterations', exec: 'default', env: {}, tags: {} },
      request.seed,
    );
    this.script = linkScript(
      files.modules,
      { open: (module, path) => this.opened.read(module, path) },
      {
        site: (call, sends, scope) => {
          const key = siteKey(moduleOf(call), call.start);
          const known = this.sites.get(key);
          if (known !== undefined) return known;
          const index = this.calls.push({ call, sends, scope }) - 1;
          this.sites.set(key, index);
          return index;
        },
        called: (fn, args, scope) => {
          this.functionCalls.set(fn, [...(this.functionCalls.get(fn) ?? []), { args, scope }]);
        },
      },
    );
  }

  /** Goes through the modules once, as k6's init does; gives the script's options. */
  initialised(): unknown {
    const { script, vu } = this;
    try {
      script.initialise(vu);
    } catch (error) {
      if (!(error instanceof Thrown || error instanceof Fault)) throw error;
      const unread = this.problems([]).map(({ line }) => line);
      if (unread.length > 0) throw unreadFailure(this.request.shown, unread, false);
      throw new Failure({
        code: 'script-failed',
        message: `${this.request.shown} fails before its first iteration: ${error.message}`,
        hint: 'Give the variables that it needs with -e NAME=VALUE, or mend the script',
      });
    }
    const found = script.exported('options');
    return found === undefined ? undefined : script.valueOf(found, vu);
  }

  /** Reads an exported function with all that it comes to. */
  reach(name: string): void {
    const found = this.script.exported(name);
    if (found !== undefined) this.script.readFunction(found);
  }

  /** What sessions (`new Httpx`) put before their paths. */
  sessionBases(foresight: Foresight): string[] {
    const bases = new Set<string>();
    for (const [module, { body }] of this.files.modules.entries())
      for (const statement of body)
        walk(statement, (node) => {
          if (node.type !== 'NewExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'Httpx')
            return;
          const base = node.arguments[0] && memberNode(node.arguments[0], 'baseURL');
          const value = base && foresight.valueOf(base, this.script.scopes[module]!)?.value;
          if (typeof value === 'string') bases.add(value);
        });
    return [...bases];
  }

  data(options: K6Options, scenarios: K6Options['scenarios'], seen: ReturnType<typeof foresee>): ScriptData {
    const { env, seed } = this.request;
    return {
      modules: this.files.modules,
      sites: Object.fromEntries(this.sites),
      siteSteps: seen.sites,
      namedSteps: seen.namedSteps,
      env,
      files: this.opened.texts,
      options: requestOptions(options),
      scenarios: scenarios.map(({ name, executor, exec, env: own, tags }) => ({
        name,
        executor,
        exec,
        env: own,
        tags,
      })),
      seed,
    };
  }

  /** What is done otherwise than k6 does it. */
  notes(): string[] {
    const notes: string[] = [];
    if (this.calls.some(({ sends }) => sends.shape === 'batch'))
      notes.push('http.batch: its requests are sent one after another, since an iteration is one user');
    if (this.script.exported('handleSummary') !== undefined)
      notes.push('handleSummary is left out: the report is hwctl’s');
    return notes;
  }

  /** All that is not read, in the order of the file, each once. */
  problems(options: readonly OptionProblem[]): { line: string; judges: boolean }[] {
    const all = new Map<string, { file: string; at: Position; message: string; judges: boolean }>();
    const add = (module: number, start: number, message: string, judges: boolean) => {
      const { file } = this.files.modules[module]!;
      const at = this.positionOf(module, start);
      const key = `${file}:${at.line}:${at.column}: ${message}`;
      all.set(key, { file, at, message, judges: judges && (all.get(key)?.judges ?? true) });
    };
    for (const { node, message, judges } of this.script.compiler.unread)
      add(moduleOf(node), node.start, message, judges);
    for (const { path, message, judges } of options) {
      const node = this.optionNode(path);
      add(node === undefined ? 0 : moduleOf(node), node?.start ?? 0, message, judges);
    }
    return [...all.values()]
      .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.at.line - b.at.line || a.at.column - b.at.column))
      .map(({ file, at, message, judges }) => ({ line: problemLine(file, { at, message }), judges }));
  }

  /** Where a part of the script stands. */
  place(node: AnyNode): string {
    const module = moduleOf(node);
    const { line, column } = this.positionOf(module, node.start);
    return `${this.files.modules[module]!.file}:${line}:${column}`;
  }

  private positionOf(module: number, start: number): Position {
    const before = this.files.texts[module]!.slice(0, start);
    const line = before.split('\n').length;
    return { line, column: start - before.lastIndexOf('\n') };
  }

  /** The part of the options that a path leads to, or what is nearest to it. */
  private optionNode(path: readonly string[]): AnyNode | undefined {
    const found = this.script.exported('options');
    if (found === undefined || !('binding' in found) || found.binding.from?.kind !== 'value') return undefined;
    let node: AnyNode = found.binding.from.node;
    let at: AnyNode = node;
    for (const key of path) {
      const next = node.type === 'ArrayExpression' ? (node.elements[Number(key)] ?? undefined) : memberNode(node, key);
      if (next === undefined) break;
      const property =
        node.type === 'ObjectExpression'
          ? node.properties.find((each) => each.type === 'Property' && each.value === next)
          : undefined;
      at = property ?? next;
      node = next;
    }
    return at;
  }
}

function requestOptions(options: K6Options | undefined): ScriptData['options'] {
  return {
    userAgent: options?.userAgent ?? 'hwctl',
    discardResponseBodies: options?.discardResponseBodies ?? false,
    maxRedirects: options?.maxRedirects ?? 10,
    throws: options?.throws ?? false,
    noCookiesReset: options?.noCookiesReset ?? false,
  };
}
