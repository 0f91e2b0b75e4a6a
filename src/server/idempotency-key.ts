import { Problem } from './problem.js';

/** Points a refused client to the policy: what a key is, how long it is kept, what is stored. */
export const policyLink = '</openapi.json>; rel="help"';

const maxKeyLength = 255;
const bare = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/**
 * Reads the key from its header lines: the RFC 8941 string that the draft asks for, or the bare form that most clients
 * send; both name the same key. Throws Problem 400 where it is missing though required, or not a key.
 */
export function parseIdempotencyKey(lines: readonly string[] | undefined, required: boolean): string | undefined {
  if (lines === undefined || lines.length === 0) {
    if (!required) return undefined;
    throw bad('idempotency-key-missing', 'This request needs an Idempotency-Key header');
  }
  if (lines.length > 1) throw bad('idempotency-key-malformed', 'There is more than one Idempotency-Key header');
  const line = lines[0]!;
  let key: string | undefined;
  if (line.startsWith('"')) key = quoted.exec(line)?.[1]?.replace(/\\(["\\])/g, '$1');
  else if (bare.test(line)) key = line;
  if (key === undefined || key === '' || key.length > maxKeyLength)
    throw bad(
      'idempotency-key-malformed',
      `The Idempotency-Key must be 1 to ${maxKeyLength} printable ASCII characters, bare or as a quoted string`,
    );
  return key;
}

function bad(code: string, title: string): Problem {
  return new Problem({ status: 400, code, title, headers: { Link: policyLink } });
}
