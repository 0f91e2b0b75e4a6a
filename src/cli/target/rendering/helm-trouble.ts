/** What helm says, as lines to show and the one likely cure. */
export interface HelmTrouble {
  lines: string[];
  hint: string;
}

/**
 * Reads what helm 3 or 4 printed when it failed. `shownAs` turns the path of a template as helm names it (`shop/templates/x.yaml`)
 * into the one that people open.
 */
export function helmTrouble(stderr: string, shownAs: (template: string) => string): HelmTrouble {
  const text = errorOf(stderr);
  const located = locate(text, shownAs);
  return { lines: located ?? linesOf(text), hint: cureOf(text) };
}

/** From `Error: ` on, without what helm prints about itself. */
function errorOf(stderr: string): string {
  const from = /^Error: /m.exec(stderr);
  const text = from === null ? stderr : stderr.slice(from.index + 'Error: '.length);
  return text
    .split(/\r?\n/)
    .filter((line) => !/^(?:level=|\w+\.go:\d+: |Use --debug flag|helm\.go:|WARNING: )/.test(line))
    .join('\n')
    .trim();
}

const place = /((?:[\w.-]+\/)+[\w.-]+):(\d+)(?::(\d+))?/g;

/** Errors of templates: the innermost place, what is wrong there, and how it came to be read. */
function locate(text: string, shownAs: (template: string) => string): string[] | undefined {
  const parse = /^YAML parse error on (\S+?): (?:error converting YAML to JSON: )?(.*)$/s.exec(text);
  if (parse !== null) {
    const [, template = '', message = ''] = parse;
    const [, line] = /^yaml: line (\d+): /.exec(message) ?? [];
    const kind = /cannot unmarshal (\w+) into/.exec(message)?.[1];
    const told =
      kind === undefined ? message.replace(/^yaml: (?:line \d+: )?/, '') : `no object, but a ${wordFor(kind)}`;
    return [
      `${shownAs(template)}: what it renders is no YAML${line ? `, at line ${line} of it` : ''}: ${oneSpace(told)}`,
    ];
  }
  if (!/^(?:template: |execution error at|parse error at|(?:[\w.-]+\/)+[\w.-]+:\d+)/.test(text)) return undefined;
  const places = [...text.matchAll(place)];
  const inner = places.at(-1);
  if (inner === undefined) return undefined;
  const [whole, template = '', line = '', column] = inner;
  const rest = text
    .slice(inner.index + whole.length)
    .replace(/^\)?:?\s*/, '')
    .replace(/^executing "[^"]*" (?=at <)/, '');
  const at = `${shownAs(template)}:${line}${column ? `:${column}` : ''}`;
  const outer = places[0] === inner ? undefined : places[0];
  const through = outer === undefined ? '' : ` (included at ${shownAs(outer[1] ?? '')}:${outer[2]})`;
  // A message of `fail` has lines of its own.
  const said = linesOf(/^execution error/.test(text) ? rest : oneSpace(rest));
  const [first = '', ...more] = said;
  return [`${at}: ${first}${through}`, ...more.map((next) => `  ${next}`)];
}

function wordFor(kind: string): string {
  return kind === 'array' ? 'list' : kind;
}

function oneSpace(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

const mostLines = 20;

function linesOf(text: string): string[] {
  const lines = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : line.trimEnd()));
  return lines.length > mostLines
    ? [...lines.slice(0, mostLines), `and ${lines.length - mostLines} more lines`]
    : lines;
}

const cures: readonly (readonly [RegExp, string])[] = [
  [/^execution error|nil pointer evaluating|map has no entry/, 'Give the value in values: or set: of this release'],
  [
    /don't meet the specifications of the schema|validation failed/i,
    'Correct these values in values: or set: of this release',
  ],
  [/requires kubeVersion/, 'Use a version of the chart that is for the version of the cluster, or another cluster'],
  [/library charts are not installable/, 'It is for other charts to use: deploy the one that depends on it'],
  [
    /no template ".*" associated/,
    'The template that is included comes from a chart that is not there: see dependencies: in Chart.yaml',
  ],
  [/^cannot load values|^failed to parse |failed parsing --set/, 'Correct these values'],
  [/^cannot load Chart|Chart\.yaml/, 'Give the folder of a chart, with its Chart.yaml'],
  [/missing in charts\//, 'Put it into charts/ of the chart, or name its repository in Chart.yaml'],
  [/release name/, 'Give another release: name, of a to z, 0 to 9 and -, at most 53'],
  [/YAML parse error|parse error at|executing "/, 'Edit the template, or the values that it is given'],
  [/no such file or directory/, 'Give the path of a file that is there'],
];

function cureOf(text: string): string {
  return pullCure(text) ?? cures.find(([pattern]) => pattern.test(text))?.[1] ?? 'Try the same with helm template';
}

const unreachable =
  /not a valid chart repository or cannot be reached|no such host|connection refused|i\/o timeout|network is unreachable|TLS handshake|x509:/;
const absent =
  /\bnot found\b|404 Not Found|no chart (?:version|name) found|improper constraint|not found in .* (?:index|repository)/i;

/** Why a chart cannot be had from where it is said to be; undefined where that is not what the message is about. */
export function pullCure(text: string): string | undefined {
  if (/bitnami/i.test(text) && !unreachable.test(text) && absent.test(text))
    return 'Bitnami keeps few versions of its charts: take one that is there (version:), from oci://registry-1.docker.io/bitnamicharts, or put the archive into charts/; images of older ones are bitnamilegacy/NAME instead of bitnami/NAME';
  if (/kubernetes-charts(?:-incubator)?\.storage\.googleapis\.com/.test(text))
    return 'That repository is gone: what it had is at https://charts.helm.sh/stable, without new versions';
  if (/\brepo \S+ not found/.test(text))
    return 'Name the repository by its URL (repository:), or add it: helm repo add NAME URL';
  if (unreachable.test(text))
    return 'Check the URL of the repository and the network, or put the archive into charts/ (or give its path as chart:)';
  if (/non-absolute URLs should be/.test(text))
    return 'Name its repository by its URL (repository:), or give the path of its folder';
  if (/401|403|unauthorized|denied/i.test(text))
    return 'Log in first: helm registry login HOST, or helm repo add with --username';
  if (/404|chart .* not found|no chart (?:version|name) found/i.test(text))
    return 'Ask the repository what it has: helm search repo, helm show chart; then correct chart: or version:';
  return undefined;
}
