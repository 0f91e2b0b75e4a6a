/** A map of a document that nobody has looked at yet. */
export type Fields = Record<string, unknown>;

/** Steps from an object to a field of it. */
export type Path = readonly (string | number)[];

export function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a map; an empty one where it is none. */
export function fieldsOf(value: unknown): Fields {
  return isMap(value) ? value : {};
}

/** The maps of a list; none where it is no list. Their places in it are lost: `placedMaps` keeps them. */
export function mapsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isMap) : [];
}

/** The maps of a list, each with its place in it. */
export function placedMaps(value: unknown): [place: number, item: Fields][] {
  return Array.isArray(value) ? value.flatMap((item, i) => (isMap(item) ? [[i, item] as [number, Fields]] : [])) : [];
}

/** The value where it is a text with something in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts of a list. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The entries of a map whose values are texts. */
export function labelsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** What stands at the end of a path; undefined where a step of it is not there. */
export function at(value: unknown, ...path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}

/** Puts a value at the end of a path of a copy of one's own, making maps on the way; undefined takes the field out. */
export function put(into: unknown, path: Path, value: unknown): void {
  let here = into as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) {
    if (typeof here[step] !== 'object' || here[step] === null) here[step] = {};
    here = here[step] as Record<string | number, unknown>;
  }
  const last = path.at(-1);
  if (last === undefined) return;
  if (value !== undefined) here[last] = value;
  else if (Array.isArray(here)) here.splice(Number(last), 1);
  else delete here[last];
}

/** Whether two values of a document are the same, whatever the order of their keys. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (!isMap(a) || !isMap(b)) return Object.is(a, b);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}
