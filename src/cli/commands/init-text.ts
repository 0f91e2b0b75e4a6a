import { oneLine } from '../kernel/text.js';
import type { Finding, FindingKind, FindingOf, Findings } from '../project/finding.js';
import type { Piece, Release } from '../project/piece.js';

/** Entries of a kind that are shown; `--json` has all. */
const most = 8;

/** What a finding is, in a few words; kinds in the order in which they are told. */
const told: { [K in FindingKind]: (finding: FindingOf<K>) => string } = {
  project: () => 'its own description',
  skaffold: ({ builds, charts, manifests }) =>
    `${builds.length} images, ${charts.length} charts, ${manifests.length} manifests`,
  chart: ({ name, version, dependencies }) =>
    `${name} ${version}${dependencies.length === 0 ? '' : `, needs ${dependencies.map(needed).join(', ')}`}`,
  kustomization: ({ folder }) => folder || '.',
  manifest: ({ objects }) => objects.map(({ kind, name }) => `${kind} ${name ?? '(generated)'}`).join(', '),
  dockerfile: ({ base, ports }) => `from ${base}${ports.length === 0 ? '' : `, port ${ports.join(', ')}`}`,
  compose: ({ services, builds }) => `${services.length} services, ${builds.length} built`,
  collection: ({ name, format, requests }) => `${name}, ${requests} requests, ${format}`,
  environment: ({ name, variables }) => `${name}, ${variables.length} variables`,
  openapi: ({ title, paths }) => `${title}, ${paths} paths`,
  scenario: ({ name }) => name,
  profile: ({ name }) => name,
  'k6 script': ({ options }) => (options ? 'with options' : 'without options'),
  locustfile: ({ users }) => users.join(', '),
  dashboard: ({ title, panels }) => `${title}, ${panels} panels`,
};

function needed({ name, version, vendored }: FindingOf<'chart'>['dependencies'][number]): string {
  return `${name} ${version}${vendored ? ' (vendored)' : ''}`;
}

/** What was found, by kind, each with its place; what could not be read; what was left out. */
export function findingLines(findings: Findings, files: number): string[] {
  const lines = [`${findings.root}: ${files} files`];
  for (const kind of Object.keys(told) as FindingKind[]) {
    const found = findings.found.filter((finding) => finding.kind === kind);
    for (const finding of found.slice(0, most))
      lines.push(`  ${kind.padEnd(13)} ${finding.file}:${finding.line}  ${wordsOf(finding)}`);
    if (found.length > most) lines.push(`  ${kind.padEnd(13)} and ${found.length - most} more (--json has all)`);
  }
  const steps = findings.steps.filter(({ act }) => act.kind !== 'other');
  if (steps.length > 0)
    lines.push(
      `  ${'shell lines'.padEnd(13)} ${steps.length} in ${[...new Set(steps.map(({ file }) => file))].join(', ')}; read, not executed`,
    );
  const unread = findings.unreadable.map(({ file, line, why }) => `  cannot be read: ${file}:${line}: ${why}`);
  const out = findings.leftOut.map((why) => `  not looked into: ${why}`);
  return [...lines, ...cut(unread), ...cut(out)];
}

function cut(lines: readonly string[]): string[] {
  return lines.length > most
    ? [...lines.slice(0, most), `  and ${lines.length - most} more (--json has all)`]
    : [...lines];
}

function wordsOf(finding: Finding): string {
  const words = (told[finding.kind] as (finding: Finding) => string)(finding);
  return words.length > 120 ? `${words.slice(0, 119)}…` : words;
}

/** The plan of a piece, in its order, each step with the place that says so, and what was guessed. */
export function pieceLines(piece: Piece, isOne: boolean): string[] {
  const source = piece.sources.length === 0 ? 'what is there' : piece.sources.join(', ');
  const rows: [what: string, where: string][] = [
    ...piece.namespaces.map(({ name, from }): [string, string] => [`namespace ${name}`, `${from.file}:${from.line}`]),
    ...piece.addons.map(({ name, from }): [string, string] => [`addon ${name}`, `${from.file}:${from.line}`]),
    ...piece.images.map(({ image, context, from }): [string, string] => [
      `build ${image} of ${context}`,
      `${from.file}:${from.line}`,
    ]),
    ...piece.releases.map((release): [string, string] => [
      releaseText(release),
      `${release.from.file}:${release.from.line}`,
    ]),
    ...piece.tests.map(({ file, from }): [string, string] => [`test ${file}`, `${from.file}:${from.line}`]),
    ...piece.load.map(({ file, line }): [string, string] => [`load ${file}`, `${file}:${line}`]),
    ...(piece.local ?? []).map(({ workload, command, from }): [string, string] => [
      `locally ${workload}: ${oneLine(command.join(' '))}`,
      `${from.file}:${from.line}`,
    ]),
  ];
  const width = Math.min(64, Math.max(...rows.map(([what]) => what.length)));
  const title = isOne ? `stack ${piece.name}` : 'plan';
  return [
    `${title}, from ${source}${piece.host === undefined ? '' : `, at ${piece.host.name}`}`,
    ...rows.map(([what, where], index) => `  ${String(index + 1).padStart(2)}. ${what.padEnd(width)}  ${where}`),
    ...piece.guesses.map(
      ({ text, from }) => `   ?  ${text}${from === undefined ? '' : ` (${from.file}:${from.line})`}`,
    ),
  ];
}

function releaseText(release: Release): string {
  const within = release.namespace === undefined ? '' : ` in ${release.namespace}`;
  if (release.kind !== 'chart') return `${release.kind} ${release.path}${within}`;
  const { chart } = release;
  const from = chart.repositoryUrl === undefined ? '' : ` of ${chart.repositoryUrl}`;
  return `chart ${release.release} = ${chart.name}${chart.version === undefined ? '' : ` ${chart.version}`}${from}${within}`;
}
