import t from 'tap';
import { withoutUserInfo } from '../../../src/cli/kernel/secrets.js';
import type { Exchange } from '../../../src/cli/scenario/check/exchange.js';
import { Mask } from '../../../src/cli/scenario/tell/mask.js';

const dots = '••••••';

/** An exchange with these parts. */
function exchange(parts: Partial<Exchange> & { answer?: string; answerHeaders?: [string, string][] }): Exchange {
  const { answer, answerHeaders = [], ...given } = parts;
  const response = {
    status: 200,
    reason: 'OK',
    headers: answerHeaders,
    body: Buffer.from(answer ?? ''),
    bodyBytes: 0,
    headerBytes: 0,
    firstByteMs: 0,
    totalMs: 0,
  };
  return {
    method: 'POST',
    shownUrl: '/',
    url: '/',
    headers: [],
    body: undefined,
    error: undefined,
    timeMs: 0,
    startedAt: 0,
    ...given,
    response: answer === undefined && answerHeaders.length === 0 ? undefined : response,
  };
}

const bodies: [string, string, string][] = [
  [
    'members by name',
    '{"api_key":"v1v1","apiKey": "v2v2","a":"b"}',
    `{"api_key":"${dots}","apiKey": "${dots}","a":"b"}`,
  ],
  [
    'other words for it',
    '{"passphrase":"x","passwd":"y","pass":"z"}',
    `{"passphrase":"${dots}","passwd":"${dots}","pass":"${dots}"}`,
  ],
  ['a number', '{"secret":987654321}', `{"secret":"${dots}"}`],
  ['a list', '{"secrets":["first-one","second-one"]}', `{"secrets":["${dots}","${dots}"]}`],
  ['a member deep inside', '{"nested":{"credential":"V\\"1234"}}', `{"nested":{"credential":"${dots}"}}`],
  ['a form', 'user=ann&api_key=V&pass=W', `user=ann&api_key=${dots}&pass=${dots}`],
  ['GraphQL', '{"query":"{ login(password: \\"V\\") }"}', `{"query":"{ login(password: \\"${dots}\\") }"}`],
  [
    'multipart',
    '--b\r\ncontent-disposition: form-data; name="password"\r\n\r\nV\r\n--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nW\r\n--b--\r\n',
    `--b\r\ncontent-disposition: form-data; name="password"\r\n\r\n${dots}\r\n--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nW\r\n--b--\r\n`,
  ],
  ['a URL inside', '{"next":"http://h/p?token=abc&page=2"}', `{"next":"http://h/p?token=${dots}&page=2"}`],
  ['what is of a token', '{"token_type":"Bearer","total_tokens":1500}', '{"token_type":"Bearer","total_tokens":1500}'],
  ['prose', 'the token check said ok=true', 'the token check said ok=true'],
  [
    'a word in a header that an echo repeats',
    '{"postman-token":"4-2","x":"a=b; c, d"}',
    '{"postman-token":"4-2","x":"a=b; c, d"}',
  ],
];
for (const [name, body, shown] of bodies) {
  t.test(`a body: ${name}`, async (t) => {
    const mask = new Mask([]);
    mask.learnExchange(exchange({ body }));
    t.equal(mask.body(body), shown);
  });
}

t.test('what a body gives away is hidden wherever else it turns up, in every form', async (t) => {
  const mask = new Mask([]);
  mask.learnExchange(exchange({ body: '{"password":"a b\\"c&d"}', answer: '{"nested":{"token":"from-the-server"}}' }));
  t.equal(mask.text('found from-the-server'), `found ${dots}`);
  t.equal(
    mask.text('/x?q=a+b%22c%26d /x?q=a%20b%22c%26d "a b\\"c&d" a b"c&d'),
    `/x?q=${dots} /x?q=${dots} "${dots}" ${dots}`,
  );
  t.equal(mask.text('true'), 'true');
});

t.test('an ordinary word is no secret whatever it is called', async (t) => {
  const mask = new Mask([]);
  mask.learnExchange(exchange({ body: '{"token":true,"secret":"true","credential":"Bearer"}' }));
  t.equal(mask.text('active is true, Bearer'), 'active is true, Bearer');
});

t.test('headers and cookies', async (t) => {
  const mask = new Mask([]);
  mask.learnExchange(
    exchange({
      headers: [
        ['Api-Key', 'key-1234'],
        ['X-Auth-Token', 'token-1234'],
        ['Cookie', 'lang=en; session=cookie-1234'],
      ],
      answerHeaders: [['Set-Cookie', 'sid=cookie-5678; Path=/']],
      answer: '',
    }),
  );
  for (const [name, value] of [
    ['Api-Key', 'a'],
    ['x-auth-token', 'b'],
    ['Cookie', 'c'],
    ['Set-Cookie', 'd'],
  ] as const)
    t.equal(mask.header(name, value), dots, name);
  t.equal(mask.header('Content-Type', 'text/plain; lang=en'), 'text/plain; lang=en');
  t.equal(mask.header('X-Echo', 'key-1234 token-1234 cookie-1234 cookie-5678'), [dots, dots, dots, dots].join(' '));
});

t.test('URLs: the password before the host, parameters by name', async (t) => {
  const mask = new Mask([]);
  t.equal(mask.text('GET http://bob:pw@h/p?api_key=V&a=1#f'), `GET http://bob:${dots}@h/p?api_key=${dots}&a=1#f`);
  t.equal(withoutUserInfo('socks5://user:pw@h:1'), `socks5://user:${dots}@h:1`);
  t.equal(withoutUserInfo('http://h:80/a@b'), 'http://h:80/a@b');
});

t.test('a secret that begins with another', async (t) => {
  const mask = new Mask([]);
  mask.learn('password', 'pass1234');
  mask.learn('password2', 'pass1234-EXTENDED');
  t.equal(mask.text('x=pass1234-EXTENDED&y=pass1234'), `x=${dots}&y=${dots}`);
});

t.test('a variable stays a secret whatever bodies bring', async (t) => {
  const mask = new Mask(['pin']);
  mask.learn('pin', 47110815);
  mask.learn('password', 'hunter2hunter2');
  for (let i = 0; i < 600; i++)
    mask.learnExchange(
      exchange({
        body: JSON.stringify([{ token: `tok-${i}-a` }, { token: `tok-${i}-b` }, { [`secret${i}`]: `s-${i}-value` }]),
      }),
    );
  t.equal(mask.text('hunter2hunter2 47110815'), `${dots} ${dots}`);
  t.equal(mask.text('tok-599-a tok-599-b s-599-value'), `${dots} ${dots} ${dots}`);
});

t.test('every value of one body counts, however many', async (t) => {
  const mask = new Mask([]);
  const tokens = Array.from({ length: 300 }, (_, i) => ({ token: `tok-${i}-x` }));
  mask.learnExchange(exchange({ body: JSON.stringify(tokens) }));
  t.notMatch(mask.body(JSON.stringify(tokens)), /tok-/);
  t.equal(mask.text('tok-0-x'), dots);
});

t.test('values: members by name at any depth, and nothing else', async (t) => {
  t.same(new Mask([]).value({ a: { secret: { b: 'x', n: 1 } }, total_tokens: 7, list: [{ api_key: ['k'] }] }), {
    a: { secret: { b: dots, n: dots } },
    total_tokens: 7,
    list: [{ api_key: [dots] }],
  });
});
