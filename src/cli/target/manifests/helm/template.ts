import { type Edit, setField } from '../edits.js';
import type { Expression } from '../expression.js';
import type { KubeObject } from '../kube-object.js';
import type { FieldPath } from '../yaml-source.js';
import { yamlText } from '../yaml-text.js';
import { printExpression } from './print-expression.js';

/** A field of an object in a chart: what values decide, or a piece of template text of its own. */
export interface Slot {
  path: FieldPath;
  to: Expression | { kind: 'text'; text: string };
}

/** The slots of one object among all edits. */
export function slotsOf(object: KubeObject, edits: readonly Edit[]): Slot[] {
  return edits.filter((edit) => edit.object === object).map(({ path, to }) => ({ path, to }));
}

const slotLine = /^(\s*)(- |)((?:[^\s:]+|"[^"]*"): |)hwctl-slot-(\d+)$/;

/** YAML of a value as a Go template: what the slots name becomes an action, all else is literal text. */
export function templateOf(value: object, slots: readonly Slot[], chart: string): string {
  const marked = structuredClone(value) as KubeObject;
  for (const [index, { path }] of slots.entries()) setField(marked, path, `hwctl-slot-${index}`);
  return yaml(marked)
    .split('\n')
    .map((line) => {
      const match = slotLine.exec(line);
      if (match === null) return literal(line);
      const [, indent = '', dash = '', key = '', index = ''] = match;
      return printSlot({ indent, dash, key }, (slots[Number(index)] as Slot).to, chart);
    })
    .join('\n');
}

/** YAML without line folding and without its final newline. */
export function yaml(value: unknown): string {
  return yamlText(value).trimEnd();
}

/** Text that a Go template prints as it is. */
export function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}

interface Place {
  indent: string;
  dash: string;
  /** `host: `, or nothing where the slot is an item of a list. */
  key: string;
}

function printSlot(place: Place, to: Slot['to'], chart: string): string {
  const head = `${place.indent}${place.dash}${place.key}`;
  if (to.kind === 'text') return `${head}${to.text}`;
  if (to.kind === 'by-store') return printChoice(place, to);
  const { value, when } = printExpression(to, chart);
  if (when === undefined) return `${head}${value}`;
  if (place.dash !== '') throw new Error(`a field that may be missing begins an item of a list: ${head}`);
  return `${place.indent}{{- if ${when} }}\n${head}${value}\n${place.indent}{{- end }}`;
}

function printChoice(place: Place, { postgres, sqlite }: Extract<Expression, { kind: 'by-store' }>): string {
  const { indent } = place;
  const [then, otherwise] = [block(place, sqlite), block(place, postgres)];
  if (then === '') return `${indent}{{- if ne .Values.store "sqlite" }}\n${otherwise}\n${indent}{{- end }}`;
  const more = otherwise === '' ? '' : `\n${indent}{{- else }}\n${otherwise}`;
  return `${indent}{{- if eq .Values.store "sqlite" }}\n${then}${more}\n${indent}{{- end }}`;
}

/** The lines of one alternative, at their place; none where there is no such field. */
function block({ indent, dash, key }: Place, content: unknown): string {
  if (content === undefined) return '';
  const inner = key === '' ? content : { [key.replace(/: $/, '').replaceAll('"', '')]: content };
  const text = yaml(dash === '' ? inner : [inner]);
  return text
    .split('\n')
    .map((line) => `${indent}${literal(line)}`)
    .join('\n');
}
