import t from 'tap';
import { tlsTrouble } from '../../../src/cli/load/http/tls-trouble.js';

t.test('each fault of TLS has its own cause and cure', async (t) => {
  const table: [code: string, cause: RegExp, cure: RegExp][] = [
    ['CERT_HAS_EXPIRED', /expired/, /Renew/],
    ['CERT_NOT_YET_VALID', /not valid yet/, /clocks/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /self-signed/, /--cacert/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /authority/, /--cacert/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /authority/, /--cacert/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /authority/, /--cacert/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /another name/, /--resolve/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/, /http:\/\//],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', /does not speak TLS/, /http:\/\//],
    ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', /HTTP\/2/, /HTTP\/1\.1/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /asks for a certificate/, /--cert FILE/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /refuses the certificate of the client/, /--cert FILE/],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', /refuses the certificate of the client/, /--cert FILE/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /version of TLS/, /TLS 1\.2/],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', /version of TLS/, /TLS 1\.2/],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', /cipher/, /ciphers/],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', /no certificate for the name/, /--resolve/],
  ];
  for (const [code, cause, cure] of table) {
    const trouble = tlsTrouble(Object.assign(new Error(code), { code }));
    t.match(trouble?.cause, cause, code);
    t.match(trouble?.cure, cure, code);
    const raw = `0:error:0A000000:SSL routines:ssl3_read_bytes:${code.replace('ERR_SSL_', '').toLowerCase().replaceAll('_', ' ')}:x.c:1:`;
    if (code.startsWith('ERR_SSL'))
      t.match(tlsTrouble(Object.assign(new Error(raw), { code: 'EPROTO' }))?.cause, cause, 'as OpenSSL writes it');
  }
  t.equal(tlsTrouble(Object.assign(new Error('x'), { code: 'ERR_SSL_NEW' })), undefined);
});
