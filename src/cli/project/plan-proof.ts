import type { Evidence, Findings } from './finding.js';
import { foundOf } from './finding.js';
import type { Piece } from './piece.js';
import { isHostName } from './project-shape.js';
import type { ShellStep } from './read-shell.js';
import { namedByRelease } from './release-values.js';

/** The host that most of it is reached by: what is routed, else what the charts' values and the collections say. */
export function hostOf(findings: Findings, piece: Piece): { name: string; from: Evidence } | undefined {
  const named: { name: string; from: Evidence; weight: number }[] = [];
  for (const { file, objects } of foundOf(findings, 'manifest')) {
    for (const { hosts, line } of objects)
      for (const name of hosts) named.push({ name, from: { file, line }, weight: 3 });
  }
  for (const release of piece.releases) {
    if (release.kind !== 'chart') continue;
    const { hosts, place } = namedByRelease(release, findings);
    for (const name of hosts) named.push({ name, from: place(name), weight: 2 });
  }
  for (const { file, line, variables } of foundOf(findings, 'collection')) {
    for (const value of Object.values(variables)) {
      const name = /^(?:https?:\/\/)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d+)?(?:\/|$)/i.exec(value)?.[1];
      if (name !== undefined && !/^(?:127\.|localhost)/.test(name))
        named.push({ name, from: { file, line }, weight: 1 });
    }
  }
  const weights = new Map<string, number>();
  for (const { name, weight } of named) if (isPublic(name)) weights.set(name, (weights.get(name) ?? 0) + weight);
  const best = [...weights].sort((a, b) => b[1] - a[1])[0]?.[0];
  const found = named.find(({ name }) => name === best);
  if (found === undefined) return undefined;
  const others = [...weights.keys()].filter((name) => name !== best);
  if (others.length > 0)
    piece.guesses.push({
      about: 'host',
      text: `${found.name} is named most; others: ${others.slice(0, 5).join(', ')}`,
      from: found.from,
    });
  return { name: found.name, from: found.from };
}

/** Collections as the pages run them, else all there are; profiles and scripts that load it. */
export function testsOf(piece: Piece, findings: Findings, steps: readonly ShellStep[]): void {
  const collections = foundOf(findings, 'collection');
  const environments = foundOf(findings, 'environment');
  for (const { act, file, line } of steps) {
    if (act.kind !== 'collection run' || piece.tests.some((test) => test.file === act.collection)) continue;
    const { environment } = act;
    const isThere = environment === undefined || findings.paths.has(environment) || /^https?:\/\//.test(environment);
    if (findings.paths.has(act.collection)) {
      const from = { file, line };
      piece.tests.push({
        file: act.collection,
        environment: isThere ? environment : undefined,
        variables: act.variables,
        from,
      });
      if (!isThere)
        piece.guesses.push({ about: 'tests', text: `left out: ${environment} is not in the repository`, from });
    } else if (collections.length > 0 && !/^https?:/.test(act.collection)) {
      piece.guesses.push({
        about: 'tests',
        text: `left out: ${act.collection} is not in the repository`,
        from: { file, line },
      });
    }
  }
  if (piece.tests.length === 0) {
    const environment = environments.length === 1 ? environments[0]!.file : undefined;
    for (const one of collections)
      piece.tests.push({ file: one.file, environment, variables: [], from: { file: one.file, line: one.line } });
    if (environment !== undefined && collections.length > 0)
      piece.guesses.push({ about: 'tests', text: `${environment} is the only environment`, from: environments[0] });
    if (environments.length > 1 && collections.length > 0)
      piece.guesses.push({
        about: 'tests',
        text: `no environment is taken: there are ${environments.length}`,
        from: environments[0],
      });
  }
  for (const one of foundOf(findings, 'scenario'))
    piece.tests.push({
      file: one.file,
      environment: undefined,
      variables: [],
      from: { file: one.file, line: one.line },
    });
  const testRuns = foundOf(findings, 'manifest').filter(({ objects }) =>
    objects.some(({ apiVersion }) => apiVersion.startsWith('k6.io/')),
  );
  const loading = [
    ...foundOf(findings, 'profile'),
    ...foundOf(findings, 'k6 script'),
    ...foundOf(findings, 'locustfile'),
    ...testRuns,
  ];
  piece.load = loading.map(({ file, line }) => ({ file, line }));
}

/** A name and no address or template; no wildcard, no Service of the cluster, not the name that `helm create` leaves. */
function isPublic(host: string): boolean {
  // A name whose last part is digits is an address, or a price (RFC 1123, 2.1).
  if (!isHostName(host) || /(?:^|\.)\d+$/.test(host)) return false;
  return !host.includes('*') && !/\.svc(?:\.|$)|\.cluster\.local$/.test(host) && host !== 'chart-example.local';
}
