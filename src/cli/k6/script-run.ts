import type { AnyNode } from 'acorn';
import { randomAt } from '../load/arrivals/random.js';
import { CookieJar } from '../scenario/send/cookies.js';
import { Bytes } from './api/body.js';
import { globals, hostMethodOf, moduleMembers, whyUnread } from './api/modules.js';
import type { Around, OwnScenario, RequestOptions, Site, Vu } from './api/vu.js';
import { textOf } from './language/coerce.js';
import type { World } from './language/compiler.js';
import { LinkedScript } from './language/link.js';
import { Fault, known, usualBudget } from './language/machine.js';
import { type ModuleTree, moduleOf } from './language/module-tree.js';
import { walk } from './language/scope.js';

/** A script as it is read, with all that a thread or a pod needs to follow it: plain data. */
export interface ScriptData {
  modules: ModuleTree[];
  /** Places that send, by `siteKey`. */
  sites: Record<string, number>;
  siteSteps: Site[];
  namedSteps: Record<string, number>;
  env: Record<string, string>;
  /** What the script opens (base64), by `openedKey`. */
  files: Record<string, string>;
  options: RequestOptions;
  scenarios: OwnScenario[];
  seed: number;
}

/** A place of a script, among all of its modules. */
export function siteKey(module: number, start: number): string {
  return `${module}:${start}`;
}

/** The key of a file among those that a script opened. */
export function openedKey(module: number, path: string): string {
  return `${module} ${path}`;
}

/** What a script that is read asks of its surroundings. */
export interface Opening {
  open(module: number, path: string): Buffer;
}

/** The names that a script gives members of its own objects, where these are functions. */
function ownMembers(modules: readonly ModuleTree[]): { names: Set<string>; sessions: boolean } {
  const names = new Set<string>();
  // Conditions of checks are called by k6 alone.
  const conditions = new Set<AnyNode>();
  let sessions = false;
  for (const { body } of modules)
    for (const statement of body)
      walk(statement, (node) => {
        if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'check')
          for (const each of node.arguments)
            if (each.type === 'ObjectExpression') for (const property of each.properties) conditions.add(property);
        if (conditions.has(node)) return;
        const key =
          node.type === 'MethodDefinition' ||
          ((node.type === 'Property' || node.type === 'PropertyDefinition') &&
            /^(Arrow)?Function|^Identifier/.test(node.value?.type ?? ''))
            ? node.key
            : node.type === 'AssignmentExpression' && node.left.type === 'MemberExpression'
              ? node.left.property
              : undefined;
        if (key?.type === 'Identifier') names.add(key.name);
        if (key?.type === 'Literal') names.add(String(key.value));
        if (node.type === 'ImportDeclaration' && /\/httpx\//.test(String(node.source.value))) sessions = true;
      });
  return { names, sessions };
}

/** The world of k6 for a script: `site` says where a call sends, `opening` what its files hold. */
export function linkScript(
  modules: readonly ModuleTree[],
  opening: Opening,
  sites: Pick<World, 'site' | 'called'>,
): LinkedScript {
  const { names, sessions } = ownMembers(modules);
  const openers = modules.map((_, module) =>
    known('open', ([path, mode]) => {
      const bytes = opening.open(module, textOf(path));
      return mode === 'b' ? new Bytes(bytes) : bytes.toString('utf8').replace(/^\uFEFF/, '');
    }),
  );
  const world: World = {
    ...sites,
    hostMethod: (name) => hostMethodOf(name, sessions),
    ownMember: (name) => names.has(name),
    global(name, node) {
      if (name === 'open') return { value: openers[moduleOf(node)] };
      return globals.has(name) ? { value: globals.get(name) } : undefined;
    },
  };
  return new LinkedScript(modules, world, { members: moduleMembers, whyUnread });
}

/** Links a script that was read before: its places are known. */
export function linkRead(data: ScriptData): LinkedScript {
  return linkScript(
    data.modules,
    {
      open(module, path) {
        const text = data.files[openedKey(module, path)];
        if (text === undefined) throw new Fault(`${path} was not opened when the script was read`);
        return Buffer.from(text, 'base64');
      },
    },
    { site: (call) => data.sites[siteKey(moduleOf(call), call.start)] ?? -1 },
  );
}

/** A VU before its modules are gone through. */
export function newVu(id: number, around: Around, scenario: OwnScenario, seed: number): Vu {
  const vu: Vu = {
    id,
    iteration: 0,
    arrival: 0,
    scenarioIteration: 0,
    scenario,
    jar: new CookieJar(Date.now),
    around,
    groups: [],
    failure: undefined,
    expected: undefined,
    modules: [],
    budget: usualBudget,
    site: -1,
    nowMs: Date.now,
    random: () => 0,
  };
  return seeded(vu, seed, 0);
}

/** Random numbers that depend on the seed and the arrival alone. */
export function seeded(vu: Vu, seed: number, arrival: number): Vu {
  let draws = 0;
  vu.random = () => randomAt((seed ^ Math.imul(arrival + 1, 0x9e3779b1)) | 0, draws++);
  return vu;
}

/** What a thread's VUs share. */
export function aroundOf(
  data: Omit<ScriptData, 'modules' | 'sites'>,
  own: Pick<Around, 'check' | 'measure' | 'made'>,
): Around {
  return {
    sites: data.siteSteps,
    namedSteps: new Map(Object.entries(data.namedSteps)),
    env: data.env,
    files: data.files,
    options: data.options,
    once: new Map(),
    ...own,
  };
}
