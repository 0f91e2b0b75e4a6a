import type { RequestStep } from '../scenario.js';
import { conditionJs, type Dialect, type Losses, scriptHelpers } from './script-js.js';

/** How the scripts of a collection reach the response and the variables. */
export const postmanDialect: Dialect = {
  status: 'pm.response.code',
  header: (name) => `header(${JSON.stringify(name)})`,
  text: 'pm.response.text()',
  json: 'bodyJson()',
  timeMs: 'pm.response.responseTime',
  iteration: '(pm.info.iteration + 1)',
  variable: (name, path) => `recall(${[name, ...path].map((word) => JSON.stringify(word)).join(', ')})`,
  bodyOf: (step) => `recall(${JSON.stringify(bodyVariable(step))})`,
};

// A variable is kept as text, for {{name}}, and as JSON, for scripts and for JSON bodies. The text is a local variable too:
// newman's --env-var and a row of the data hide those of a collection, while here they only replace what the scenario gives.
const memory: Record<string, string> = {
  keep: '(name, value) => { const text = typeof value === "object" ? JSON.stringify(value) : value; pm.collectionVariables.set(name, text); pm.variables.set(name, text); pm.collectionVariables.set(name + ":json", JSON.stringify(value)); }',
  forget:
    '(name) => { pm.variables.unset(name); pm.collectionVariables.unset(name); pm.collectionVariables.unset(name + ":json"); }',
  given:
    '(name, value) => { const from = [pm.iterationData, pm.environment].find((each) => each.has(name)); return from === undefined ? value : from.get(name); }',
  recall:
    '(name, ...path) => path.reduce((value, key) => value?.[key], JSON.parse(pm.collectionVariables.get(name + ":json") ?? JSON.stringify(pm.variables.get(name) ?? null)))',
  taken: '(name, value) => { if (value === undefined) throw new Error(name + " was not captured"); return value; }',
  header:
    '(name) => { const found = pm.response.headers.filter((each) => each.key.toLowerCase() === name.toLowerCase()); return found.length === 0 ? undefined : found.map((each) => each.value).join(", "); }',
  bodyJson: '() => { try { return pm.response.json(); } catch (error) { return undefined; } }',
};

/** The variable that keeps a step's response body. */
export function bodyVariable(step: string): string {
  return `body of ${step}`;
}

/** An event of a collection, with the functions that its lines use. */
export function script(listen: string, lines: string[]): Record<string, unknown> {
  const known = Object.entries(memory)
    .filter(([name]) => lines.some((line) => line.includes(`${name}(`)))
    .map(([name, source]) => `const ${name} = ${source};`);
  const exec = lines.length === 0 ? [''] : [...scriptHelpers(lines), ...known, ...lines];
  return { listen, script: { type: 'text/javascript', exec } };
}

/** `until` and `repeat`: the request names itself as the next one. */
export function loops({ name, until, repeat }: RequestStep, done: string[], own: Losses): string[] {
  let lines = done;
  if (repeat > 1) {
    const count = JSON.stringify(`times of ${name}`);
    lines = [
      ...lines,
      `const times = Number(pm.collectionVariables.get(${count}) ?? 0) + 1;`,
      `if (times < ${repeat}) { pm.collectionVariables.set(${count}, times); pm.execution.setNextRequest(pm.info.requestId); }`,
      `else pm.collectionVariables.unset(${count});`,
    ];
  }
  if (until === undefined) return lines;
  const end = JSON.stringify(`end of ${name}`);
  if (until.condition.schema !== undefined) own.push('a JSON Schema within until');
  const met = conditionJs(until.condition, postmanDialect, own).map(({ expression }) => `(${expression})`);
  if (met.length === 0) {
    own.push('until: asked once');
    return lines;
  }
  return [
    `const met = ${met.join(' && ')};`,
    `const end = Number(pm.collectionVariables.get(${end}) ?? Date.now() - pm.response.responseTime + ${until.withinMs});`,
    `if (!met && Date.now() + ${until.everyMs} <= end) {`,
    `  pm.collectionVariables.set(${end}, end);`,
    `  setTimeout(() => undefined, ${until.everyMs});`,
    '  pm.execution.setNextRequest(pm.info.requestId);',
    '} else {',
    `  pm.collectionVariables.unset(${end});`,
    ...lines.map((line) => `  ${line}`),
    `  if (!met) throw new Error("not so within ${until.withinMs} ms");`,
    '}',
  ];
}
