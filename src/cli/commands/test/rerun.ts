import type { FileKind, TestOptions } from './flags.js';

/**
 * The options that decide what a run does, again as words: a printed command that runs one step must run it as it was run.
 * The passphrase of a key is left out: it belongs into no report.
 */
export function rerunOptions(options: TestOptions, kind: FileKind): string[] {
  const words: string[] = [];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) words.push(name, String(value));
  };
  const pairs = (name: string, given: Record<string, string>) => {
    for (const [key, value] of Object.entries(given)) add(name, `${key}=${value}`);
  };
  add('--url', options.url);
  add('--host', options.host);
  if (options.url === undefined && options.target !== 'auto') add('--target', options.target);
  add('--context', options.context);
  add('--profile', options.profile);
  const ofPostman = kind === 'Postman collection';
  if (ofPostman) add('-e', options.environment);
  if (ofPostman) add('-g', options.globals);
  add('-d', options.iterationData);
  add('--env-file', options.envFile);
  pairs('--env-var', options.envVar);
  if (ofPostman) pairs('--global-var', options.globalVar);
  pairs('--var', options.var);
  if (options.insecure) words.push('--insecure');
  add('--cacert', options.sslExtraCaCerts);
  add('--cert', options.sslClientCert);
  add('--key', options.sslClientKey);
  add('--timeout-request', options.timeoutRequest);
  if (options.ignoreRedirects) words.push('--ignore-redirects');
  if (ofPostman) add('--working-dir', options.workingDir);
  if (options.insecureFileRead === false) words.push('--no-insecure-file-read');
  if (ofPostman && options.allowUnixSocket) words.push('--allow-unix-socket');
  return words;
}
