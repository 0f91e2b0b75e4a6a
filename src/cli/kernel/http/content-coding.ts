import * as zlib from 'node:zlib';

/** Bytes that are not what Content-Encoding says, or unpack to more than is allowed; `code` is `bad-encoding` or `too-large`. */
export class CodingError extends Error {
  constructor(
    readonly code: 'bad-encoding' | 'too-large',
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Buffer;

// Not in Node.js 20.
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Decoder };

/** By RFC 9110 section 8.4.1; x-gzip is gzip, and names are compared without case. */
const decoders = new Map<string, Decoder>([
  ['gzip', zlib.gunzipSync],
  ['x-gzip', zlib.gunzipSync],
  ['deflate', inflate],
  ['br', zlib.brotliDecompressSync],
  ...(zstdDecompressSync === undefined ? [] : ([['zstd', zstdDecompressSync]] as const)),
]);

/** The codings of a message, in the order they were applied; the fields of several lines are one list (RFC 9110 section 5.3). */
export function contentCodings(headers: readonly (readonly [name: string, value: string])[]): string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.split(','))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

/**
 * Content without its codings, the last one first. A coding that is not known ends it: what is left stays as it came.
 * Throws CodingError.
 */
export function withoutCodings(content: Buffer, codings: readonly string[], maxBytes: number): Buffer {
  let bytes = content;
  for (const coding of [...codings].reverse()) {
    const decoder = decoders.get(coding);
    if (decoder === undefined || bytes.length === 0) break;
    try {
      bytes = decoder(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'ERR_BUFFER_TOO_LARGE')
        throw new CodingError('too-large', `the body is larger than ${maxBytes / 2 ** 20} MiB`, error);
      const what =
        code === 'Z_BUF_ERROR'
          ? `the body ends in the middle of its ${coding}`
          : `the body is not the ${coding} that Content-Encoding says`;
      throw new CodingError('bad-encoding', what, error);
    }
  }
  return bytes;
}

/** The zlib format; or bare deflate, which some servers send under this name (RFC 9110 section 8.4.1.2). */
function inflate(body: Buffer, options: { maxOutputLength: number }): Buffer {
  const [first = 0, second = 0] = body;
  // RFC 1950 section 2.2: method 8, and a check value that makes the two bytes a multiple of 31.
  const wrapped = (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
  return wrapped ? zlib.inflateSync(body, options) : zlib.inflateRawSync(body, options);
}
