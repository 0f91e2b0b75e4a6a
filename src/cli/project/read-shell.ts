import { posix } from 'node:path';
import { blocksOfMakefile, blocksOfMarkdown, type ShellBlock } from './shell-blocks.js';
import { commandsOf } from './shell-lines.js';
import { actOf, type ShellAct } from './shell-step.js';

/** A line of a README or Makefile, read and not executed. */
export interface ShellStep {
  /** The file, relative to the repository, and the line in it, from 1. */
  file: string;
  line: number;
  /** The command as it stands there, continuations joined. */
  text: string;
  act: ShellAct;
  /** The Makefile's target. */
  target?: string;
}

/**
 * The shell lines of a Markdown page or Makefile as typed steps, in the file's order. Nothing is executed and no variable of
 * this process is looked at; commands run in the file's folder until a `cd`.
 */
export function readShell(file: string, text: string): ShellStep[] {
  const blocks = blocksOf(file, text);
  const folder = posix.dirname(file);
  return blocks.flatMap((block) =>
    commandsOf(block, folder === '.' ? '' : folder).map((command) => ({
      file,
      line: command.line,
      text: command.text,
      act: actOf(command),
      ...(block.target !== undefined && { target: block.target }),
    })),
  );
}

function blocksOf(file: string, text: string): ShellBlock[] {
  if (isMakefile(file)) return blocksOfMakefile(text);
  if (/\.(?:sh|bash)$/.test(file)) return [{ line: 1, text: text.replaceAll('\r\n', '\n'), dialect: 'posix' }];
  if (/\.ps1$/.test(file)) return [{ line: 1, text: text.replaceAll('\r\n', '\n'), dialect: 'powershell' }];
  return blocksOfMarkdown(text);
}

/** True of the files in which shell lines are looked for: Markdown, Makefiles, scripts. */
export function holdsShell(path: string): boolean {
  return isMakefile(path) || /\.(?:md|markdown|sh|bash|ps1)$/i.test(path) || /(?:^|\/)readme(?:\.txt)?$/i.test(path);
}

/** True of the names that GNU make looks for, and of `.mk`. */
function isMakefile(path: string): boolean {
  return /(?:^|\/)(?:GNUmakefile|[Mm]akefile)$|\.mk$/.test(path);
}
