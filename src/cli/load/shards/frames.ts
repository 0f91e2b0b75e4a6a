import type { Duplex } from 'node:stream';

const headBytes = 8;
/** A frame beyond this is a mistake of the other side, or somebody else's connection. */
const mostBytes = 256 * 1024 * 1024;
const none = Buffer.alloc(0);

/** Sends a JSON value and bytes that belong to it: two lengths (32 bits, big-endian), the value, the bytes. */
export function writeFrame(stream: Duplex, message: object, bytes: Uint8Array = none): void {
  const json = Buffer.from(JSON.stringify(message, nameInfinity));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(json.length, 0);
  head.writeUInt32BE(bytes.length, 4);
  if (stream.writable) stream.write(Buffer.concat([head, json, bytes]));
}

/** Hands over each frame as it is whole; a stream that sends none is destroyed with an error. */
export function readFrames<T>(stream: Duplex, onFrame: (message: T, bytes: Buffer) => void): void {
  let chunks: Buffer[] = [];
  let have = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    have += chunk.length;
    while (have >= headBytes) {
      const head = chunks[0]!.length >= headBytes ? chunks[0]! : joined();
      const [jsonBytes, moreBytes] = [head.readUInt32BE(0), head.readUInt32BE(4)];
      const size = headBytes + jsonBytes + moreBytes;
      if (size > mostBytes) return void stream.destroy(new Error('the other side does not send frames'));
      if (have < size) return;
      const all = joined();
      chunks = have === size ? [] : [all.subarray(size)];
      have -= size;
      try {
        const json = all.toString('utf8', headBytes, headBytes + jsonBytes);
        onFrame(JSON.parse(json, reviveInfinity) as T, all.subarray(headBytes + jsonBytes, size));
      } catch (error) {
        return void stream.destroy(error as Error);
      }
    }
  });

  function joined(): Buffer {
    const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    chunks = [all];
    return all;
  }
}

/** JSON has no Infinity: a closed run without a time limit has a stage of that length. */
const infinity = '\u221e';

function nameInfinity(_: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? { [infinity]: 1 } : value;
}

function reviveInfinity(_: string, value: unknown): unknown {
  const named = value !== null && typeof value === 'object' && infinity in value;
  return named ? Number.POSITIVE_INFINITY : value;
}
