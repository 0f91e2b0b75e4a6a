import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { notWritten } from '../kernel/files.js';
import { replaceFile } from '../kernel/replacement.js';
import { isOutside, readTree } from '../project/file-tree.js';
import { findIn } from '../project/find.js';
import { piecesOf } from '../project/plan-pieces.js';
import { projectOf } from '../project/project.js';
import { withLocal } from '../project/propose-local.js';
import { projectText } from '../project/write-project.js';
import { editsOf } from '../target/preflight/edit-objects.js';
import { editsYaml } from '../target/preflight/edits-yaml.js';
import type { PreflightProblem } from '../target/preflight/problem.js';
import { problemLines } from '../target/preflight/problem-lines.js';
import { piecePreflight } from './init-preflight.js';
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
    fix: toggle('--fix', 'write edits for what would not work, too'),
  },
  async run([path], options, context) {
    const root = resolve(context.cwd, path ?? '.');
    const file = join(root, 'hwctl.yaml');
    const shown = relative(context.cwd, file) || file;
    const writes = options.dryRun !== true;
    if (writes && options.force !== true && existsSync(file)) throw isThere(shown);
    const tree = readTree(root);
    const findings = findIn(tree);
    const pieces = piecesOf(findings).map((piece) => withLocal(piece, findings, (path) => tree.text(path)));
    const problems = pieces.map((piece) => piecePreflight(tree, piece));
    const plain = projectText(tree.root, pieces);
    const text = options.fix === true ? withEdits(plain, file, problems) : plain;
    if (!options.json) context.print(findingLines(findings, tree.files.length));
    if (pieces.length === 0) throw nothingToDeploy(findings.found.length);
    if (writes) write(file, text, { root: tree.root, shown });
    if (options.json) {
      const { steps, unreadable, leftOut } = findings;
      // Names alone: a collection's variables hold what its owner signs in with.
      const found = findings.found.map((one) =>
        one.kind === 'collection' ? { ...one, variables: Object.keys(one.variables) } : one,
      );
      context.json({
        root: tree.root,
        found,
        steps,
        unreadable,
        leftOut,
        pieces,
        problems,
        written: writes ? file : null,
        text,
      });
      return;
    }
    for (const [i, piece] of pieces.entries()) {
      context.print(['', ...pieceLines(piece, pieces.length > 1)]);
      const lines = problemLines(problems[i] ?? []);
      if (lines.length > 0) context.print(['', ...lines]);
    }
    context.print([
      '',
      writes
        ? `written: ${shown}. Read it, edit it: it is yours. Then: hwctl up, hwctl test, hwctl load, hwctl down`
        : `not written (--dry-run): ${shown}`,
    ]);
  },
});

/** The text with the edits of each piece's problems, under its stack. */
function withEdits(text: string, file: string, problems: readonly (readonly PreflightProblem[])[]): string {
  const stacks = problems.length === 1 ? [undefined] : [...projectOf(text, file).stacks.keys()];
  return problems.reduce((all, some, i) => {
    const stack = stacks[i];
    return editsYaml(all, editsOf(some), stack === undefined ? {} : { stack });
  }, text);
}

/** What is written is read first, as a user's own would be: where it does not hold, an earlier file stays. */
function write(file: string, text: string, { root, shown }: { root: string; shown: string }): void {
  // A link of somebody's repository does not choose which file of this machine is written over.
  if (existsSync(file) && isOutside(root, realpathSync(file))) {
    throw new Failure({
      code: 'project-link',
      message: `${shown} is a link that leads out of the project`,
      hint: `Remove the link: rm ${shown}`,
    });
  }
  try {
    projectOf(text, file, shown);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure({
      code: 'not-written',
      message: `${shown} is not written: what would stand in it does not hold`,
      hint: 'hwctl init --dry-run --json has its text: write the file by hand',
      details: error.details,
      cause: error,
    });
  }
  try {
    replaceFile(file, text);
  } catch (error) {
    throw notWritten(error, { shown });
  }
}

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
