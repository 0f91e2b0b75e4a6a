import { isMap, isScalar, LineCounter, type ParsedNode, parse, parseDocument, type YAMLMap } from 'yaml';
import { Failure } from '../../kernel/failure.js';
import { yamlText } from '../manifests/yaml-text.js';
import { same } from './fields.js';
import { mergePatches } from './merge-patch.js';

/**
 * The text of a hwctl.yaml with these edits in it: under `edits:` of the stack, or of the file itself; one that is there for the
 * same object keeps what it says of other fields. All else stays as it is, comments and blanks, too. Throws Failure
 * `bad-project` for a text that is no map, or has no such stack.
 */
export function editsYaml(
  text: string,
  edits: Readonly<Record<string, unknown>>,
  options: { stack?: string } = {},
): string {
  if (Object.keys(edits).length === 0) return text;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const path = options.stack === undefined ? [] : ['stacks', options.stack];
  const holder = (path.length === 0 ? document.contents : document.getIn(path, true)) as ParsedNode | null | undefined;
  const isEmpty = holder === null || (isScalar(holder) && holder.value === null);
  if (document.errors.length > 0 || holder === undefined || !(isEmpty || isMap(holder))) throw refused(options.stack);
  const there = isMap(holder) ? (holder.get('edits', true) as ParsedNode | undefined) : undefined;
  const before = isMap(there) ? (there.toJS(document) as Record<string, unknown>) : {};
  const merged = Object.fromEntries(
    Object.entries(edits).map(([ref, patch]) => [
      ref,
      Object.hasOwn(before, ref) ? mergePatches(before[ref], patch) : patch,
    ]),
  );
  document.setIn([...path, 'edits'], document.createNode({ ...before, ...merged }, { aliasDuplicateObjects: false }));
  const inserted = isMap(holder) ? insert(text, holder as YAMLMap.Parsed, there, merged, before, lines) : undefined;
  if (inserted !== undefined && same(parse(inserted), document.toJS())) return inserted;
  // What stands there is changed itself, or is written in braces: the whole is written anew.
  return document.toString({ lineWidth: 0 });
}

/** New lines at the end of a map in block style; undefined where that is not how they can be said. */
function insert(
  text: string,
  holder: YAMLMap.Parsed,
  there: ParsedNode | undefined,
  merged: Record<string, unknown>,
  before: Record<string, unknown>,
  lines: LineCounter,
): string | undefined {
  if (Object.keys(merged).some((ref) => Object.hasOwn(before, ref))) return undefined;
  const into = isMap(there) ? (there as YAMLMap.Parsed) : holder;
  const first = into.items[0]?.key;
  if (into.flow === true || first === undefined || (there !== undefined && into !== there)) return undefined;
  const indent = ' '.repeat(lines.linePos(first.range[0]).col - 1);
  const block = yamlText(into === there ? merged : { edits: merged });
  const added = block.replace(/^(?=.)/gm, indent);
  // After the last line that has something of the map; comments behind it stay behind.
  const end = into.range[1];
  const at = text.slice(0, end).trimEnd().length;
  const lineEnd = text.indexOf('\n', at);
  const place = lineEnd < 0 ? text.length : lineEnd + 1;
  const head = text.slice(0, place);
  return `${head}${head.endsWith('\n') ? '' : '\n'}${added}${text.slice(place)}`;
}

function refused(stack: string | undefined): Failure {
  const what = stack === undefined ? 'is no map' : `has no stack ${JSON.stringify(stack)}`;
  return new Failure({
    code: 'bad-project',
    message: `the edits cannot be written: hwctl.yaml ${what}`,
    hint: 'Write them under edits: by hand: hwctl init --dry-run --fix prints them',
  });
}
