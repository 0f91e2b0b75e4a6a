import { readFile } from 'node:fs/promises';

/** Prices by product id; a price is kept as it is written, so that 199.90 stays 199.90. */
export type PriceList = ReadonlyMap<string, string>;

const line = /^(\d{1,15})\s*(?:->|[,;:=]|\s)\s*((?:0|[1-9]\d{0,11})(?:\.\d{1,2})?)$/;
const maxBytes = 64 * 1024 * 1024;
const fetchTimeoutMs = 10_000;
const maxReported = 10;

/** The list is wrong: every bad line, by its number. */
export class PriceListError extends Error {}

/**
 * Reads a price list: one `ID PRICE` a line (also `ID,PRICE`, `ID;PRICE`, `ID=PRICE`, `ID:PRICE`, `ID -> PRICE`), empty
 * lines and lines that begin with # left out. All or nothing: throws PriceListError with the numbers of the bad lines.
 */
export function parsePriceList(text: string): PriceList {
  const prices = new Map<string, string>();
  const problems: string[] = [];
  let number = 0;
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    number++;
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [, id, price] = line.exec(trimmed) ?? [];
    const key = id === undefined ? '' : String(Number(id));
    if (id === undefined || price === undefined || key === '0')
      problems.push(`line ${number}: expected "ID PRICE", found ${JSON.stringify(trimmed.slice(0, 60))}`);
    else if (prices.has(key)) problems.push(`line ${number}: product ${key} has a price already`);
    else prices.set(key, price);
  }
  if (problems.length === 0 && prices.size === 0) problems.push('there is no price in it');
  if (problems.length > 0) {
    const more = problems.length > maxReported ? [`and ${problems.length - maxReported} more`] : [];
    throw new PriceListError([...problems.slice(0, maxReported), ...more].join('; '));
  }
  return prices;
}

/** Fetches the text of a price list from an http(s) URL, a file: URL or a path. */
export async function fetchPriceList(source: string): Promise<string> {
  if (!/^https?:/.test(source)) {
    const path = source.startsWith('file:') ? new URL(source) : source;
    return readFile(path, 'utf8');
  }
  const { request } = await import('./undici.js');
  const response = await request(source, {
    headersTimeout: fetchTimeoutMs,
    bodyTimeout: fetchTimeoutMs,
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  if (response.statusCode !== 200) {
    await response.body.dump();
    throw new Error(`${source} answered ${response.statusCode}`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`${source} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
