import { basename, posix } from 'node:path';
import { stringify } from 'yaml';
import { jsonText, oneLine as visible } from '../kernel/text.js';
import type { Evidence } from './finding.js';
import type { Guess, Piece, Release } from './piece.js';
import { nameFrom } from './project.js';
import { splitSet } from './release-values.js';

/** A line of YAML and what stands behind it. */
interface Line {
  text: string;
  note?: string;
}

/**
 * The hwctl.yaml of a repository's pieces, with the place behind each line that says so, and each guess above what it is about.
 * One piece is the file itself, several are its stacks.
 */
export function projectText(root: string, pieces: readonly Piece[]): string {
  const lines: Line[] = [
    { text: '# How hwctl brings this project up, tests and loads it. Paths are relative to this file.' },
    { text: '# What stands behind a line says so; "guess" is what no file says.' },
    { text: `name: ${scalar(nameFrom(basename(root)))}` },
  ];
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) lines.push(...stackLines(only, ''));
  else {
    lines.push({ text: 'stacks:' });
    const names = new Set<string>();
    for (const piece of pieces) {
      const name = unused(nameFrom(piece.name), names);
      lines.push(
        { text: `  ${scalar(name)}:`, note: piece.folder === '' ? 'the whole repository' : `${piece.folder}/` },
        ...stackLines(piece, '    '),
      );
    }
  }
  const width = Math.min(
    60,
    Math.max(...lines.filter(({ note }) => note !== undefined).map(({ text }) => text.length), 0),
  );
  return `${lines.map(({ text, note }) => (note === undefined ? text : `${text.padEnd(width)}  # ${oneLine(note)}`)).join('\n')}\n`;
}

function unused(name: string, names: Set<string>): string {
  let free = name;
  for (let number = 2; names.has(free); number += 1) free = `${name}-${number}`;
  names.add(free);
  return free;
}

function stackLines(piece: Piece, indent: string): Line[] {
  const lines: Line[] = [];
  const about = (key: Guess['about']) => {
    for (const guess of piece.guesses.filter((one) => one.about === key)) {
      lines.push({
        text: `${indent}# guess: ${oneLine(`${guess.text}${guess.from === undefined ? '' : ` (${place(guess.from)})`}`)}`,
      });
    }
  };
  about('host');
  if (piece.host !== undefined)
    lines.push({ text: `${indent}host: ${scalar(piece.host.name)}`, note: place(piece.host.from) });
  if (piece.defaultNamespace !== undefined)
    lines.push({ text: `${indent}namespace: ${scalar(piece.defaultNamespace)}` });
  about('addons');
  list(
    'addons',
    piece.addons.map(({ name, from }) => [{ text: scalar(name), note: place(from) }]),
    lines,
    indent,
  );
  about('releases');
  list('releases', piece.releases.map(releaseLines), lines, indent);
  about('images');
  list('images', piece.images.map(imageLines), lines, indent);
  about('tests');
  list('tests', piece.tests.map(testLines), lines, indent);
  about('load');
  if (piece.load.length > 0) {
    lines.push({ text: `${indent}load:` });
    list(
      'files',
      piece.load.map((from) => [{ text: scalar(from.file) }]),
      lines,
      `${indent}  `,
    );
  }
  about('monitoring');
  if (piece.dashboards.length > 0) {
    lines.push({ text: `${indent}monitoring:` });
    list(
      'dashboards',
      [...new Set(piece.dashboards.filter(({ file }) => file.endsWith('.json')).map(({ file }) => file))].map(
        (file) => [{ text: scalar(file) }],
      ),
      lines,
      `${indent}  `,
    );
    if (lines.at(-1)!.text.endsWith('monitoring:')) lines.pop();
  }
  about('local');
  lines.push(...localLines(piece.local ?? [], indent));
  return lines;
}

function localLines(local: NonNullable<Piece['local']>, indent: string): Line[] {
  if (local.length === 0) return [];
  return [
    {
      text: `${indent}# How each runs without a cluster: hwctl up --target local. {port} is a port that hwctl chooses.`,
    },
    { text: `${indent}local:` },
    ...local.flatMap(({ workload, command, folder, environment, from }) => {
      const variables = Object.entries(environment);
      return [
        { text: `${indent}  ${scalar(workload)}:` },
        { text: `${indent}    command: ${flow(command)}`, note: place(from) },
        ...(folder === '.' ? [] : [{ text: `${indent}    folder: ${scalar(folder)}` }]),
        ...(variables.length === 0 ? [] : [{ text: `${indent}    environment: ${map(variables)}` }]),
      ];
    }),
  ];
}

function list(key: string, items: Line[][], lines: Line[], indent: string): void {
  if (items.length === 0) return;
  lines.push({ text: `${indent}${key}:` });
  for (const item of items)
    for (const [at, { text, note }] of item.entries())
      lines.push({ text: `${indent}  ${at === 0 ? '- ' : '  '}${text}`, ...(note !== undefined && { note }) });
}

function releaseLines(release: Release): Line[] {
  const note = place(release.from);
  const namespace = release.namespace === undefined ? [] : [{ text: `namespace: ${scalar(release.namespace)}` }];
  if (release.kind !== 'chart') {
    const recursive = release.kind === 'manifests' && release.recursive ? [{ text: 'recursive: true' }] : [];
    return [{ text: `${release.kind}: ${scalar(release.path)}`, note }, ...recursive, ...namespace];
  }
  const { chart, valuesFiles } = release;
  const sets = ['set', 'set-string', 'set-json', 'set-file'].flatMap((flag) => {
    // The commas of JSON part nothing; helm itself tells which are between two values.
    const given = release.set
      .filter((one) => one.flag === flag)
      .flatMap(({ text }) => (flag === 'set-json' ? [text] : splitSet(text)))
      .filter((text) => text.indexOf('=') > 0);
    return given.length === 0 ? [] : [{ text: `${flag}: ${flow(given)}` }];
  });
  return [
    { text: `chart: ${scalar(chart.name)}`, note },
    { text: `release: ${scalar(nameFrom(release.release))}` },
    ...(chart.repositoryUrl === undefined ? [] : [{ text: `repository: ${scalar(chart.repositoryUrl)}` }]),
    ...(chart.version === undefined ? [] : [{ text: `version: ${scalar(chart.version)}` }]),
    ...(valuesFiles.length === 0 ? [] : [{ text: `values: ${flow(valuesFiles)}` }]),
    ...sets,
    ...namespace,
  ];
}

function imageLines(image: Piece['images'][number]): Line[] {
  const built = image.buildArguments.map((text) => text.split('=')).filter((pair) => pair.length > 1);
  return [
    { text: `image: ${scalar(image.image)}`, note: place(image.from) },
    { text: `context: ${scalar(image.context)}` },
    ...(image.dockerfile === undefined ? [] : [{ text: `dockerfile: ${scalar(posix.normalize(image.dockerfile))}` }]),
    ...(image.target === undefined ? [] : [{ text: `target: ${scalar(image.target)}` }]),
    ...(image.platform === undefined ? [] : [{ text: `platform: ${scalar(image.platform)}` }]),
    ...(built.length === 0
      ? []
      : [{ text: `arguments: ${map(built.map(([name = '', ...value]) => [name, value.join('=')]))}` }]),
  ];
}

function testLines(test: Piece['tests'][number]): Line[] {
  const variables = test.variables.map((text) => text.split('=')).filter((pair) => pair.length > 1);
  return [
    { text: `${/\.ya?ml$/.test(test.file) ? 'scenario' : 'collection'}: ${scalar(test.file)}`, note: place(test.from) },
    ...(test.environment === undefined ? [] : [{ text: `environment: ${scalar(test.environment)}` }]),
    ...(variables.length === 0
      ? []
      : [{ text: `variables: ${map(variables.map(([name = '', ...value]) => [name, value.join('=')]))}` }]),
  ];
}

const place = ({ file, line }: Evidence) => `${file}:${line}`;
/** On one line whatever is in it: a name with line ends would be lines of the file. */
const scalar = (text: string) => {
  const plain = stringify(text, { lineWidth: 0 }).trimEnd();
  return visible(text) === text && !plain.includes('\n') ? plain : jsonText(text);
};
const flow = (items: readonly string[]) => `[${items.map((text) => jsonText(text)).join(', ')}]`;
/** Of one name that is given twice the last counts, as for newman and docker. */
const map = (pairs: readonly (readonly [string, string])[]) =>
  `{ ${[...new Map(pairs)].map(([name, value]) => `${jsonText(name)}: ${jsonText(value)}`).join(', ')} }`;
/** A comment: nothing in it acts on the terminal that shows the file. */
const oneLine = (text: string) => visible(text.replaceAll(/\s+/g, ' ').trim());
