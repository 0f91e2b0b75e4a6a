/** One row of newman's table: a label and two numbers, or a text over the whole width. */
export type TableRow = { label: string; cells: [string, string]; mark?: 'good' | 'bad' } | { text: string };

const firstWidth = 25;

/**
 * newman's statistics table: the first column is 25 wide, the other two grow with the texts that span all three, the way
 * cli-table3 spreads the missing width.
 */
export function tableLines(
  head: [string, string],
  rows: TableRow[],
  paint: (text: string, mark: 'good' | 'bad') => string,
): string[] {
  const widths = columnWidths(head, rows);
  const [a, b, c] = widths;
  const rule = (left: string, cross: string, right: string) =>
    left + [a, b, c].map((width) => '─'.repeat(width)).join(cross) + right;
  const lines = [rule('┌', '┬', '┐'), cells('', head[0], head[1], widths, (text) => text)];
  let before: 'cells' | 'text' = 'cells';
  for (const row of rows) {
    const kind = 'text' in row ? 'text' : 'cells';
    lines.push(rule('├', crossing(before, kind), '┤'));
    if ('text' in row) lines.push(`│ ${row.text.padEnd(a + b + c)} │`);
    else {
      const { mark } = row;
      lines.push(cells(row.label, ...row.cells, widths, (text) => (mark === undefined ? text : paint(text, mark))));
    }
    before = kind;
  }
  lines.push(rule('└', before === 'text' ? '─' : '┴', '┘'));
  return lines;
}

function crossing(above: 'cells' | 'text', below: 'cells' | 'text'): string {
  if (above === 'cells') return below === 'cells' ? '┼' : '┴';
  return below === 'cells' ? '┬' : '─';
}

function cells(
  label: string,
  executed: string,
  failed: string,
  [a, b, c]: [number, number, number],
  paint: (text: string) => string,
): string {
  const labelled = paint(label.padStart(a - 2));
  const last = failed === '0' || failed.trim() === 'failed' ? failed.padStart(c - 2) : paint(failed.padStart(c - 2));
  return `│ ${labelled} │ ${executed.padStart(b - 2)} │ ${last} │`;
}

function columnWidths(head: [string, string], rows: TableRow[]): [number, number, number] {
  const widths: [number, number] = [head[0].length + 2, head[1].length + 2];
  for (const row of rows) {
    if ('text' in row) continue;
    for (const i of [0, 1] as const) widths[i] = Math.max(widths[i], row.cells[i].length + 2);
  }
  for (const row of rows) {
    if (!('text' in row)) continue;
    const wanted = row.text.length + 2;
    let existing = firstWidth + widths[0] + widths[1] + 2;
    for (const i of [0, 1] as const) {
      if (wanted <= existing) break;
      const extra = Math.round((wanted - existing) / (2 - i));
      widths[i] += extra;
      existing += extra;
    }
  }
  return [firstWidth, ...widths];
}
