import { Problem } from './problem.js';

/** Points a refused client to the policy: what a key is, how long it is kept, what is stored. */
export const policyLink = '</openapi.json>; rel="help"';

const maxKeyLength = 255;
/** Printable ASCII without a space at either end; a quote at the beginning would make it the other form. */
const bare = `[!#-~](?:[ -~]{0,${maxKeyLength - 2}}[!-~])?`;
/** An RFC 8941 string: a quote and a backslash inside are escaped. */
const quoted = `"(?:[ !#-\\[\\]-~]|\\\\["\\\\]){1,${maxKeyLength}}"`;

/** What a key looks like, as a regular expression for the document. */
export const keyPattern = `^(?:${bare}|${quoted})$`;
const key = new RegExp(keyPattern);

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
  if (!key.test(line))
    throw bad(
      'idempotency-key-malformed',
      `The Idempotency-Key must be 1 to ${maxKeyLength} printable ASCII characters, bare or as a quoted string`,
    );
  return line.startsWith('"') ? line.slice(1, -1).replace(/\\(["\\])/g, '$1') : line;
}

function bad(code: string, title: string): Problem {
  return new Problem({ status: 400, code, title, headers: { Link: policyLink } });
}
