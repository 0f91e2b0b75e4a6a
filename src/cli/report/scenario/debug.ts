import { printable } from '../../kernel/text.js';
import type { Traffic } from '../../scenario/result.js';

/** One exchange as `--debug` prints it: request and response as on the wire, secrets masked. */
export function debugLines(traffic: Traffic): string[] {
  const lines = [`> ${traffic.method} ${traffic.url}`];
  for (const [name, value] of traffic.requestHeaders) lines.push(`> ${name}: ${value}`);
  if (traffic.requestBody !== '')
    lines.push(
      ...printable(traffic.requestBody)
        .split('\n')
        .map((line) => `> ${line}`),
    );
  if (traffic.error !== undefined) return [...lines, `! ${traffic.error}`];
  lines.push(`< ${traffic.status} ${traffic.reason}`);
  for (const [name, value] of traffic.responseHeaders) lines.push(`< ${name}: ${value}`);
  if (traffic.responseBody !== '')
    lines.push(
      ...printable(traffic.responseBody)
        .split('\n')
        .map((line) => `< ${line}`),
    );
  return lines;
}
