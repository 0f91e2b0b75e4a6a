import { resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import type { HttpClientOptions } from '../../kernel/http/http.js';
import { proxyUrl } from '../../kernel/http/http-proxy.js';
import type { Context } from '../context/context.js';
import { type ConnectionOptions, connectionOptions, connectionPairs, readTls } from '../options/connection-options.js';
import { type OptionsOf, option, pairs, repeated, toggle } from '../options/option.js';
import { scenarioOptions } from '../options/scenario-options.js';
import { targetOptions } from '../options/target-options.js';
import { assignment, count, destination, file, folder, milliseconds, name } from '../options/values.js';
import { reporterList, reporterNames } from './reporters.js';

/** The flags of `hwctl test`; those of newman keep newman's names. */
export const testOptions = {
  ...connectionOptions,
  ...scenarioOptions,
  envFile: option('--env-file <file>', 'variables from a file of NAME=VALUE lines', file),
  iterationData: option('-d, --iteration-data <file>', 'one iteration a row of this CSV or JSON file', file),
  iterationCount: option('-n, --iteration-count <n>', 'number of iterations', count(1, 1_000_000, 10)),
  step: option('--step <name>', 'report this step only, by its name or :LINE (those before it run unseen)', name),
  tag: repeated('--tag <word>', 'only scenarios or steps with this tag (repeatable)', name),
  folder: repeated('--folder <name>', 'only this folder or request of a collection (repeatable)', name),
  bail: toggle('--bail', 'end at the first failure'),
  jobs: option('-j, --jobs <n>', 'scenarios at a time', count(1, 64, 4), '1'),
  watch: toggle('--watch', 'run again whenever a file is saved'),
  reporters: repeated(
    '-r, --reporters <list>',
    `${reporterNames.join(', ')}; NAME=FILE writes to a file`,
    reporterList,
  ),
  har: option('--har <file>', 'write all exchanges to a HAR file, secrets masked', destination),
  debug: toggle('--debug', 'print every exchange, secrets masked'),
  suppressExitCode: toggle('-x, --suppress-exit-code', 'exit 0 also where assertions failed'),
  environment: option('-e, --environment <file>', 'Postman environment', file),
  globals: option('-g, --globals <file>', 'Postman globals', file),
  envVar: pairs('--env-var <name=value>', 'set a variable of the environment (repeatable)', assignment),
  globalVar: pairs('--global-var <name=value>', 'set a global variable (repeatable)', assignment),
  delayRequest: option('--delay-request <ms>', 'pause between requests', milliseconds),
  timeout: option('--timeout <ms>', 'for a whole collection', milliseconds),
  timeoutRequest: option('--timeout-request <ms>', 'for one request', milliseconds),
  timeoutScript: option('--timeout-script <ms>', 'for one script of a collection', milliseconds),
  ignoreRedirects: toggle('--ignore-redirects', 'a redirect is the response'),
  workingDir: option('--working-dir <folder>', 'where a collection’s uploads are; the collection’s folder', folder),
  /** False where it is given. */
  insecureFileRead: toggle(
    '--no-insecure-file-read',
    'send no file from outside of the folder of the scenario or collection',
  ),
  allowUnixSocket: toggle('--allow-unix-socket', 'let a collection talk to http://unix:SOCKET:PATH'),
  ...targetOptions,
};

/** What `testOptions` give. */
export type TestOptions = OptionsOf<typeof testOptions> & { json?: boolean };

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

/** Variables of `--env-file`, then of `--env-var` and `--var`; later ones win. */
export function givenVariables(options: TestOptions, context: Context): Record<string, string> {
  const file = options.envFile === undefined ? {} : readEnvFile(resolve(context.cwd, options.envFile), options.envFile);
  return { ...file, ...options.envVar, ...options.var };
}

/** NAME=VALUE lines; `#` begins a comment; quotes around a value are taken off, in double quotes \n is a newline. */
function readEnvFile(file: string, shown: string): Record<string, string> {
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  const text = readText(file, { shown, by: '--env-file', hint: 'Give a file of NAME=VALUE lines' });
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
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
export function httpOptions(options: ConnectionOptions, context: Context): HttpClientOptions {
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
