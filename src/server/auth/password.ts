import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

const keyBytes = 32;
const blockSize = 8;
const parallelization = 5;

/** Hashes a password with scrypt and a salt of its own; `cost` is log2 of N. The parameters are kept in the hash. */
export async function hashPassword(password: string, cost: number): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return ['scrypt', cost, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether the password is the hashed one. Constant in time for a given cost. */
export async function verifyPassword(password: string, hashed: string): Promise<boolean> {
  const [scheme, cost, salt, key] = hashed.split('$');
  if (scheme !== 'scrypt' || cost === undefined || salt === undefined || key === undefined) return false;
  const expected = Buffer.from(key, 'base64url');
  const actual = await derive(password, Buffer.from(salt, 'base64url'), Number(cost));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  const options: ScryptOptions = {
    N: 2 ** cost,
    r: blockSize,
    p: parallelization,
    maxmem: 256 * blockSize * 2 ** cost,
  };
  return new Promise((resolve, reject) => {
    // NFKC: the same password typed on another keyboard is the same password (RFC 8265).
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
