import { jsonSlip } from '../document/json-slip.js';
import { parseJson, TooDeep } from '../kernel/json.js';
import { openapiOf } from './find-yaml.js';
import type { Finding } from './finding.js';
import { type FoundFile, lineAt } from './found-file.js';

interface Item {
  item?: unknown;
  request?: unknown;
}

/** What a JSON file is by its content: a collection, an environment, an OpenAPI document, a dashboard. */
export function findingsOfJson(file: FoundFile): Finding[] {
  const { text, path } = file;
  // A lock file or a bundle of megabytes is not parsed to learn that it is none of these.
  if (!/getpostman\.com\/json\/collection|_postman_variable_scope|"panels"|"openapi"|"swagger"/.test(text)) return [];
  let value: Record<string, unknown>;
  try {
    value = parseJson(text) as Record<string, unknown>;
  } catch (error) {
    const slip = jsonSlip(text);
    const why =
      error instanceof TooDeep || slip === undefined ? (error as Error).message : `it is no JSON: ${slip.message}`;
    file.unreadable(lineAt(text, slip?.offset ?? 0), why);
    return [];
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  const at = (part: string) => ({ file: path, line: lineAt(text, text.indexOf(part)) });
  // Postman's API wraps a collection in an object of that name.
  const collection = (value.collection ?? value) as {
    info?: { schema?: unknown; name?: unknown };
    item?: unknown;
    variable?: unknown;
  };
  const schema = /getpostman\.com\/json\/collection\/v([\d.]+)/.exec(asText(collection.info?.schema));
  if (schema !== null && Array.isArray(collection.item)) {
    const name = asText(collection.info?.name);
    return [
      {
        kind: 'collection',
        ...at('"schema"'),
        name,
        format: `v${schema[1]!.split('.').slice(0, 2).join('.')}`,
        requests: requestsIn(collection.item),
        variables: variablesOf(collection.variable),
      },
    ];
  }
  if (typeof value._postman_variable_scope === 'string') {
    return [
      {
        kind: 'environment',
        ...at('"_postman_variable_scope"'),
        name: asText(value.name),
        variables: Object.keys(variablesOf(value.values)),
      },
    ];
  }
  const openapi = openapiOf(value);
  if (openapi !== undefined)
    return [{ kind: 'openapi', ...at(/"(?:openapi|swagger)"/.exec(text)?.[0] ?? ''), ...openapi }];
  const dashboard = dashboardOf(value);
  return dashboard === undefined ? [] : [{ kind: 'dashboard', ...at('"panels"'), ...dashboard }];
}

/** A name as text; '' for what is none: an object may have no text at all (`{"toString": 1}`). */
function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Requests of a collection, those in folders included. */
function requestsIn(items: readonly unknown[]): number {
  let count = 0;
  const open = [...items];
  while (open.length > 0) {
    const { item, request } = (open.pop() ?? {}) as Item;
    // One by one: so many arguments as a list may be long, no call takes.
    if (Array.isArray(item)) for (const each of item) open.push(each);
    else if (request !== undefined) count += 1;
  }
  return count;
}

function variablesOf(list: unknown): Record<string, string> {
  if (!Array.isArray(list)) return {};
  const pairs = list.flatMap((each: { key?: unknown; value?: unknown } | null) =>
    typeof each?.key === 'string'
      ? [[each.key, typeof each.value === 'string' ? each.value : JSON.stringify(each.value ?? '')] as const]
      : [],
  );
  return Object.fromEntries(pairs);
}

/** A dashboard of Grafana, as exported or as its API gives it (`{dashboard: ...}`); undefined for other JSON. */
function dashboardOf(value: Record<string, unknown>): { title: string; panels: number } | undefined {
  const board = (value.dashboard ?? value) as { panels?: unknown; schemaVersion?: unknown; title?: unknown };
  if (!Array.isArray(board.panels) || (board.schemaVersion === undefined && board.title === undefined))
    return undefined;
  const within = board.panels.flatMap((panel: { panels?: unknown } | null) =>
    Array.isArray(panel?.panels) ? panel.panels : [],
  );
  return { title: asText(board.title), panels: board.panels.length + within.length };
}
