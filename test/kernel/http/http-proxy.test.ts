import t from 'tap';
import { proxyFor } from '../../../src/cli/kernel/http/http-proxy.js';

t.test('which proxy a URL goes through', async (t) => {
  const both = { httpProxy: 'http://p:1', httpsProxy: 'http://s:2' };
  const cases: [string, Parameters<typeof proxyFor>[1], string | undefined][] = [
    ['http://a.b/', both, 'http://p:1/'],
    ['https://a.b/', both, 'http://s:2/'],
    ['https://a.b/', { httpProxy: 'p:1' }, 'http://p:1/'],
    ['http://a.b/', { httpsProxy: 'http://s:2' }, undefined],
    ['http://a.b/', { ...both, noProxy: 'b' }, undefined],
    ['http://a.b/', { ...both, noProxy: '.b' }, undefined],
    ['http://a.b/', { ...both, noProxy: '*.b' }, undefined],
    ['http://ab/', { ...both, noProxy: 'b' }, 'http://p:1/'],
    ['http://a.b/', { ...both, noProxy: 'x, A.B' }, undefined],
    ['http://a.b/', { ...both, noProxy: 'a.b:81' }, 'http://p:1/'],
    ['http://a.b:81/', { ...both, noProxy: 'a.b:81' }, undefined],
    ['https://a.b/', { ...both, noProxy: 'a.b:443' }, undefined],
    ['http://a.b/', { ...both, noProxy: '*' }, undefined],
    ['http://localhost:8080/', both, undefined],
    ['http://127.0.0.1/', both, undefined],
    ['http://[::1]/', both, undefined],
  ];
  for (const [url, proxies, through] of cases)
    t.equal(proxyFor(new URL(url), proxies)?.href, through, `${url} ${JSON.stringify(proxies)}`);
});
