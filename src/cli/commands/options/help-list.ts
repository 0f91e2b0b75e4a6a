import { wrap } from '../../report/format.js';

/** A titled list for the end of a help text: names, and what each is, in as many columns as the terminal has. */
export function helpList(title: string, items: readonly { name: string; what: string }[], columns: number): string {
  const width = Math.max(...items.map(({ name }) => name.length));
  const lines = items.flatMap(({ name, what }) =>
    wrap(what, Math.max(20, columns - width - 4)).map(
      (line, index) => `  ${(index === 0 ? name : '').padEnd(width)}  ${line}`,
    ),
  );
  return ['', `${title}:`, ...lines].join('\n');
}
