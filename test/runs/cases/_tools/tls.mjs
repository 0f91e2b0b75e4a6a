// node tls.mjs FOLDER (of certificates and keys): TLS servers on 127.7.7.7: 21202 an expired certificate, 21205 HTTP/2 only, 21207 picks the certificate by SNI (good.test)
import https from 'node:https'; import http2 from 'node:http2'; import tls from 'node:tls'; import { readFileSync } from 'node:fs'; import { join } from 'node:path';
const k = (n) => ({ cert: readFileSync(join(process.argv[2], `${n}.pem`)), key: readFileSync(join(process.argv[2], `${n}.key`)) });
const h = (q, r) => r.end('hello');
https.createServer(k('expired'), h).listen(21202, '127.7.7.7');
http2.createSecureServer({ ...k('good'), allowHTTP1: false }, h).listen(21205, '127.7.7.7');
https.createServer({ ...k('other'), SNICallback: (n, cb) => cb(null, tls.createSecureContext(k(n === 'good.test' ? 'good' : 'other'))) }, h).listen(21207, '127.7.7.7');
console.log('tls');
