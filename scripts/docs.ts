// Writes what is known of the code into the pages: the flags of every command into docs/reference/commands.md, the packages into
// docs/PACKAGES.md, the formats of what a person writes into schemas/ (`--check`: fails where one is behind).
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Context } from '../src/cli/commands/context/context.js';
import { jsonWhat, noEnds } from '../src/cli/commands/options/define-command.js';
import { commandEntries } from '../src/cli/commands/registry.js';
import { profileJsonSchema } from '../src/cli/load/plan/profile-shape.js';
import { projectJsonSchema } from '../src/cli/project/project-shape.js';
import { scenarioJsonSchema } from '../src/cli/scenario/format/grammar.js';
import { valuesSchema } from '../src/cli/target/manifests/values-shape.js';
import { packagesPage } from './packages.js';

const root = fileURLToPath(new URL('..', import.meta.url));
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function sections(command: Command, path: string): string[] {
  const usage = `${path} ${command.usage()}`.trim();
  const lines = [`## \`${usage}\``, '', command.description(), ''];
  const options = command.options.filter((option) => !option.hidden);
  if (options.length > 0) {
    lines.push('| flag | what it does |', '|---|---|');
    for (const option of options) {
      const byDefault =
        option.defaultValue === undefined || option.defaultValue === false
          ? ''
          : ` (default ${option.defaultValueDescription ?? option.defaultValue})`;
      const choices = option.argChoices ? `: ${option.argChoices.join(', ')}` : '';
      lines.push(`| \`${cell(option.flags)}\` | ${cell(option.description + choices + byDefault)} |`);
    }
    lines.push('');
  }
  return [...lines, ...command.commands.flatMap((child) => sections(child, `${path} ${child.name()}`))];
}

async function reference(): Promise<string> {
  const program = new Command('hwctl');
  const lines: string[] = [];
  for (const entry of commandEntries) {
    const command = program.command(entry.name).description(entry.summary).option('--json', jsonWhat);
    // Options are declared before any action runs: no command touches its context while it is being defined.
    (await entry.load()).define(command, { env: {}, columns: 80, root } as Context, noEnds);
    lines.push(...sections(command, `hwctl ${entry.name}`));
  }
  return lines.join('\n');
}

/** JSON as `npm run fix` leaves it. */
function formatted(name: string, value: unknown): string {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const input = JSON.stringify(value, null, 2);
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${name}`], {
    cwd: root,
    input,
    encoding: 'utf8',
  });
}

const schemas = {
  scenario: scenarioJsonSchema(),
  profile: profileJsonSchema(),
  project: projectJsonSchema(),
  values: valuesSchema,
};
const pages = {
  'docs/reference/commands.md': `# Commands and flags\n\nWritten by \`npm run docs\` from what the commands declare.\n\n${(await reference()).trimEnd()}\n`,
  'docs/PACKAGES.md': packagesPage(root),
  ...Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const path = `schemas/${name}.schema.json`;
      return [path, formatted(path, schema)];
    }),
  ),
};
for (const [name, wanted] of Object.entries(pages)) {
  const path = join(root, name);
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${name} is behind the code: run npm run docs\n`);
    process.exitCode = 1;
  } else writeFileSync(path, wanted);
}
