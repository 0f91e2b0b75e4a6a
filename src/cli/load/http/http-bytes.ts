const CR = 13;
const LF = 10;

/** RFC 9110 token characters. */
export const tokenByte = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  tokenByte[char.charCodeAt(0)] = 1;
}

/** Seconds of a Keep-Alive header; -1 where it names none. */
export function timeoutParameter(value: string): number {
  const seconds = /timeout\s*=\s*(\d{1,9})/i.exec(value);
  return seconds === null ? -1 : Number(seconds[1]);
}

const statusLineStart = Buffer.from('HTTP/1.');

/** Whether the bytes so far can begin a status line of HTTP/1.x; a later minor version is taken as 1.1 (RFC 9110, 2.5). */
export function looksLikeStatusLine(b: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(12, to - from);
  for (let i = 0; i < end; i++) {
    const byte = b[from + i]!;
    if (i < 7) {
      if (byte !== statusLineStart[i]) return false;
    } else if (i === 8) {
      if (byte !== 0x20) return false;
    } else if (byte < 48 || byte > 57) return false;
  }
  return true;
}

/** Index behind the CR LF that ends the line; 0 where it is not there yet, -1 at a byte no field value may hold. */
export function skipLine(b: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const byte = b[at]!;
    if (byte >= 0x20 || byte === 0x09) continue;
    if (byte !== CR) return -1;
    if (at + 1 >= to) return 0;
    return b[at + 1] === LF ? at + 2 : -1;
  }
  return 0;
}

/** Whether a header name that begins at `from` is this one, whatever its case. */
export function nameIs(b: Uint8Array, from: number, lowerCase: string): boolean {
  for (let i = 0; i < lowerCase.length; i++) {
    const byte = b[from + i]!;
    if ((byte >= 65 && byte <= 90 ? byte | 0x20 : byte) !== lowerCase.charCodeAt(i)) return false;
  }
  return true;
}

/** A decimal number with white space around it, at most 15 digits; -1 where it is none. */
export function decimal(b: Uint8Array, from: number, to: number): number {
  let at = from;
  let end = to;
  while (at < end && (b[at] === 0x20 || b[at] === 0x09)) at++;
  while (end > at && (b[end - 1] === 0x20 || b[end - 1] === 0x09)) end--;
  if (at === end || end - at > 15) return -1;
  let value = 0;
  for (; at < end; at++) {
    const digit = b[at]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The value of a hexadecimal digit, -1 where it is none. */
export function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** The bytes as text, trimmed. */
export function text(b: Uint8Array, from: number, to: number): string {
  return Buffer.from(b.buffer, b.byteOffset + from, to - from)
    .toString('latin1')
    .trim();
}
