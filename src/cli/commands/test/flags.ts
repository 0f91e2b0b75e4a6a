import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { parseDurationMs } from '../../kernel/duration.js';
import { Failure } from '../../kernel/failure.js';
import type { HttpClientOptions } from '../../kernel/http.js';
import { proxyUrl } from '../../kernel/http-proxy.js';
import type { Context } from '../context/context.js';
import {
  addConnectionOptions,
  type ConnectionOptions,
  connectionPairs,
  readText,
  readTls,
} from '../options/connection-options.js';
import type { TargetOptions } from '../options/target-options.js';

/** What commander gives for the options of `test`. */
export interface TestOptions extends TargetOptions, ConnectionOptions {
  json?: boolean;
  var: Record<string, string>;
  envFile?: string;
  iterationData?: string;
  iterationCount?: number;
  step?: string;
  tag: string[];
  folder: string[];
  bail?: boolean;
  jobs: number;
  watch?: boolean;
  reporters: string[];
  har?: string;
  debug?: boolean;
  suppressExitCode?: boolean;
  environment?: string;
  globals?: string;
  envVar: Record<string, string>;
  globalVar: Record<string, string>;
  delayRequest?: number;
  timeout?: number;
  timeoutRequest?: number;
  timeoutScript?: number;
  ignoreRedirects?: boolean;
  workingDir?: string;
  /** False with --no-insecure-file-read. */
  insecureFileRead?: boolean;
  allowUnixSocket?: boolean;
}

/** Adds the options of `hwctl test`; those of newman keep newman's names. */
export function addTestOptions(command: Command): void {
  addConnectionOptions(command)
    .option('--var <name=value>', 'set a variable (repeatable)', pair, {})
    .option('--env-file <file>', 'variables from a file of NAME=VALUE lines')
    .option('-d, --iteration-data <file>', 'one iteration a row of this CSV or JSON file')
    .option('-n, --iteration-count <n>', 'number of iterations', whole(1, 1_000_000))
    .option('--step <name>', 'report this step only, by its name or :LINE (those before it run unseen)')
    .option('--tag <word>', 'only scenarios or steps with this tag (repeatable)', collect, [])
    .option('--folder <name>', 'only this folder or request of a collection (repeatable)', collect, [])
    .option('--bail', 'end at the first failure')
    .option('-j, --jobs <n>', 'scenarios at a time', whole(1, 64), 1)
    .option('--watch', 'run again whenever a file is saved')
    .option(
      '-r, --reporters <list>',
      'cli, json, junit, tap, html, github; NAME=FILE writes to a file',
      reporterList,
      [],
    )
    .option('--har <file>', 'write all exchanges to a HAR file, secrets masked')
    .option('--debug', 'print every exchange, secrets masked')
    .option('-x, --suppress-exit-code', 'exit 0 also where assertions failed')
    .option('-e, --environment <file>', 'Postman environment')
    .option('-g, --globals <file>', 'Postman globals')
    .option('--env-var <name=value>', 'set a variable of the environment (repeatable)', pair, {})
    .option('--global-var <name=value>', 'set a global variable (repeatable)', pair, {})
    .option('--delay-request <ms>', 'pause between requests', milliseconds)
    .option('--timeout <ms>', 'for a whole collection', milliseconds)
    .option('--timeout-request <ms>', 'for one request', milliseconds)
    .option('--timeout-script <ms>', 'for one script of a collection', milliseconds)
    .option('--ignore-redirects', 'a redirect is the response')
    .option('--working-dir <folder>', 'where a collection’s uploads are; the collection’s folder')
    .option('--no-insecure-file-read', 'send no file from outside of the folder of the scenario or collection')
    .option('--allow-unix-socket', 'let a collection talk to http://unix:SOCKET:PATH');
}

/** What `hwctl test` runs. */
export type FileKind = 'YAML scenario' | 'Postman collection';

interface OneSided {
  flag: string;
  given(options: TestOptions): boolean;
  /** The only kind of file that it means something for. */
  kind: FileKind;
  purpose: string;
  instead: string;
}

const oneSided: OneSided[] = (
  [
    ['-e', 'environment', 'Postman collection', 'is the environment', '--env-file FILE or --var NAME=VALUE'],
    ['-g', 'globals', 'Postman collection', 'is the globals', '--env-file FILE or --var NAME=VALUE'],
    ['--global-var', 'globalVar', 'Postman collection', 'sets a global variable', '--var NAME=VALUE'],
    ['--folder', 'folder', 'Postman collection', 'chooses a folder or request', '--step NAME or --tag WORD'],
    ['--timeout', 'timeout', 'Postman collection', 'bounds the whole run', '--timeout-request MS, for each request'],
    ['--timeout-script', 'timeoutScript', 'Postman collection', 'bounds the scripts', '--timeout-request MS'],
    [
      '--working-dir',
      'workingDir',
      'Postman collection',
      'is the folder of the uploads',
      'paths relative to the scenario',
    ],
    [
      '--allow-unix-socket',
      'allowUnixSocket',
      'Postman collection',
      'is for the sockets',
      'a TCP port, which a scenario can reach',
    ],
    ['--step', 'step', 'YAML scenario', 'chooses a step', '--folder NAME, which takes a request too'],
    ['--tag', 'tag', 'YAML scenario', 'chooses steps by tag', '--folder NAME'],
  ] as const
).map(([flag, key, kind, purpose, instead]) => ({
  flag,
  kind,
  purpose,
  instead,
  given: (options) => {
    const value = options[key];
    return typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined;
  },
}));

const needing = [
  ['--host', 'host', '--url', 'url', '--url URL is the server that this host name is sent to'],
  ...connectionPairs,
] as const;

/** Throws Failure for options that would change nothing: alone without another, or made for the other `kinds` of file. */
export function refuseIgnored(options: TestOptions, kinds: ReadonlySet<FileKind>): void {
  const problems = [
    ...oneSided
      .filter(({ given, kind }) => given(options) && !kinds.has(kind))
      .map(({ flag, kind, purpose, instead }) => {
        const what = [...kinds].join(' and ');
        return { problem: `${flag} ${purpose} of a ${kind}: it means nothing to a ${what}`, cure: `Use ${instead}` };
      }),
    ...needing
      .filter(([, key, , other]) => options[key] !== undefined && options[other] === undefined)
      .map(([flag, , other, , cure]) => ({ problem: `${flag} needs ${other}`, cure })),
  ];
  if (problems.length === 0) return;
  const [first] = problems;
  throw new Failure({
    code: 'ignored-option',
    message: problems.length === 1 ? first!.problem : `${problems.length} options would change nothing`,
    details: problems.length === 1 ? [] : problems.map(({ problem, cure }) => `${problem}. ${cure}`),
    hint: problems.length === 1 ? first!.cure : undefined,
  });
}

function pair(text: string, before: Record<string, string>): Record<string, string> {
  const cut = text.indexOf('=');
  if (cut <= 0) throw new InvalidArgumentError(`${JSON.stringify(text)} is not NAME=VALUE`);
  return { ...before, [text.slice(0, cut)]: text.slice(cut + 1) };
}

function collect(word: string, before: string[]): string[] {
  return [...before, word];
}

function reporterList(text: string, before: string[]): string[] {
  return [...before, ...text.split(',').filter((word) => word !== '')];
}

function whole(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`${JSON.stringify(text)} is not a whole number from ${min} to ${max}`);
  };
}

/** newman's milliseconds, or a duration with its unit. */
function milliseconds(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : parseDurationMs(text, 'duration');
}

/** Variables of `--env-file`, then of `--env-var` and `--var`; later ones win. */
export function givenVariables(options: TestOptions, context: Context): Record<string, string> {
  const file = options.envFile === undefined ? {} : readEnvFile(resolve(context.cwd, options.envFile), options.envFile);
  return { ...file, ...options.envVar, ...options.var };
}

/** NAME=VALUE lines; `#` begins a comment; quotes around a value are taken off, in double quotes \n is a newline. */
function readEnvFile(file: string, shown: string): Record<string, string> {
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  for (const [index, raw] of readText(file, '--env-file', shown).split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value] = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) problems.push(`${shown}:${index + 1}: expected NAME=VALUE`);
    else variables[name] = unquoted(value);
  }
  if (problems.length === 0) return variables;
  const hint = 'Write one NAME=VALUE a line; # begins a comment';
  throw new Failure({ code: 'bad-env-file', message: `${shown} is not an env file`, details: problems, hint });
}

function unquoted(value: string): string {
  const [, double, single] = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?$/.exec(value) ?? [];
  if (double !== undefined) return double.replace(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char));
  return single ?? value.replace(/\s+#.*$/, '');
}

/** TLS and proxies for servers that are not ours. */
export function httpOptions(options: TestOptions, context: Context): HttpClientOptions {
  const { env } = context;
  return {
    ...readTls(options, context),
    httpProxy: proxyOf(env, 'http_proxy'),
    httpsProxy: proxyOf(env, 'https_proxy'),
    noProxy: env.no_proxy || env.NO_PROXY || undefined,
  };
}

/** A proxy of the environment, small letters first, as curl reads it. Throws Failure for what is no URL. */
function proxyOf(env: Context['env'], name: string): string | undefined {
  const upper = name.toUpperCase();
  const key = env[name] ? name : upper;
  const value = env[key];
  if (!value) return undefined;
  try {
    return proxyUrl(value).href;
  } catch (error) {
    throw new Failure({
      code: 'bad-proxy',
      message: `${key}: ${(error as Error).message}`,
      hint: `Write it whole, for example http://proxy.example:3128, or unset ${key}`,
    });
  }
}
