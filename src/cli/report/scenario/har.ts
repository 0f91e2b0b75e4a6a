import { jsonText } from '../../kernel/text.js';
import type { ScenarioEvent, Traffic } from '../../scenario/result.js';

/** Gathers whole exchanges for a HAR 1.2 file, which browsers and proxies open. Secrets are masked. */
export class HarRecorder {
  readonly #entries: Traffic[] = [];

  on(event: ScenarioEvent): void {
    if (event.type === 'traffic') this.#entries.push(event.traffic);
  }

  /** The file. */
  text(version: string): string {
    const log = { version: '1.2', creator: { name: 'hwctl', version }, entries: this.#entries.map(entry) };
    return `${jsonText({ log }, 2)}\n`;
  }
}

function entry(traffic: Traffic) {
  const { requestHeaders, responseHeaders } = traffic;
  const type = (headers: [string, string][]) =>
    headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'application/octet-stream';
  const list = (headers: [string, string][]) => headers.map(([name, value]) => ({ name, value }));
  const query = URL.canParse(traffic.url) ? [...new URL(traffic.url).searchParams] : [];
  const requestBytes = Buffer.byteLength(traffic.requestBody);
  return {
    startedDateTime: new Date(traffic.startedAt).toISOString(),
    time: traffic.timeMs,
    request: {
      method: traffic.method,
      url: traffic.url,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: list(requestHeaders),
      queryString: query.map(([name, value]) => ({ name, value })),
      headersSize: -1,
      bodySize: requestBytes,
      ...(requestBytes > 0 ? { postData: { mimeType: type(requestHeaders), text: traffic.requestBody } } : {}),
    },
    response: {
      status: traffic.status,
      statusText: traffic.error ?? traffic.reason,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: list(responseHeaders),
      content: {
        size: traffic.responseContentBytes,
        mimeType: type(responseHeaders),
        ...(traffic.responseBase64 === undefined
          ? { text: traffic.responseBody }
          : { text: traffic.responseBase64, encoding: 'base64' }),
      },
      redirectURL: responseHeaders.find(([name]) => name.toLowerCase() === 'location')?.[1] ?? '',
      headersSize: traffic.responseHeaderBytes,
      bodySize: traffic.responseBodyBytes,
    },
    cache: {},
    timings: { send: 0, wait: traffic.firstByteMs, receive: Math.max(0, traffic.timeMs - traffic.firstByteMs) },
  };
}
