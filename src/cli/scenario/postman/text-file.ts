import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

/**
 * A file's text without its byte order mark, in the encodings that newman tells apart: UTF-8, UTF-16 (little endian, marked),
 * else ISO 8859-1. Throws what the file system says.
 */
export function readTextFile(file: string): string {
  const bytes = readFileSync(file);
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : isUtf8(bytes) ? 'utf8' : 'latin1';
  return bytes.toString(encoding).replace(/^\ufeff/, '');
}
