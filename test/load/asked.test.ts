import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import type { Context } from '../../src/cli/commands/context/context.js';
import { define as defineLoad } from '../../src/cli/commands/load/command.js';
import { makeLoadPlan } from '../../src/cli/commands/load/plan.js';
import { readLoadWords } from '../../src/cli/commands/load/what.js';
import { connectionOptions } from '../../src/cli/commands/options/connection-options.js';
import { noEnds } from '../../src/cli/commands/options/define-command.js';
import { scenarioOptions } from '../../src/cli/commands/options/scenario-options.js';
import { targetOptions } from '../../src/cli/commands/options/target-options.js';
import { define as defineTest } from '../../src/cli/commands/test/command.js';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { Failure } from '../../src/cli/kernel/failure.js';
import { encodeRequest } from '../../src/cli/load/http/request.js';
import { givenOptions } from './given-options.js';

const cwd = mkdtempSync(join(tmpdir(), 'hwctl-asked-'));
t.teardown(() => rmSync(cwd, { recursive: true, force: true }));
const context = { cwd, root: process.cwd(), clock: systemClock, note: () => undefined } as unknown as Context;

const files: Record<string, string> = {
  'other.yaml': 'name: other\nurl: https://127.0.0.1:8443/base\nsteps:\n  - name: a\n    request: GET /a\n',
  'third.yaml': 'name: third\nurl: http://127.0.0.1:8444\nsteps:\n  - name: a\n    request: GET /a\n',
  'mine.yaml': 'url: http://127.0.0.1:8080/base\narrivals: { rate: 5, duration: 1s }\nwork:\n  - request: GET /a\n',
  'flow.yaml': 'arrivals: { rate: 5, duration: 1s }\nwork:\n  - scenario: ./other.yaml\n',
  'two.yaml': 'arrivals: { rate: 5, duration: 1s }\nwork:\n  - scenario: ./other.yaml\n  - scenario: ./third.yaml\n',
  'headers.yaml':
    'url: http://h.test\narrivals: { rate: 5, duration: 1s }\nwork:\n  - request: { request: GET /a, headers: { x-a: "0", X-B: [b, c] } }\n',
  'collection.json': '{"info":{"name":"x"},"item":[]}',
  'site.har': '{"log":{"entries":[]}}',
  'openapi.json': '{"openapi":"3.1.0","paths":{}}',
  'openapi.yaml': 'openapi: 3.1.0\npaths: {}\n',
  'result.json': '{"schema":"hwctl.dev/load-result/v1"}',
  'script.js': 'export default function () {}',
  'locustfile.py': 'from locust import HttpUser',
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);

async function planOf(profile: string | undefined, given: Record<string, string | string[]> = {}) {
  return (await makeLoadPlan(profile, givenOptions(given, context), context)).plan;
}

async function failureOf(attempt: () => unknown): Promise<Failure> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

t.test('a load goes to --url, else where the profile says, else where its scenario says', async (t) => {
  const table: [string, string | undefined, Record<string, string>, string][] = [
    ['a scenario’s own', undefined, { scenario: './other.yaml' }, 'https://127.0.0.1:8443/base'],
    ['a profile’s own', './mine.yaml', {}, 'http://127.0.0.1:8080/base'],
    ['of a profile’s scenario', './flow.yaml', {}, 'https://127.0.0.1:8443/base'],
    ['--url before a scenario’s', undefined, { scenario: './other.yaml', url: 'http://h.test/' }, 'http://h.test'],
    ['--url before a profile’s', './mine.yaml', { url: 'http://h.test' }, 'http://h.test'],
    ['--url settles it', './two.yaml', { url: 'http://h.test' }, 'http://h.test'],
  ];
  for (const [what, profile, given, url] of table) t.equal((await planOf(profile, given)).endpoint.url, url, what);
  t.equal((await planOf('./mine.yaml')).name, 'mine', 'a profile without a name is called after its file');
  const { code, details } = await failureOf(() => planOf('./two.yaml'));
  t.equal(code, 'two-servers');
  t.equal(details?.length, 2);
});

t.test('a header is sent as often as it is given, and takes the place of the profile’s', async (t) => {
  const sent = async (profile: string | undefined, header: string[]) => {
    const [work] = (await planOf(profile, { header, ...(profile === undefined ? { url: 'http://h.test/a' } : {}) }))
      .work;
    const request = work!.kind === 'requests' ? work!.requests[0]! : undefined;
    const bytes = encodeRequest({ method: 'GET', target: '/', host: 'h', headers: request!.headers });
    return bytes
      .toString()
      .split('\r\n')
      .filter((line) => /^x-/i.test(line));
  };
  t.same(await sent(undefined, ['X-A: 1', 'X-A: 2', 'x-a: 3']), ['X-A: 1', 'X-A: 2', 'X-A: 3']);
  t.same(await sent('./headers.yaml', []), ['x-a: 0', 'X-B: b', 'X-B: c']);
  t.same(await sent('./headers.yaml', ['X-A: 1', 'X-A: 2']), ['X-B: b', 'X-B: c', 'X-A: 1', 'X-A: 2']);
  t.throws(() => encodeRequest({ method: 'GET', target: '/', host: 'h', headers: { a: ['1', '2\r\nb: 3'] } }));
});

t.test('the words of hwctl load: a URL, a profile, both, or what was meant', async (t) => {
  const read = (words: string[], given = {}) => readLoadWords(words, given, context);
  t.same(read([]), { profile: undefined, url: undefined });
  t.same(read(['http://h.test/a']), { profile: undefined, url: 'http://h.test/a' });
  t.same(read(['steady']), { profile: 'steady', url: undefined });
  t.same(read(['steady', 'https://h.test']), { profile: 'steady', url: 'https://h.test' });
  t.same(read(['./mine.yaml'], { url: 'http://h.test' }), { profile: './mine.yaml', url: 'http://h.test' });
  t.same(read([], { profile: 'steady', target: 'minikube' }), { profile: undefined, url: undefined });
  t.same(read([], { profile: 'my-cluster', target: 'auto' }), { profile: undefined, url: undefined });
  t.same(read(['script.js']), { script: 'script.js', url: undefined });
  t.same(read(['collection.json']), { collection: 'collection.json', url: undefined });
  t.same(read(['locustfile.py']), { locust: 'locustfile.py', url: undefined });
  const refused: [string[], object, string, RegExp][] = [
    [['./site.har'], {}, 'a recording of a browser', /scenario import/],
    [['openapi.json'], {}, 'an OpenAPI document', /scenario import/],
    [['openapi.yaml'], {}, 'an OpenAPI document', /scenario import/],
    [['other.yaml'], {}, 'a scenario', /hwctl load --scenario other\.yaml/],
    [['result.json'], {}, 'the result of a load', /load compare/],
    [['127.0.0.1:8080/a'], {}, 'its scheme', /hwctl load http:\/\/127\.0\.0\.1:8080\/a/],
    [['localhost:8080'], {}, 'its scheme', /hwctl load http:\/\/localhost:8080/],
    [['shop.test/a?token=S3CRET'], {}, 'its scheme', /http:\/\/shop\.test\/a/],
    [['http://a.test', 'http://b.test'], {}, '2 servers', /hwctl load URL/],
    [['http://a.test'], { url: 'http://b.test' }, '2 servers', /hwctl load URL/],
    [['steady', 'spike'], {}, '2 profiles', /hwctl load PROFILE/],
    [[], { profile: 'steady', target: 'auto' }, 'names a cluster', /^hwctl load steady$/],
    [[], { profile: 'mine.yaml', target: 'auto' }, 'names a cluster', /^hwctl load mine\.yaml$/],
  ];
  for (const [words, given, message, hint] of refused) {
    const failure = await failureOf(() => read(words, given));
    t.ok(failure.message.includes(message), `${words.join(' ')}: ${failure.message}`);
    t.match(failure.hint ?? '', hint);
    t.notMatch(failure.message + failure.hint, /S3CRET/);
  }
});

t.test('what test and load say alike is one definition', async (t) => {
  const optionsOf = (define: typeof defineTest) => {
    const command = new Command();
    define(command, context, noEnds);
    return new Map(command.options.map((option) => [option.flags, option.description]));
  };
  const shared = new Map(
    Object.values({ ...connectionOptions, ...scenarioOptions }).map(({ flags, what }) => [flags, what]),
  );
  const [test, load] = [optionsOf(defineTest), optionsOf(defineLoad)];
  for (const [flags, description] of shared) {
    t.equal(test.get(flags), description, flags);
    t.equal(load.get(flags), description, flags);
  }
  // One word for two things is newman's and curl's -d, newman's and k6's -e, and newman's --timeout, which is of a whole collection.
  const both = [...test.keys()].flatMap((flags) => flags.split(/[ ,]+/)).filter((word) => word.startsWith('-'));
  const words = new Set([...load.keys()].flatMap((flags) => flags.split(/[ ,]+/)));
  const known = new Set([...shared.keys()].flatMap((flags) => flags.split(/[ ,]+/)));
  const target = new Set(Object.values(targetOptions).flatMap(({ flags }) => flags.split(/[ ,]+/)));
  // What a collection takes is called alike, and each says what it does with it.
  const ofCollections = ['--iteration-data', '--folder', '--globals', '--env-var', '--global-var'];
  t.same(
    ofCollections.filter((word) => !both.includes(word) || !words.has(word)),
    [],
  );
  for (const word of ofCollections) known.add(word);
  t.same(
    both.filter((word) => words.has(word) && !known.has(word) && !target.has(word)),
    ['-d', '-e', '--timeout'],
  );
});
