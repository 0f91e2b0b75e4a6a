/** Why a TLS connection was not made, and what cures it. */
export interface TlsTrouble {
  /** A clause that goes on from "no TLS connection to X: ". */
  cause: string;
  cure: string;
}

const ownAuthority = 'Give its authority with --cacert FILE, or accept any certificate with --insecure';

/** By OpenSSL's and Node's codes; the first that matches. */
const troubles: [code: RegExp, cause: string, cure: string][] = [
  [
    /^CERT_HAS_EXPIRED/,
    'its certificate has expired',
    'Renew it on the server, or accept any certificate with --insecure',
  ],
  [
    /^CERT_NOT_YET_VALID/,
    'its certificate is not valid yet',
    'Check the clocks of both machines, or accept any certificate with --insecure',
  ],
  [/^CERT_REVOKED/, 'its certificate was revoked', 'Give the server a new certificate'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID|^HOSTNAME_MISMATCH/,
    'its certificate is for another name',
    'Use a name that the certificate holds (--url https://NAME with --resolve NAME:PORT:ADDRESS), or accept any with --insecure',
  ],
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT/,
    'its certificate is self-signed',
    'Trust it with --cacert FILE, or accept any certificate with --insecure',
  ],
  [
    /SELF_SIGNED_CERT_IN_CHAIN|^UNABLE_TO_|^CERT_UNTRUSTED|^INVALID_CA/,
    'its certificate is of an authority that is not known here',
    ownAuthority,
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER_FAILURE/,
    'what answers there does not speak TLS',
    'Write http:// instead of https://, or check the port',
  ],
  [
    /NO_APPLICATION_PROTOCOL/,
    'it speaks another protocol than HTTP/1.1 (HTTP/2 alone, it seems)',
    'Let the server speak HTTP/1.1 too: hwctl speaks no HTTP/2',
  ],
  [
    /CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN_A_CERTIFICATE/,
    'it asks for a certificate of the client',
    'Give one with --cert FILE and --key FILE',
  ],
  [
    /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED)/,
    'it refuses the certificate of the client',
    'Check --cert FILE and --key FILE: of an authority that the server trusts, and not expired',
  ],
  [
    /UNRECOGNIZED_NAME/,
    'it has no certificate for the name asked for',
    'Use a name that it serves (--url https://NAME with --resolve NAME:PORT:ADDRESS)',
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|INAPPROPRIATE_FALLBACK/,
    'it speaks no version of TLS that this Node.js speaks (1.2 and 1.3)',
    'Enable TLS 1.2 on the server, or lower the bound: NODE_OPTIONS=--tls-min-v1.0',
  ],
  [
    /HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_CIPHERS|INSUFFICIENT_SECURITY|DH_KEY_TOO_SMALL|KEY_TOO_SMALL|MD_TOO_WEAK/,
    'both sides have no cipher or key strength in common, or it wants a certificate of the client',
    'Update the server’s ciphers and keys; --cert FILE and --key FILE where it asks for a certificate',
  ],
];

/** What a TLS error says in words; its own cure, or undefined for what is not known. */
export function tlsTrouble({ code = '', message }: NodeJS.ErrnoException): TlsTrouble | undefined {
  // Some versions of Node.js have EPROTO as the code, and OpenSSL's own line as the message.
  const text = code === 'EPROTO' || code === '' ? message.toUpperCase().replaceAll(' ', '_') : code;
  const known = troubles.find(([pattern]) => pattern.test(text));
  return known === undefined ? undefined : { cause: known[1], cure: known[2] };
}
