// The price list changes under a running server: all of a good list, none of a bad one; from a file and from a URL.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Platform, startPlatform } from '../platform.js';

const folder = mkdtempSync(join(tmpdir(), 'hwctl-prices-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
t.setTimeout(100_000);

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const endsAt = Date.now() + 30_000; !(await condition()); ) {
    if (Date.now() > endsAt) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

async function price({ send }: Platform, id: number): Promise<number | undefined> {
  return (await send('GET', `/price/${id}`)).json.price;
}

await t.test('a file', { timeout: 60_000 }, async (t) => {
  const file = join(folder, 'prices.txt');
  writeFileSync(file, '1 10\n2 20\n');
  const platform = await startPlatform({ PRICES_URL: file, PRICES_REFRESH_MS: '100' }, ['prices']);
  t.teardown(() => platform.stop());
  t.equal(await price(platform, 1), 10);
  writeFileSync(file, '1 11\n');
  await until('the new price', async () => (await price(platform, 1)) === 11);
  t.equal(await price(platform, 2), undefined, 'a product that is gone');
  writeFileSync(file, '1 12\noops\n');
  await until('the refusal', async () =>
    /price_list_reloads_total\{outcome="rejected"\} 1/.test((await platform.send('GET', '/metrics')).text),
  );
  t.equal(await price(platform, 1), 11, 'the old prices stay');
  rmSync(file);
  writeFileSync(file, '1 13\n');
  await until('the price after', async () => (await price(platform, 1)) === 13);
});

await t.test('a URL that answers late', { timeout: 60_000 }, async (t) => {
  let list: string | undefined;
  const source = createServer((_, response) => {
    response.statusCode = list === undefined ? 503 : 200;
    response.end(list);
  }).listen(0, '127.0.0.1');
  await once(source, 'listening');
  t.teardown(() => source.close());
  const url = `http://127.0.0.1:${(source.address() as AddressInfo).port}/prices.txt`;
  setTimeout(() => {
    list = '7 70.50\n';
  }, 300);
  const platform = await startPlatform({ PRICES_URL: url, PRICES_REFRESH_MS: '100' }, ['prices']);
  t.teardown(() => platform.stop());
  t.equal((await platform.send('GET', '/price/7')).text, '{"id":7,"price":70.50}', 'not ready before it was read');
});
