import fc from 'fast-check';
import t from 'tap';
import type { Context } from '../../src/cli/commands/context/context.js';
import { formatFailure, withoutSecrets } from '../../src/cli/commands/context/failure-text.js';
import { maskedCommandLine } from '../../src/cli/commands/load/command-line.js';
import { peerSummary } from '../../src/cli/commands/load/out.js';
import { makeLoadPlan } from '../../src/cli/commands/load/plan.js';
import { shownPlan } from '../../src/cli/commands/load/shown.js';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { Failure } from '../../src/cli/kernel/failure.js';
import { shownUrl } from '../../src/cli/kernel/secrets.js';
import { traitsOf } from '../../src/cli/load/arrivals/models.js';
import { Histogram } from '../../src/cli/load/memory/histogram.js';
import { type LoadPlan, planSteps } from '../../src/cli/load/plan/plan.js';
import { htmlReport } from '../../src/cli/report/load/html.js';
import { layoutNames } from '../../src/cli/report/load/layouts/layouts.js';
import { loadSummary } from '../../src/cli/report/load/summary.js';
import { recordLine } from '../../src/cli/report/load/table-files.js';
import { headingLine } from '../../src/cli/report/load/text.js';
import { headingOf } from '../../src/cli/report/load/words.js';
import { latency, resultOf, running } from '../report/fixtures.js';
import { givenOptions } from './given-options.js';

const seed = 20_260_701;
const context = {
  cwd: '/',
  root: process.cwd(),
  clock: systemClock,
  color: false,
  note: () => undefined,
} as unknown as Context;

// Whatever is between the two ends, neither of them may be seen.
const [head, tail] = ['S3CR', 'T41L'];
const anything = fc.string({ unit: 'binary', maxLength: 12 }).map((middle) => `${head}${middle}${tail}`);
const oneLine = anything.map((text) => text.replace(/[\r\n\0]/g, ''));
const inQuery = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .map((middle) => `${head}${encodeURIComponent(middle)}${tail}`);

const secretParameters = [
  'api_key',
  'apikey',
  'token',
  'access_token',
  'password',
  'client_secret',
  'sig',
  'key',
  'api%5Fkey',
  'X-Amz-Signature',
];
const secretHeaders = ['Authorization', 'Proxy-Authorization', 'X-Api-Key', 'Cookie', 'x-auth-token', 'Client-Secret'];

function seen(text: string): boolean {
  return text.includes(head) || text.includes(tail);
}

async function planOf(given: Record<string, string | string[]>): Promise<{ plan: LoadPlan }> {
  return makeLoadPlan(undefined, givenOptions(given, context), context);
}

/** All that a run of this plan prints and writes, by the name of the output. */
async function outputs(plan: LoadPlan, words: string[]): Promise<Record<string, string>> {
  const heading = headingOf(plan, traitsOf(plan.arrivals));
  const empty = new Histogram().encode();
  const steps = planSteps(plan).map((step) => ({
    step,
    count: 1,
    ok: 1,
    failed: 0,
    response: latency(1),
    service: latency(1),
  }));
  const result = {
    ...resultOf(running),
    name: plan.name,
    url: shownUrl(plan.endpoint.url),
    steps: [...steps, ...steps],
    histograms: { response: empty, service: empty, startLag: empty },
  };
  const record = { dueUs: 0, sentUs: 0, firstByteUs: 0, doneUs: 0, step: 0, status: 200, bytes: 1 };
  const peers = layoutNames.map(async (name) => [name, await peerSummary(name, result, plan)]);
  return {
    'command line': maskedCommandLine(words).join(' '),
    'dry run': JSON.stringify(shownPlan(plan)),
    'heading line': headingLine(heading),
    heading: JSON.stringify(heading),
    summary: loadSummary(result, heading, { color: false, columns: 200 }),
    json: JSON.stringify(result),
    ndjson: recordLine(record, planSteps(plan)),
    html: htmlReport(result, heading),
    ...Object.fromEntries(await Promise.all(peers)),
  };
}

/** What a refusal says, as text and with --json; undefined where nothing was refused. */
async function refusal(attempt: () => unknown): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { message, hint, details } = withoutSecrets(error);
    return `${formatFailure(error, { color: false })}\n${JSON.stringify({ message, hint, details })}`;
  }
}

t.test('a secret in query, header or body is in no output of a load', async (t) => {
  const given = fc.record({
    parameter: fc.constantFrom(...secretParameters),
    header: fc.constantFrom(...secretHeaders),
    inQuery,
    inHeader: oneLine,
    inBody: anything,
    asPath: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(given, async ({ parameter, header, inQuery, inHeader, inBody, asPath }) => {
      const query = `/p;token=${inQuery}?a=1&${parameter}=${inQuery}&b=2`;
      const given = {
        ...(asPath
          ? { url: 'http://h.test/base', path: query }
          : { url: `http://h.test${query}#${parameter}=${inQuery}` }),
        header: [`${header}: ${inHeader}`],
        body: JSON.stringify({ password: inBody, deep: [{ api_key: inBody }] }),
      };
      const { plan } = await planOf(given);
      const words = Object.entries(given).flatMap(([name, value]) => [
        `--${name}=${value}`,
        `--${name}`,
        String(value),
      ]);
      const request = plan.work[0]!.kind === 'requests' ? plan.work[0]!.requests[0]! : undefined;
      // What is sent is what was given.
      if (!seen(request!.path) || !seen(String(request!.headers![header])) || !seen(request!.body!)) return false;
      for (const [name, text] of Object.entries(await outputs(plan, words)))
        if (seen(text)) throw new Error(`${name}: ${text.slice(0, 2000)}`);
      return true;
    }),
    { seed, numRuns: 60 },
  );
  t.end();
});

t.test('a refusal does not repeat what it refuses where that may be a secret', async (t) => {
  const hosts = ['h.test', 'h.test:80', '[::1]:80', 'h.test:port', '', ' h', 'h.test/a b', 'h.test/x?y=z@w'];
  const schemes = ['http://', 'https://', 'HTTP://', 'http:', 'http:/', 'ftp://', '', '//', 'http:\\\\'];
  const places: ((secret: string, scheme: string, host: string) => () => unknown)[] = [
    (secret, scheme, host) => () => planOf({ url: `${scheme}me:${secret}@${host}` }),
    (secret, scheme, host) => () => planOf({ url: `${scheme}${secret.replaceAll(':', '')}@${host}` }),
    (secret, scheme, host) => () => planOf({ url: `${scheme}${host} ?api_key=${secret}` }),
    (secret, scheme, host) => () => planOf({ push: `${scheme}me:${secret}@${host}` }),
    (secret, _, host) => () => planOf({ url: 'http://h.test/', host: `me:${secret}@${host}` }),
    (secret, scheme, host) => () => planOf({ url: 'http://h.test/', resolve: `${scheme}me:${secret}@${host}` }),
    (secret, _, host) => () => planOf({ url: 'http://h.test/', path: `${host} x?token=${secret}` }),
    (secret) => () => planOf({ url: 'http://h.test/', header: [`Authorization Bearer ${secret}`.replaceAll(':', '')] }),
    (secret) => () =>
      planOf({ url: 'http://h.test/', header: ['A: b', `Authorization: ${secret}\r\n`.replace(/$/, 'x\r\ny')] }),
  ];
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...places),
      anything.map((text) => text.replaceAll('&', '').replaceAll('#', '')),
      fc.constantFrom(...schemes),
      fc.constantFrom(...hosts),
      async (place, secret, scheme, host) => {
        const said = await refusal(place(secret, scheme, host));
        if (said === undefined) return;
        refused++;
        if (seen(said)) throw new Error(said);
      },
    ),
    { seed, numRuns: 600 },
  );
  t.ok(refused > 400, `${refused} of 600 were refused`);
});
