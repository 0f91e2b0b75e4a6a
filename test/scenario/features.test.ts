// The table of the format: every keyword and operator that the published JSON Schema knows has an example that passes and
// one that fails or is refused, with what is said about it.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';
import { Failure } from '../../src/cli/kernel/failure.js';
import { matchGolden, root } from '../golden.js';
import { checks } from './checks.js';
import { echoServer } from './echo-server.js';
import { features } from './features.js';
import { runText, type TextRun } from './run-text.js';
import { SchemaKeywords } from './schema-keywords.js';

/** Runs an example; what is wrong with a file that is refused, as text. */
async function outcome(yaml: string, url: string): Promise<TextRun | string> {
  const placed = yaml.replaceAll('{{server}}', url);
  const endpoint = placed.includes('\nurl: http') ? undefined : { url };
  const fault = async ({ kind, service }: { kind: string; service: string }) => {
    if (service !== 'orders')
      throw new Failure({ code: 'no-service', message: `cannot ${kind} ${service}: no such service` });
  };
  try {
    return await runText(placed, url, { endpoint, fault });
  } catch (error) {
    return (error as Error).message;
  }
}

/** What a report says beyond the lines of the run: nothing that differs from run to run. */
function steady(report: string, url: string): string {
  return report
    .replaceAll(url, 'http://server')
    .replace(/^.*TABLE\n*/m, '')
    .replace(/(Host|Date|Content-Type: multipart[^\n]*boundary=|Keep-Alive|User-Agent)(: )?.*/gi, '$1 ...')
    .replace(/hwctl-[0-9a-f-]{36}/g, 'BOUNDARY')
    .replace(/\d+ of \d+ bytes/g, 'M of N bytes')
    .replace(/127\.0\.0\.1:\d+/g, 'server')
    .replace(/^ +[<>] .*\n/gm, '');
}

t.test('every feature has an example that passes and one that fails', async (t) => {
  const lines: string[] = [];
  for (const { feature, passes, fails } of features) {
    const good = await outcome(passes, await echoServer(t));
    const url = await echoServer(t);
    const bad = await outcome(fails, url);
    if (typeof good === 'string') t.fail(`${feature}: refused: ${good}`);
    else t.ok(good.result.passed, `${feature} passes`, { report: good.report });
    if (typeof bad !== 'string') t.notOk(bad.result.passed, `${feature} fails`, { report: bad.report });
    lines.push(
      `=== ${feature}: fails`,
      fails.trimEnd(),
      '---',
      steady(typeof bad === 'string' ? bad : bad.report, url).trim(),
      '',
    );
  }
  matchGolden(t, 'scenario/features', `${lines.join('\n')}\n`);
});

t.test('no keyword and no operator of the JSON Schema is without such examples', async (t) => {
  const schema = JSON.parse(readFileSync(`${root}schemas/scenario.schema.json`, 'utf8')) as Record<string, unknown>;
  const keywords = new SchemaKeywords(schema);
  const passing = new Set<string>();
  const failing = new Set<string>();
  const asFile = (request: string, condition: string) =>
    parse(
      `name: x\nsteps: [{ request: ${request}, check: [{ name: c, ${condition} }], until: { within: 1s, is: { ${condition} } } }]`,
    ) as unknown;
  for (const [, request, holds, fails] of checks) {
    keywords.use(asFile(request, holds), passing);
    keywords.use(asFile(request, fails), failing);
  }
  for (const { passes, fails } of features) {
    keywords.use(parse(passes), passing);
    keywords.use(parse(fails), failing);
  }
  t.ok(keywords.all.size > 150, `${keywords.all.size} keywords`);
  t.same(
    [...keywords.all].filter((name) => !passing.has(name)),
    [],
    'without an example that passes',
  );
  t.same(
    [...keywords.all].filter((name) => !failing.has(name)),
    [],
    'without an example that fails',
  );
  t.same(
    [...passing, ...failing].filter((name) => !keywords.all.has(name)),
    [],
    'found, but unknown to the list',
  );
});

t.test('a new keyword without an example is noticed', async (t) => {
  const keywords = new SchemaKeywords({
    type: 'object',
    properties: { a: {}, b: { type: 'object', properties: { c: {} } } },
  });
  const used = new Set<string>();
  keywords.use({ a: 1, b: {} }, used);
  t.same([...keywords.all], ['file.a', 'file.b', 'b.c']);
  t.same([...used], ['file.a', 'file.b']);
});
