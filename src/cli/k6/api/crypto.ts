import { type BinaryToTextEncoding, createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { textOf } from '../language/coerce.js';
import { Fault, HostObject, known, namespace } from '../language/machine.js';
import { Bytes } from './body.js';

const algorithms = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];
const mostRandomBytes = 1_000_000;

const bytesOf = (value: unknown) => (value instanceof Bytes ? value.bytes : textOf(value));

/** A hash as k6 writes it: hex, base64, base64url (`rawstd` and its kin are these without padding), or bytes. */
function written(hash: Buffer, encoding: unknown): unknown {
  switch (textOf(encoding ?? 'hex')) {
    case 'hex':
    case 'base64':
      return hash.toString(textOf(encoding ?? 'hex') as BinaryToTextEncoding);
    case 'base64url':
      return hash.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    case 'base64rawurl':
      return hash.toString('base64url');
    case 'binary':
      return new Bytes(hash);
    default:
      throw new Fault(`${textOf(encoding)} is no encoding of a hash`);
  }
}

class Hasher extends HostObject {
  private readonly parts: (Uint8Array | string)[] = [];

  constructor(private readonly hash: (parts: (Uint8Array | string)[]) => Buffer) {
    super();
  }

  get(name: string): unknown {
    if (name === 'update')
      return known('update', ([data]) => {
        this.parts.push(bytesOf(data));
      });
    if (name === 'digest') return known('digest', ([encoding]) => written(this.hash(this.parts), encoding));
    return undefined;
  }
}

const hashed = (algorithm: string) => (parts: (Uint8Array | string)[]) => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const signed = (algorithm: string, key: Uint8Array | string) => (parts: (Uint8Array | string)[]) => {
  const hash = createHmac(checked(algorithm), key);
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function checked(algorithm: string): string {
  if (algorithms.includes(algorithm)) return algorithm;
  throw new Fault(`${algorithm} is not read; ${algorithms.join(', ')} are`);
}

/** `k6/crypto`. */
export const cryptoMembers: Record<string, unknown> = {
  ...Object.fromEntries(
    algorithms.map((name) => [
      name,
      known(name, ([data, encoding]) => written(hashed(name)([bytesOf(data)]), encoding)),
    ]),
  ),
  hmac: known('hmac', ([algorithm, key, data, encoding]) =>
    written(signed(textOf(algorithm), bytesOf(key))([bytesOf(data)]), encoding),
  ),
  createHash: known('createHash', ([algorithm]) => new Hasher(hashed(checked(textOf(algorithm))))),
  createHMAC: known('createHMAC', ([algorithm, key]) => new Hasher(signed(textOf(algorithm), bytesOf(key)))),
  randomBytes: known('randomBytes', ([count]) => {
    if (!(Number(count) <= mostRandomBytes)) throw new Fault('randomBytes takes at most a million');
    return new Bytes(randomBytes(Number(count)));
  }),
  hexEncode: known('hexEncode', ([data]) => Buffer.from(bytesOf(data)).toString('hex')),
};

/** What of the Web Crypto API scripts use without waiting. */
export const webCrypto = namespace('crypto', { randomUUID: known('randomUUID', () => randomUUID()) });

/** `k6/encoding`. */
export const encodingMembers: Record<string, unknown> = {
  b64encode: known('b64encode', ([data, how]) => {
    const text = Buffer.from(bytesOf(data)).toString('base64');
    const url = textOf(how ?? 'std').includes('url');
    const bare = textOf(how ?? 'std').startsWith('raw') ? text.replace(/=+$/, '') : text;
    return url ? bare.replaceAll('+', '-').replaceAll('/', '_') : bare;
  }),
  b64decode: known('b64decode', ([text, , format]) => {
    const bytes = Buffer.from(textOf(text), 'base64');
    return format === 's' ? bytes.toString('utf8') : new Bytes(bytes);
  }),
};
