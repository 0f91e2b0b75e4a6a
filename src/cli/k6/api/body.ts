import { isPlain, textOf } from '../language/coerce.js';
import { Fault, HostObject } from '../language/machine.js';

/** Bytes that a script has read with `open(path, 'b')`, or a file of a form (`http.file`). */
export class Bytes extends HostObject {
  constructor(
    readonly bytes: Uint8Array,
    readonly file?: { name: string; type: string },
  ) {
    super();
  }

  get(name: string): unknown {
    if (name === 'byteLength' || name === 'length') return this.bytes.byteLength;
    if (name === 'filename') return this.file?.name;
    return undefined;
  }
}

/** A body and the Content-Type that comes with it where the request names none. */
export interface EncodedBody {
  body: string | Uint8Array | undefined;
  type?: string;
}

/** A body as k6 makes it: a text as it is, an object as a form, with files as a multipart one. Throws Fault. */
export function encodedBody(given: unknown): EncodedBody {
  if (given === undefined || given === null) return { body: undefined };
  if (typeof given === 'string') return { body: given };
  if (given instanceof Bytes) return { body: given.bytes };
  if (!isPlain(given)) throw new Fault('a body is a text, an object or a file');
  const fields = Object.entries(given);
  if (fields.some(([, value]) => value instanceof Bytes)) return multipart(fields);
  const form = fields.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${formText(name)}=${formText(textOf(each))}`),
  );
  return { body: form.join('&'), type: 'application/x-www-form-urlencoded' };
}

function formText(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}

const boundary = '------------------------hwctl-part-of-a-form';

function multipart(fields: readonly (readonly [string, unknown])[]): EncodedBody {
  const quoted = (text: string) => text.replaceAll('"', '%22').replace(/[\r\n]/g, ' ');
  const parts = fields.flatMap(([name, value]) => {
    const file = value instanceof Bytes ? value : undefined;
    const { name: fileName = name, type = 'application/octet-stream' } = file?.file ?? {};
    const head =
      file === undefined
        ? `form-data; name="${quoted(name)}"`
        : `form-data; name="${quoted(name)}"; filename="${quoted(fileName)}"\r\nContent-Type: ${quoted(type)}`;
    return [
      Buffer.from(`--${boundary}\r\nContent-Disposition: ${head}\r\n\r\n`),
      file === undefined ? Buffer.from(textOf(value)) : file.bytes,
      Buffer.from('\r\n'),
    ];
  });
  return {
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}
