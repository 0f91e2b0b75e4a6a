import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Failure } from '../../kernel/failure.js';
import { shownUrl } from '../../kernel/secrets.js';
import type { TlsOptions } from '../../kernel/tls.js';
import type { Context } from '../context/context.js';

/** What commander gives for the options of `addConnectionOptions`. */
export interface ConnectionOptions {
  url?: string;
  host?: string;
  insecure?: boolean;
  sslExtraCaCerts?: string;
  sslClientCert?: string;
  sslClientKey?: string;
  sslClientPassphrase?: string;
}

/**
 * Adds what says whose server is asked and whom to trust: the same for `test` and `load`, in curl's words, with newman's
 * long names beside them.
 */
export function addConnectionOptions(command: Command): Command {
  return command
    .option('--url <url>', 'ask this server instead of what is up', (text: string) => parseHttpUrl(text) && text)
    .option('--host <name>', 'the Host header, where it differs from the URL’s host')
    .option('-k, --insecure', 'accept any certificate')
    .option('--cacert, --ssl-extra-ca-certs <file>', 'trust these certificate authorities (PEM)')
    .option('--cert, --ssl-client-cert <file>', 'client certificate (PEM)')
    .option('--key, --ssl-client-key <file>', 'its private key (PEM)')
    .option('--passphrase, --ssl-client-passphrase <text>', 'passphrase of the key');
}

/** An absolute http or https URL. Throws Failure `bad-url` that names the flag. */
export function parseHttpUrl(text: string, flag = '--url', example = 'http://127.0.0.1:8080/health'): URL {
  const fail = (what: string): Failure =>
    new Failure({
      code: 'bad-url',
      message: `${flag}: ${JSON.stringify(shownUrl(text))} ${what}`,
      hint: `For example ${flag} ${example}`,
    });
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw fail('has no scheme');
  if (!URL.canParse(text)) throw fail('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw fail(`is ${url.protocol.slice(0, -1)}, not http or https`);
  return url;
}

/** Pairs of options of which the first means nothing without the second: flag, key, other flag, its key, the cure. */
export const connectionPairs = [
  ['--cert', 'sslClientCert', '--key', 'sslClientKey', '--key FILE is the private key of the certificate'],
  ['--key', 'sslClientKey', '--cert', 'sslClientCert', '--cert FILE is the certificate of the key'],
  ['--passphrase', 'sslClientPassphrase', '--key', 'sslClientKey', '--key FILE is what the passphrase opens'],
] as const;

/** What the options say of TLS. Throws Failure for a file that cannot be read or holds no certificate or key. */
export function readTls(options: ConnectionOptions, { cwd }: Pick<Context, 'cwd'>): TlsOptions {
  const pem = (file: string | undefined, option: string, what: RegExp) => {
    if (file === undefined) return undefined;
    const text = readText(resolve(cwd, file), option, file);
    if (what.test(text)) return text;
    throw new Failure({
      code: 'bad-certificate',
      message: `${option}: ${file} is not a PEM file with a ${option === '--key' ? 'private key' : 'certificate'}`,
      hint: 'PEM begins with -----BEGIN; openssl x509 -inform der -in FILE makes it of DER',
    });
  };
  const certificate = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/;
  return {
    insecure: options.insecure,
    ca: pem(options.sslExtraCaCerts, '--cacert', certificate),
    cert: pem(options.sslClientCert, '--cert', certificate),
    key: pem(options.sslClientKey, '--key', /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/),
    passphrase: options.sslClientPassphrase,
  };
}

/** The text of a file that an option names. Throws Failure `unreadable`. */
export function readText(file: string, option: string, shown: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure({
      code: 'unreadable',
      message: `${option}: ${shown} cannot be read: ${(error as Error).message}`,
      hint: 'Give the path of a file that is there',
      cause: error,
    });
  }
}
