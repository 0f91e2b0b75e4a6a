import { resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import type { TlsOptions } from '../../kernel/http/tls.js';
import type { Context } from '../context/context.js';
import { type OptionsOf, option, toggle } from './option.js';
import { file, host, text, url } from './values.js';

/**
 * Whose server is asked and whom to trust: the same for `test` and `load`, in curl's words, with newman's long names beside
 * them.
 */
export const connectionOptions = {
  url: option('--url <url>', 'ask this server instead of what is up', url),
  host: option('--host <name>', 'the Host header, where it differs from the URL’s host', host),
  insecure: toggle('-k, --insecure', 'accept any certificate'),
  sslExtraCaCerts: option('--cacert, --ssl-extra-ca-certs <file>', 'trust these certificate authorities (PEM)', file),
  sslClientCert: option('--cert, --ssl-client-cert <file>', 'client certificate (PEM)', file),
  sslClientKey: option('--key, --ssl-client-key <file>', 'its private key (PEM)', file),
  sslClientPassphrase: option('--passphrase, --ssl-client-passphrase <text>', 'passphrase of the key', text),
};

/** What `connectionOptions` give. */
export type ConnectionOptions = OptionsOf<typeof connectionOptions>;

/** Pairs of options of which the first means nothing without the second: flag, key, other flag, its key, the cure. */
export const connectionPairs = [
  ['--cert', 'sslClientCert', '--key', 'sslClientKey', '--key FILE is the private key of the certificate'],
  ['--key', 'sslClientKey', '--cert', 'sslClientCert', '--cert FILE is the certificate of the key'],
  ['--passphrase', 'sslClientPassphrase', '--key', 'sslClientKey', '--key FILE is what the passphrase opens'],
] as const;

const pemHint = 'Give the path of a PEM file: it begins with -----BEGIN';

/** What the options say of TLS. Throws Failure for a file that cannot be read or holds no certificate or key. */
export function readTls(options: ConnectionOptions, { cwd }: Pick<Context, 'cwd'>): TlsOptions {
  const pem = (file: string | undefined, option: string, what: RegExp) => {
    if (file === undefined) return undefined;
    const text = readText(resolve(cwd, file), { shown: file, by: option, hint: pemHint, latin: true });
    if (what.test(text)) return text;
    throw new Failure({
      code: 'bad-certificate',
      message: `${option}: ${file} is not a PEM file with a ${option === '--key' ? 'private key' : 'certificate'}`,
      hint: `${pemHint}; openssl x509 -inform der -in FILE makes one of DER`,
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
