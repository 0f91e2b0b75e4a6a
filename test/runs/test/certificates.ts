import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { echoListener, listening } from '../../scenario/echo-server.js';

/** PEM files: an authority of our own, a server's certificate by it (arch.homework, localhost) and a client's; undefined without openssl. */
export interface Certificates {
  folder: string;
  ca: string;
  cert: string;
  key: string;
  clientCert: string;
  /** Encrypted; its passphrase is `opensesame`. */
  clientKey: string;
}

/** Makes them with openssl, in a folder of their own that the caller removes. */
export function makeCertificates(): Certificates | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const sign = (request: string, out: string, ...more: string[]) =>
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      ...more,
      '-out',
      out,
    );
  try {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=hwctl test',
    );
    openssl('req', ...newKey, '-nodes', '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=arch.homework');
    writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:arch.homework,DNS:localhost,DNS:shop.test');
    sign('request.pem', 'cert.pem', '-extfile', 'names');
    const locked = ['-passout', 'pass:opensesame', '-keyout', 'client-key.pem', '-out', 'client-request.pem'];
    openssl('req', ...newKey, ...locked, '-subj', '/CN=ada');
    sign('client-request.pem', 'client-cert.pem');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const file = (name: string) => join(folder, name);
  return {
    folder,
    ca: file('ca.pem'),
    cert: file('cert.pem'),
    key: file('key.pem'),
    clientCert: file('client-cert.pem'),
    clientKey: file('client-key.pem'),
  };
}

/** The echo server behind TLS; it asks for the client's certificate, and with `only` refuses who has none. Gives its port. */
export function secureEchoServer(t: Test, { ca, cert, key }: Certificates, only = false): Promise<number> {
  const [authorities, chain, secret] = [ca, cert, key].map((path) => readFileSync(path));
  const options = { ca: authorities, cert: chain, key: secret, requestCert: true, rejectUnauthorized: only };
  return listening(t, createServer(options, echoListener()));
}
