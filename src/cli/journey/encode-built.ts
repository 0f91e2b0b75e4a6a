import type { HttpError } from '../kernel/http/http.js';
import { encodeRequest } from '../load/http/request.js';
import type { HeaderFields } from '../load/plan/plan.js';
import type { BuiltRequest } from '../scenario/send/request.js';

/** The bytes of a request; or why it cannot be sent: a load goes to one server, `origin`. */
export function encodeBuilt(
  { url: address, method, headers: lines, body }: BuiltRequest,
  origin: string,
  compression: boolean,
): Buffer | HttpError {
  const url = new URL(address);
  if (url.origin !== origin)
    return { code: 'other-server', message: `${url.origin} is another server, and a load goes to one`, totalMs: 0 };
  const headers: HeaderFields = {};
  for (const [name, value] of lines)
    headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
  try {
    return encodeRequest({ method, target: url.pathname + url.search, host: url.host, headers, body, compression });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { code: 'bad-header', message: error.message, totalMs: 0 };
  }
}
