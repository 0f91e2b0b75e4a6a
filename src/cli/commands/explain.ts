import { join } from 'node:path';
import { formatDuration } from '../kernel/duration.js';
import { Failure } from '../kernel/failure.js';
import { readText } from '../kernel/files.js';
import { nearest } from '../kernel/nearest.js';
import { wrap } from '../report/format.js';
import { createPaint } from '../report/paint.js';
import type { Context } from './context/context.js';
import { formatFailure } from './context/failure-text.js';
import { asFailure, keptFailure } from './last-failure.js';
import { defineCommand, operand } from './options/define-command.js';
import { name } from './options/values.js';

/** What docs/ERRORS.md says of a code. */
export interface ErrorRow {
  code: string;
  /** The heading that it stands under. */
  room: string;
  meaning: string;
  cure: string;
}

/** `hwctl explain [CODE]`: the last failure again, and what its code means. */
export const define = defineCommand({
  operands: [operand('[code]', 'the code of a failure (default: the last one)', name)],
  run: async ([code], { json }, context) => {
    const kept = code === undefined ? keptFailure(context) : undefined;
    if (code === undefined && kept === undefined) {
      if (json) context.json({ failure: null, page: null });
      else context.print('No failure is kept: nothing has failed since the last hwctl down.');
      return;
    }
    const row = rowOf(code ?? kept!.code, context, code !== undefined);
    if (json) {
      context.json({ failure: kept ?? null, page: row ?? null });
      return;
    }
    if (kept !== undefined) {
      const agoMs = Math.max(0, context.clock.now() - Date.parse(kept.at));
      const paint = createPaint(context.color);
      const command = kept.command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ');
      context.print([paint.faint(`${command}, ${formatDuration(agoMs)} ago, exit code ${kept.exitCode}`)]);
      context.print([...formatFailure(asFailure(kept), context), '']);
    }
    if (row !== undefined) context.print(rowLines(row, context.columns));
  },
});

function rowLines({ code, room, meaning, cure }: ErrorRow, columns: number): string[] {
  const indented = (label: string, text: string) =>
    wrap(text, Math.max(30, columns - 10)).map((line, i) => `  ${(i === 0 ? label : '').padEnd(8)}${line}`);
  return [`${code} (${room}; docs/ERRORS.md)`, ...indented('means', meaning), ...indented('do', cure)];
}

/** The row of a code. Throws Failure `unknown-code` where it must have one. */
function rowOf(code: string, context: Pick<Context, 'root'>, isWanted: boolean): ErrorRow | undefined {
  const rows = errorRows(context);
  const row = rows.find((each) => each.code === code);
  if (row !== undefined || !isWanted) return row;
  const near = nearest(
    code,
    rows.map((each) => each.code),
  );
  throw new Failure({
    code: 'unknown-code',
    message: `no failure has the code ${JSON.stringify(code)}${near === undefined ? '' : `. Did you mean ${JSON.stringify(near)}?`}`,
    hint: 'The codes are those that --json gives; docs/ERRORS.md lists them all',
  });
}

/** Every row of docs/ERRORS.md. Throws Failure where the package lacks the page. */
export function errorRows({ root }: Pick<Context, 'root'>): ErrorRow[] {
  const path = join(root, 'docs', 'ERRORS.md');
  let room = '';
  return readText(path, { shown: path, hint: 'Install hwctl anew' })
    .split('\n')
    .flatMap((line) => {
      room = /^## (.+)$/.exec(line)?.[1] ?? room;
      const [, code, meaning, cure] = /^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$/.exec(line) ?? [];
      return code === undefined ? [] : [{ code, room, meaning: meaning!, cure: cure! }];
    });
}
