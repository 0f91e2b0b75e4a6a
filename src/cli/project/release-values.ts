import type { Evidence, Findings } from './finding.js';
import { foundOf } from './finding.js';
import type { Release } from './piece.js';

type Values = Readonly<Record<string, unknown>>;

/** What values name. */
export interface Named {
  images: string[];
  hosts: string[];
}

/** What the values of a release name, as helm puts them together: the chart's, its files over them, single values over all. */
export function namedByRelease(
  release: Extract<Release, { kind: 'chart' }>,
  findings: Findings,
): Named & { place(text: string): Evidence } {
  const folder = release.chart.name === '.' ? '' : release.chart.name;
  const chart = foundOf(findings, 'chart').find((one) => one.folder === folder);
  const own = folder === '' ? 'values.yaml' : `${folder}/values.yaml`;
  const files = [own, ...release.valuesFiles].filter((file) => findings.values.has(file));
  const single = release.set.filter(({ flag }) => flag === 'set' || flag === 'set-string').map(({ text }) => text);
  const values = [...files.map((file) => findings.values.get(file)!), ...single.flatMap(splitSet).map(singleValue)];
  const place = (text: string): Evidence => {
    const file = files.findLast((one) => JSON.stringify(findings.values.get(one)).includes(text));
    if (single.some((one) => one.includes(text))) return release.from;
    return { file: file ?? chart?.valuesFiles[0] ?? chart?.file ?? release.from.file, line: 1 };
  };
  return { ...namedIn(values.reduce(merged, {})), place };
}

/** Values over others, as helm merges them: null takes away, a list is replaced. */
function merged(under: Values, over: Values): Values {
  const all: Record<string, unknown> = Object.assign(Object.create(null), under);
  for (const [key, value] of Object.entries(over)) {
    const before = all[key];
    if (value === null) delete all[key];
    else all[key] = isMapping(before) && isMapping(value) ? merged(before, value) : value;
  }
  return all;
}

/** `a.b=c` as values; of a list's element, and of what is written in another way, nothing. */
function singleValue(text: string): Values {
  const [, path = '', value = ''] = /^([\w.-]+)=(.*)$/s.exec(text) ?? [];
  if (path === '') return {};
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Values;
}

/** `--set a=1,b=2` is two values; a comma after a backslash or within braces is none. */
export function splitSet(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '\\') part += char + (text[++at] ?? '');
    else if (char === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      part += char;
    }
  }
  return [...parts, part];
}

/** Images (`repository` and `tag`, or one text) and hosts that values name. */
export function namedIn(values: Values): Named {
  const images: string[] = [];
  const hosts: string[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (depth > 20) return;
    if (Array.isArray(value)) for (const each of value) visit(each, depth + 1);
    if (!isMapping(value)) return;
    if (typeof value.repository === 'string' && value.repository !== '' && !value.repository.includes('://')) {
      const registry = text(value.registry);
      const tag = text(value.tag);
      images.push(`${registry === '' ? '' : `${registry}/`}${value.repository}${tag === '' ? '' : `:${tag}`}`);
    }
    for (const [key, each] of Object.entries(value)) {
      if (key === 'image' && typeof each === 'string' && each !== '') images.push(each);
      else if (
        /^(?:host|hostname)$/i.test(key) &&
        typeof each === 'string' &&
        /^[a-z0-9*][a-z0-9.-]*\.[a-z]+$/i.test(each)
      )
        hosts.push(each);
      else if (key === 'hosts' && Array.isArray(each))
        for (const one of each) if (typeof one === 'string') hosts.push(one);
      visit(each, depth + 1);
    }
  };
  visit(values, 0);
  return { images: [...new Set(images)], hosts: [...new Set(hosts)] };
}

function isMapping(value: unknown): value is Values {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
