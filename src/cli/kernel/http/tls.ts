import { createSecureContext, rootCertificates } from 'node:tls';
import { Failure } from '../failure.js';

/** Whom to trust, and who we are: for TLS connections. */
export interface TlsOptions {
  /** Accept any certificate. */
  insecure?: boolean;
  /** PEM text of certificate authorities to trust beside the system's. */
  ca?: string;
  /** PEM text of the client's certificate, its key and the key's passphrase (mutual TLS). */
  cert?: string;
  key?: string;
  passphrase?: string;
}

/**
 * What `tls.connect` is told: one context for all connections, as making one takes milliseconds. The name asked for (SNI) is
 * that of the Host header. Throws Failure for a certificate, key or passphrase that cannot be used.
 */
export function tlsOptions({ insecure, ca, cert, key, passphrase }: TlsOptions) {
  const own = ca !== undefined || cert !== undefined || key !== undefined;
  try {
    const authorities = ca === undefined ? undefined : [...rootCertificates, ca];
    const secureContext = own ? createSecureContext({ ca: authorities, cert, key, passphrase }) : undefined;
    return { rejectUnauthorized: insecure !== true, secureContext };
  } catch (error) {
    throw new Failure({
      code: 'bad-certificate',
      message: `the certificates given cannot be used: ${(error as Error).message}`,
      hint: 'Check the authorities, the certificate, its key and the passphrase: PEM files, and the passphrase of that key',
      cause: error,
    });
  }
}
