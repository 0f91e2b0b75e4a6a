import { markdownCode } from '../kernel/text.js';
import { formatCount } from './format.js';

/**
 * A report in GitHub's Markdown: what stands between empty lines (a heading, a table, a paragraph), in its order. Each is
 * whole in itself, so that some can be left out. Texts of strangers are in code, always.
 */
export type MarkdownBlocks = readonly string[];

/** Rows of a table at most; the others are counted. */
const mostRows = 100;

/** A table; cells and heads are Markdown already. The first `texts` columns are of text, the others of figures. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const shown = rows.slice(0, mostRows);
  const lines = [line(head), line(head.map((_, i) => (i < texts ? '---' : '--:'))), ...shown.map(line)];
  if (rows.length > mostRows)
    lines.push(line(head.map((_, i) => (i === 0 ? `and ${formatCount(rows.length - mostRows)} more` : ''))));
  return lines.join('\n');
}

/** The beginning of a text that may be long, and how much of it is left out. */
export function clipped(text: string, mostChars: number): string {
  if (text.length <= mostChars) return text;
  // Half of a pair would be shown as what it is not.
  const kept = text.slice(0, mostChars).replace(/[\ud800-\udbff]$/, '');
  return `${kept}… (${formatCount(text.length - kept.length)} more characters)`;
}

/** A text of a stranger as code, its beginning where it is long. */
export function codeCell(text: string, mostChars = 300): string {
  return markdownCode(clipped(text, mostChars));
}

/** The whole text of a report. */
export function markdownDocument(blocks: MarkdownBlocks): string {
  return `${blocks.join('\n\n')}\n`;
}

/**
 * The text of as many blocks as fit into `mostBytes`, from the first on; where not all do, its last line says how many are
 * left out. Empty where not even the first fits.
 */
export function markdownWithin(blocks: MarkdownBlocks, mostBytes: number): string {
  const whole = markdownDocument(blocks);
  if (Buffer.byteLength(whole) <= mostBytes) return whole;
  const rest = (left: number) =>
    `**Cut here**: the last ${formatCount(left)} of ${formatCount(blocks.length)} parts of this report are left out, for GitHub shows 1 MiB of a step's summary at most. A report in a file (\`--out\`, \`--reporters\`) is whole.`;
  const room = mostBytes - Buffer.byteLength(rest(blocks.length)) - 1;
  const kept: string[] = [];
  let bytes = 0;
  for (const block of blocks) {
    bytes += Buffer.byteLength(block) + 2;
    if (bytes > room) break;
    kept.push(block);
  }
  return kept.length === 0 ? '' : markdownDocument([...kept, rest(blocks.length - kept.length)]);
}
