import { escapeHtml } from './svg-chart.js';

/** A row of a table: its cells as text, and whether it is good or bad news. */
export interface HtmlRow {
  cells: string[];
  mood?: 'good' | 'bad';
}

/**
 * A table of figures, or of text. On a narrow screen each row becomes a block with the names of the columns in it, so that
 * no column is out of sight.
 */
export function htmlTable(
  head: readonly string[],
  rows: readonly HtmlRow[],
  kind: 'figures' | 'text' = 'figures',
): string {
  const names = head.map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  const lines = rows.map(({ cells, mood }) => {
    const data = cells.map((cell, i) => `<td data-name="${escapeHtml(head[i] ?? '')}">${escapeHtml(cell)}</td>`);
    return `<tr${mood === undefined ? '' : ` class="${mood}"`}>${data.join('')}</tr>`;
  });
  return `<table class="${kind}"><thead><tr>${names}</tr></thead><tbody>${lines.join('')}</tbody></table>`;
}
