// What a browser recorded, as a scenario: no secret of it stays in the text, everything else is sent as it was.
import fc from 'fast-check';
import t from 'tap';
import { written } from '../../../src/cli/scenario/convert/draft/draft.js';
import { fromHar } from '../../../src/cli/scenario/convert/har/from-har.js';
import { echoServer } from '../echo-server.js';
import { runText } from '../run-text.js';

type Json = Record<string, unknown>;

const har = (...entries: Json[]) => ({ log: { entries } });
const entry = (request: Json, response: Json = { status: 200 }) => ({
  request: { method: 'POST', url: 'http://server/a', ...request },
  response,
});
const header = (name: string, value: string) => ({ name, value });
const posted = (mimeType: string, text: string, params?: Json[]) => ({
  headers: [header('Content-Type', mimeType)],
  postData: { mimeType, text, ...(params === undefined ? {} : { params }) },
});

const secret = 'S3CR3T/x+y=';
const encoded = encodeURIComponent(secret);
const basic = Buffer.from(`ada:${secret}`).toString('base64');
const parts = `--B\r\nContent-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n--B--\r\n`;

const places: Record<string, Json> = {
  'X-Api-Key': { headers: [header('X-Api-Key', secret)] },
  apikey: { headers: [header('apikey', secret)] },
  'X-Auth-Token': { headers: [header('x-auth-token', secret)] },
  'X-CSRF-Token': { headers: [header('X-CSRF-Token', secret)] },
  'X-Session': { headers: [header('X-Session', secret)] },
  bearer: { headers: [header('Authorization', `Bearer ${secret}`)] },
  basic: { headers: [header('authorization', `Basic ${basic}`)] },
  'another scheme': { headers: [header('Authorization', `Digest username="u", response="${secret}"`)] },
  'Proxy-Authorization': { headers: [header('Proxy-Authorization', `Basic ${secret}`)] },
  cookie: { headers: [header('Cookie', `theme=dark; sid=${secret}`)] },
  'user of the URL': { url: `http://ada:${encoded}@server/a` },
  query: { url: `http://server/a?page=1&access_token=${encoded}&api_key=${encoded}` },
  'key of the query': { url: `http://server/a?key=${encoded}` },
  form: posted('application/x-www-form-urlencoded', `user=ada&password=${encoded}`),
  'form by params': posted('application/x-www-form-urlencoded', '', [{ name: 'client_secret', value: secret }]),
  JSON: posted('application/json', JSON.stringify({ user: 'ada', password: secret })),
  'JSON, spaced': posted('application/json; charset=utf-8', JSON.stringify({ a: [{ refreshToken: secret }] }, null, 2)),
  'JSON, a list of them': posted('application/json', JSON.stringify({ tokens: [secret, secret] })),
  'JSON of another type': posted('text/plain', JSON.stringify({ passphrase: secret })),
  parts: posted('multipart/form-data; boundary=B', '', [{ name: 'password', value: secret }]),
  'parts as text': posted('multipart/form-data; boundary=B', parts),
  XML: posted('text/xml', `<s:login><s:Password>${secret}</s:Password><user>ada</user></s:login>`),
  lines: posted('text/plain', `user=ada\npassword=${secret}\n`),
};

for (const [place, request] of Object.entries(places))
  t.test(`no secret is left: ${place}`, async (t) => {
    const { text, losses, steps } = await written(fromHar(har(entry(request))));
    t.equal(steps, 1);
    for (const form of [secret, encoded, basic, 'S3CR3T'])
      t.notMatch(text, new RegExp(form.replace(/[+/=]/g, '\\$&')), form);
    t.match(text, /^variables:\n {2}\w+: ""/m);
    t.match(text, /^secrets:/m);
    t.match(losses.join('\n'), /the value of .*: set the variable /);
  });

t.test('no secret is left, wherever in a JSON body it is', async (t) => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.integer(),
      fc.string(),
      fc.constantFrom(null, true),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(
      fc.constantFrom('a', 'password', 'b"c', '{{d}}'),
      fc.oneof(tie('value'), fc.constant('MARKED-7')),
      { maxKeys: 3 },
    ),
  }));
  const body = fc.record({
    body: value,
    spaces: fc.constantFrom(0, 2),
    marked: fc.constantFrom('password', 'api_key', 'newPassword'),
  });
  const property = fc.asyncProperty(body, async ({ body, spaces, marked }) => {
    const clean = JSON.parse(JSON.stringify(body).replaceAll('MARKED-7', 'plain')) as unknown;
    const document = JSON.stringify({ before: clean, in: [{ [marked]: 'MARKED-7' }], after: 1.5e300 }, null, spaces);
    const { text, steps } = await written(fromHar(har(entry(posted('application/json', document)))));
    return steps === 1 && !text.includes('MARKED-7');
  });
  await fc.assert(property, { seed: 1127, numRuns: 60 });
  t.pass('60 documents');
});

t.test('what is no secret is sent as it was recorded', async (t) => {
  const url = await echoServer(t);
  const bodies: [type: string, text: string][] = [
    ['application/x-www-form-urlencoded', 'email=a%40b.com&q=p%26q+r&e=%20&s=%7E*'],
    ['application/x-www-form-urlencoded; charset=UTF-8', 'a=1&b=2&a=3'],
    ['application/x-www-form-urlencoded', 'raw text'],
    ['application/json', '{"id": 12345678901234567890, "f": 1.0}'],
    ['application/json', '{"a":1}'],
    ['application/vnd.api+json', '{"a": "{{b}}"}'],
    ['text/plain;charset=UTF-8', 'a\nb {{c}}'],
  ];
  for (const [type, text] of bodies) {
    const recorded = fromHar(
      har(entry({ url: `${url}/echo`, ...posted(type, text, [{ name: 'email', value: 'a%40b.com' }]) })),
    );
    const { text: yaml, losses } = await written(recorded);
    t.same(losses, [], text);
    const { result } = await runText(
      `${yaml}      - { name: body, json: ${JSON.stringify({ '$.body': { equals: text.replaceAll('{{', '{{$repeat({,2)}}') }, "$.headers['content-type'][0]": type })} }\n`,
      url,
    );
    t.ok(result.passed, text, { yaml, failures: result.failures });
  }
});

t.test('a redirect is recorded hop by hop: each is asked for once', async (t) => {
  const url = await echoServer(t);
  const hops = har(
    entry({ method: 'GET', url: `${url}/redirect/x` }, { status: 302 }),
    entry({ method: 'GET', url: `${url}/echo/there` }),
  );
  const { result, steps } = await runText((await written(fromHar(hops))).text, url);
  t.ok(result.passed);
  t.same(steps.length, 2);
  t.equal(result.requests.executed, 2);
});

t.test('cookies that the recording itself got are left to the run', async (t) => {
  const login = entry({}, { status: 200, headers: [header('Set-Cookie', 'sid=1; Path=/'), header('x', '')] });
  const after = entry({ headers: [header('Cookie', 'sid=1')] });
  const { text, losses } = await written(fromHar(har(login, after)));
  t.same(losses, []);
  t.notMatch(text, /Cookie/);
});
