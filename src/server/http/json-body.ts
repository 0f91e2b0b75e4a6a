import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { Problem } from './problem.js';

/** The largest body, as sent and unpacked. */
export const maxBodyBytes = 16 * 1024;
/** How deep arrays and objects may stand in each other: whoever walks a value may call itself that often. */
export const maxDepth = 64;

const decompressors = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a JSON body; undefined where there is none. Throws Problem: 413 as soon as it is too large, 415 for another media
 * type or content coding, 400 for what is not UTF-8, not JSON, or nested too deep.
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const {
    'content-type': type = '',
    'content-length': length,
    'content-encoding': coding = 'identity',
  } = request.headers;
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new Problem({ status: 415, title: 'The body must be application/json in UTF-8' });
  const decompress = decompressors.get(coding.toLowerCase());
  if (decompress === undefined && coding.toLowerCase() !== 'identity')
    throw new Problem({ status: 415, title: 'The body must be in gzip, deflate, br or plain' });
  if (Number(length ?? 0) > maxBodyBytes) throw tooLarge();
  const sent = await readBytes(request);
  const bytes = decompress === undefined || sent.length === 0 ? sent : await unpack(decompress, sent);
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Problem({ status: 400, title: 'The body is not UTF-8' });
  }
  if (depthOf(text) > maxDepth)
    throw new Problem({ status: 400, title: `The body is nested deeper than ${maxDepth} levels` });
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem({ status: 400, title: 'The body is not JSON' });
  }
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (act: () => void) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      act();
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBodyBytes) settle(() => reject(tooLarge()));
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks)));
    // Nobody is left to be told.
    const onClose = () => settle(() => reject(new Problem({ status: 400, title: 'The body is not complete' })));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

async function unpack(
  decompress: (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>,
  sent: Buffer,
): Promise<Buffer> {
  try {
    return await decompress(sent, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new Problem({ status: 400, title: 'The body is not in the coding that Content-Encoding says' });
  }
}

function tooLarge(): Problem {
  return new Problem({ status: 413, title: `The body is larger than ${maxBodyBytes} bytes` });
}

/** The deepest nesting of brackets outside of strings; of what is JSON, that is the depth of its value. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return deepest;
}
