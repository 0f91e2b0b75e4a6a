/**
 * The part of GJSON's path syntax that k6 scripts use in `res.json('a.b.0.c')`: names and indices between dots, `#` for the
 * length of a list or each of its items, `\` before a dot that is part of a name (https://github.com/tidwall/gjson/blob/master/SYNTAX.md).
 * undefined where there is no such value.
 */
export function valueAtPath(value: unknown, path: string): unknown {
  const [first, ...rest] = path.split(/(?<!\\)\./).map((part) => part.replaceAll('\\', ''));
  return first === undefined || path === '' ? value : walk(value, first, rest);
}

function walk(value: unknown, name: string, rest: readonly string[]): unknown {
  if (name === '#' && Array.isArray(value)) {
    if (rest.length === 0) return value.length;
    return value.map((item) => walk(item, rest[0]!, rest.slice(1))).filter((item) => item !== undefined);
  }
  const next = memberOf(value, name);
  return rest.length === 0 || next === undefined ? next : walk(next, rest[0]!, rest.slice(1));
}

function memberOf(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name) || name === 'length') return undefined;
  return (value as Record<string, unknown>)[name];
}

/** What of GJSON's syntax is not read: queries, wildcards, modifiers, several paths; undefined where all is. */
export function unreadPath(path: string): string | undefined {
  return /[*?|@{}[\]]|#\(/.test(path.replace(/\\./g, '')) ? `the path ${JSON.stringify(path)}` : undefined;
}
