import { fstatSync, writeSync } from 'node:fs';

/** Why a command ended that was there to be read only (`logs -f`, `status --watch`): nobody reads it any more. */
export class ReaderLeft extends Error {}

/**
 * From here on no write to this stream throws, waits for ever or ends the process: `onLoss` gets the error of the first one
 * that fails, and what is written after it is dropped. The work behind the output goes on to its end.
 */
export function guardOutput(
  stream: NodeJS.WriteStream & { fd: number },
  onLoss: (error: NodeJS.ErrnoException) => void,
): void {
  const write = isFile(stream.fd) ? wholeWrites(stream.fd) : stream.write.bind(stream);
  let lost = false;
  const lose = (error: Error) => {
    if (lost) return;
    lost = true;
    onLoss(error);
  };
  stream.on('error', lose);
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const callback = rest.find((each) => typeof each === 'function') as ((error?: Error) => void) | undefined;
    if (!lost) {
      try {
        return (write as (...words: unknown[]) => boolean)(chunk, ...rest);
      } catch (error) {
        lose(error as Error);
      }
    }
    // Whoever waits for its text to be gone goes on.
    if (callback !== undefined) process.nextTick(callback);
    return true;
  };
}

/** Whether this error says that the reader has left: what was asked for is done, only nobody wanted to see it all. */
export function isReaderGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_DESTROYED';
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

/** Node's own stream over a file takes a part for the whole: on a disk that gets full, the rest would be missing without a word. */
function wholeWrites(fd: number) {
  return (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8';
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    const callback = rest.find((each) => typeof each === 'function');
    if (callback !== undefined) process.nextTick(callback as () => void);
    return true;
  };
}
