import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { replaceFile } from '../kernel/replacement.js';
import { readTree } from '../project/file-tree.js';
import { findIn } from '../project/find.js';
import { piecesOf } from '../project/plan-pieces.js';
import { readProject } from '../project/project.js';
import { projectText } from '../project/write-project.js';
import { findingLines, pieceLines } from './init-text.js';
import { defineCommand, operand } from './options/define-command.js';
import { toggle } from './options/option.js';
import { folder } from './options/values.js';

/** `hwctl init [PATH]`: what a repository holds, how it is brought up, and a hwctl.yaml that says so. */
export const define = defineCommand({
  operands: [operand('[path]', 'folder of the project (default: this one)', folder)],
  options: {
    dryRun: toggle('--dry-run', 'print what was found and the plan, write nothing'),
    force: toggle('--force', 'write over a hwctl.yaml that is there'),
  },
  async run([path], options, context) {
    const root = resolve(context.cwd, path ?? '.');
    const file = join(root, 'hwctl.yaml');
    const shown = relative(context.cwd, file) || file;
    const writes = options.dryRun !== true;
    if (writes && options.force !== true && existsSync(file)) throw isThere(shown);
    const tree = readTree(root);
    const findings = findIn(tree);
    const pieces = piecesOf(findings);
    const text = projectText(tree.root, pieces);
    if (!options.json) context.print(findingLines(findings, tree.files.length));
    if (pieces.length === 0) throw nothingToDeploy(findings.found.length);
    if (writes) {
      replaceFile(file, text);
      // What is written is read as a user's own would be: it holds for both, or for none.
      readProject(file, shown);
    }
    if (options.json) {
      const { found, steps, unreadable, leftOut } = findings;
      context.json({ root: tree.root, found, steps, unreadable, leftOut, pieces, written: writes ? file : null, text });
      return;
    }
    for (const piece of pieces) context.print(['', ...pieceLines(piece, pieces.length > 1)]);
    context.print([
      '',
      writes ? `written: ${shown}. Read it, edit it: it is yours` : `not written (--dry-run): ${shown}`,
    ]);
  },
});

function isThere(shown: string): Failure {
  return new Failure({
    code: 'project-exists',
    message: `${shown} is there already`,
    hint: 'See what would be written: hwctl init --dry-run. Write over it: hwctl init --force',
  });
}

function nothingToDeploy(found: number): Failure {
  return new Failure({
    code: 'nothing-to-deploy',
    message:
      found === 0
        ? 'nothing of a project was found here'
        : 'nothing that can be deployed was found: no chart, manifest, kustomization or skaffold.yaml',
    hint: 'Name the folder that holds them: hwctl init PATH',
  });
}
