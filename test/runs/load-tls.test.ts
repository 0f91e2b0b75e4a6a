import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import type { LoadResult } from '../../src/cli/load/measure/metrics.js';
import { type CliRun, hwctl } from '../golden.js';

t.setTimeout(300_000);

interface Certificates {
  folder: string;
  ca: string;
  key: string;
  cert: string;
}

/** An authority of our own and a certificate of it for `arch.homework`, made with openssl; undefined where there is none. */
function makeCertificates(): Certificates | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-tls-'));
  const [ca, key, cert] = ['ca.pem', 'key.pem', 'cert.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', ca, '-days', '2', '-subj', '/CN=hwctl test');
    openssl('req', ...newKey, '-keyout', key, '-out', 'request.pem', '-subj', '/CN=arch.homework');
    writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:arch.homework');
    const signed = ['x509', '-req', '-in', 'request.pem', '-CA', ca, '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl(...signed, '-days', '2', '-extfile', 'names', '-out', cert);
    return { folder, ca, key, cert };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

interface Seen {
  port: number;
  /** Server names, protocols and whether the session was an earlier one's, by connection. */
  names: Set<string>;
  protocols: Set<string>;
  reused: number;
  connections: number;
}

async function secureServer(t: Test, { key, cert }: Certificates, keepAlive: boolean): Promise<Seen> {
  const seen: Seen = { port: 0, names: new Set(), protocols: new Set(), reused: 0, connections: 0 };
  const options = { key: readFileSync(key), cert: readFileSync(cert), ALPNProtocols: ['h2', 'http/1.1'] };
  const server = https.createServer(options, (_, response) => {
    if (!keepAlive) response.setHeader('Connection', 'close');
    response.end('Hello from hwctl!');
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    seen.connections++;
    seen.names.add(String((socket as TLSSocket & { servername?: string | false }).servername || 'none'));
    seen.protocols.add(String(socket.alpnProtocol));
    if (socket.isSessionReused()) seen.reused++;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  seen.port = (server.address() as AddressInfo).port;
  return seen;
}

const certificates = makeCertificates();
const skip = certificates === undefined ? 'openssl is not installed' : false;
t.teardown(() => certificates && rmSync(certificates.folder, { recursive: true, force: true }));

const load = ['load', '--requests', '40', '--concurrency', '4', '--json', '--quiet', '--threshold', 'error_rate<1%'];

function allGood(t: Test, run: CliRun): LoadResult {
  t.match(String(run.exitCode), /^[03]$/, run.stderr);
  const result = JSON.parse(run.stdout) as LoadResult;
  t.equal(result.ok, 40);
  t.same(result.errors, {});
  return result;
}

t.test('--cacert trusts an authority of one’s own, and the name asked for is sent (SNI)', { skip }, async (t) => {
  const seen = await secureServer(t, certificates!, true);
  const at = ['--url', `https://arch.homework:${seen.port}/`, '--resolve', `arch.homework:${seen.port}:127.0.0.1`];
  const result = allGood(t, await hwctl([...load, ...at, '--cacert', certificates!.ca]));
  t.same([...seen.names], ['arch.homework']);
  t.same([...seen.protocols], ['http/1.1'], 'no protocol is offered that the engine does not speak');
  t.ok(result.timingsMs.tls.count > 0, 'the handshakes are timed');
  t.ok(result.timingsMs.tls.max > 0);
});

t.test('a session is used again where the server closes connections', { skip }, async (t) => {
  const seen = await secureServer(t, certificates!, false);
  const at = ['--url', `https://arch.homework:${seen.port}/`, '--resolve', `arch.homework:${seen.port}:127.0.0.1`];
  allGood(t, await hwctl([...load, ...at, '--cacert', certificates!.ca]));
  t.ok(seen.connections >= 40, `${seen.connections} connections`);
  t.ok(seen.reused > 0, `${seen.reused} of ${seen.connections} sessions were used again`);
});

t.test('--insecure takes any certificate; an address has no name to send', { skip }, async (t) => {
  const seen = await secureServer(t, certificates!, true);
  allGood(t, await hwctl([...load, '--url', `https://127.0.0.1:${seen.port}/`, '--insecure']));
  t.same([...seen.names], ['none']);
});

t.test('without either, and for another name, the cause and the cure are told before any load', { skip }, async (t) => {
  const seen = await secureServer(t, certificates!, true);
  const unknown = await hwctl([...load, '--url', `https://127.0.0.1:${seen.port}/`]);
  t.equal(unknown.exitCode, 2);
  t.match(unknown.stderr, /certificate/);
  t.match(unknown.stderr, /--cacert/);
  t.match(unknown.stderr, /--insecure/);
  const at = ['--url', `https://other.test:${seen.port}/`, '--resolve', `other.test:${seen.port}:127.0.0.1`];
  const other = await hwctl([...load, ...at, '--cacert', certificates!.ca]);
  t.equal(other.exitCode, 2);
  t.match(other.stderr, /other\.test/);
  t.match(other.stderr, /arch\.homework/, 'the certificate’s own name');
});
