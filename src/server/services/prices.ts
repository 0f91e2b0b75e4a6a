import type { ServiceContext } from '../context.js';
import { Problem, type Reply } from '../http/problem.js';
import { route, type Service } from '../http/route.js';
import { fetchPriceList, type PriceList, PriceListError, parsePriceList } from '../price-list.js';
import { idSchema, problemDoc } from './schemas.js';

/** prices: reads of an immutable map; a new list takes the old one's place in one assignment, or not at all. */
export function create({ config, metrics, log }: ServiceContext): Service {
  const source = config.pricesUrl!;
  let text: string | undefined;
  let candidate: string | undefined;
  let prices: PriceList | undefined;
  let problem: string | undefined;
  let refresher: NodeJS.Timeout | undefined;
  const reloads = metrics.counter('price_list_reloads_total', 'Readings of a price list that had changed.', [
    'outcome',
  ]);
  metrics.gauge('price_list_entries', 'Products with a price.', [], (gauge) => gauge.set(prices?.size ?? 0));

  async function reload(): Promise<void> {
    try {
      const fetched = await fetchPriceList(source);
      if (fetched === text) return;
      // A list that is just being written may be half there and look whole: a change counts once it was seen twice.
      const settled = fetched === candidate || prices === undefined;
      candidate = fetched;
      if (!settled) return;
      // Remembered also where it is bad, so that the same mistake is reported once and not at every look.
      text = fetched;
      prices = parsePriceList(fetched);
      problem = undefined;
      reloads.inc({ outcome: 'loaded' });
      log.info({ source, entries: prices.size }, 'price list loaded');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== problem) {
        reloads.inc({ outcome: 'rejected' });
        log.error({ source, problem: message, kept: prices?.size ?? 0 }, 'price list rejected, the old prices stay');
      }
      problem = message;
      if (!(error instanceof PriceListError)) text = undefined;
    }
  }

  // Polled by content: a ConfigMap is updated by swapping a symbolic link, which file watchers miss.
  function refreshLater(): void {
    refresher = setTimeout(() => void reload().then(refreshLater), config.pricesRefreshMs).unref();
  }

  return {
    name: 'prices',
    summary: 'prices of products, from a flat file',
    notReady: async () => (prices === undefined ? (problem ?? 'the price list is being fetched') : undefined),
    reload,
    start: () => void reload().then(refreshLater),
    stop: async () => clearTimeout(refresher),
    routes: [
      route({
        method: 'get',
        path: '/price/{productId}',
        summary: "A product's price",
        access: 'public',
        parameters: [{ name: 'productId', in: 'path', description: "The product's id.", schema: idSchema }],
        responses: {
          200: {
            description: 'The price.',
            schema: {
              type: 'object',
              required: ['id', 'price'],
              properties: { id: idSchema, price: { type: 'number', minimum: 0 } },
            },
          },
          404: problemDoc('There is no price for this product.'),
          503: problemDoc('The price list has not been read yet.'),
        },
        handle({ params }): Reply {
          const price = prices?.get(String(params.productId));
          if (price !== undefined)
            // Written out: the price as it is in the list is a JSON number, and JSON.stringify would drop its zeros.
            return {
              status: 200,
              type: 'application/json; charset=utf-8',
              body: `{"id":${params.productId},"price":${price}}`,
            };
          throw prices === undefined ? notLoaded : unknown;
        },
      }),
    ],
  };
}

const unknown = new Problem({ status: 404, title: 'There is no price for this product' });
const notLoaded = new Problem({
  status: 503,
  title: 'The price list has not been read yet',
  headers: { 'Retry-After': '1' },
});
