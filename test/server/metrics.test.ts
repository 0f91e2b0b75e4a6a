// The names that Prometheus' conventions ask for (https://prometheus.io/docs/practices/naming/), held against a scrape.
import t from 'tap';
import { startPlatform } from './platform.js';

const platform = await startPlatform();
t.teardown(() => platform.stop());
const { send } = platform;
const { token } = await platform.user();
await send('POST', '/create_order', {
  token,
  body: { address: 'a', count: 1 },
  headers: { 'idempotency-key': 'k' },
});
await send('POST', '/billing/change', { token, body: { amount: 10 } });
await send('POST', '/order', { token, body: { amount: 3 } });
await send('PUT', '/order/1/pay', { token });
const { text, headers } = await send('GET', '/metrics');

t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
const helped = new Set([...text.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name));
const ours = [...types].filter(([name]) => !/^(process|nodejs)_/.test(name));
t.ok(ours.length > 10);
for (const [name, type] of ours) {
  t.match(name, /^[a-z][a-z0-9_]*$/);
  t.ok(helped.has(name), `${name} says what it is`);
  t.equal(name.endsWith('_total'), type === 'counter', `${name}: counters, and only they, end in _total`);
  t.notMatch(name, /_(ms|milliseconds|minutes|kb)(_|$)/, `${name}: base units`);
  if (type === 'histogram') t.match(name, /_seconds$/);
}
const samples = [
  'orders_created_total{kind="delivery"} 1',
  'orders_created_total{kind="priced"} 1',
  'idempotency_requests_total{outcome="executed"} 1',
  'charges_total{outcome="OK"} 1',
  'order_payments_total{outcome="OK"} 1',
  'notifications_total{outcome="kept"} 1',
  'top_ups_total 1',
  'logins_total{outcome="opened"} 1',
  'http_requests_total{service="orders",method="PUT",route="/order/{id}/pay",status="200"} 1',
];
for (const sample of samples) t.ok(text.includes(`${sample}\n`), sample);
