type Json = Record<string, unknown>;

const script = (listen: string, ...exec: string[]) => ({ listen, script: { type: 'text/javascript', exec } });
const request = (name: string, path: string, more: Json = {}, ...event: Json[]) => ({
  name,
  event,
  request: { method: 'GET', url: `{{base}}${path}`, ...more },
});
const collection = (name: string, item: unknown[], more: Json = {}) => ({
  info: { name, schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
  item,
  ...more,
});

export interface Case {
  collection: Json;
  /** Requests that newman counts as good and hwctl does not: their upload was not sent. */
  unsent?: number;
  /** Options of newman, by the names that both programs understand. */
  options?: {
    /** A list is written as JSON, a text as CSV. */
    data?: unknown[] | Json | string;
    iterations?: number;
    folder?: string | string[];
    bail?: boolean;
    environment?: Json;
    globals?: Json;
    /** Of `--env-var` and `--global-var`. */
    given?: { environment?: Record<string, string>; globals?: Record<string, string> };
  };
}

/** A test that expects members of what the echo server saw. */
const saw = (expected: Json) =>
  script(
    'test',
    `const seen = pm.response.json(); const expected = ${JSON.stringify(expected)};`,
    'for (const name of Object.keys(expected)) pm.test(name, () => pm.expect(seen[name]).to.eql(expected[name]));',
  );
const says = (name: string) =>
  script('prerequest', `pm.variables.set('order', (pm.variables.get('order') || '') + '${name}');`);
const list = (values: Record<string, unknown>) => Object.entries(values).map(([key, value]) => ({ key, value }));

/** Collections that use what Postman's users use; `{{base}}` is the test's server. */
export const cases: Case[] = [
  {
    collection: collection('chai assertions', [
      request(
        'passes and fails',
        '/json',
        {},
        script(
          'test',
          "pm.test('status', () => pm.response.to.have.status(200));",
          "pm.test('body', () => { pm.expect(pm.response.json()).to.deep.include({ id: 7, name: 'Ada' }); });",
          "pm.test('wrong', () => { pm.expect(pm.response.json().id).to.equal(8); });",
          "pm.test('wrong header', () => { pm.response.to.have.header('X-Missing'); });",
          "pm.test.skip('later', () => {});",
          "tests['legacy'] = responseCode.code === 200;",
        ),
      ),
    ]),
  },
  {
    collection: collection(
      'folders and scripts at every level',
      [
        {
          name: 'Outer',
          event: [
            script('prerequest', "pm.variables.set('from', 'outer');"),
            script('test', "pm.test('folder test', () => {});"),
          ],
          item: [
            {
              name: 'Inner',
              item: [
                request(
                  'deep',
                  '/echo?x={{from}}',
                  {},
                  script('test', "pm.test('deep', () => pm.expect(pm.response.json().url).to.equal('/echo?x=outer'));"),
                ),
              ],
            },
          ],
        },
        request('root', '/json'),
      ],
      { event: [script('prerequest', ''), script('test', "pm.test('collection test', () => pm.response.to.be.ok);")] },
    ),
  },
  {
    collection: collection('sendRequest', [
      request(
        'asks twice',
        '/json',
        {},
        script(
          'prerequest',
          "pm.sendRequest(pm.variables.get('base') + '/status/201', (error, response) => { pm.environment.set('seen', response.code); });",
        ),
        script('test', "pm.test('seen', () => pm.expect(pm.environment.get('seen')).to.equal(201));"),
      ),
    ]),
  },
  {
    collection: collection('setNextRequest', [
      request('one', '/json?1', {}, script('test', "pm.execution.setNextRequest('three');")),
      request('two', '/json?2', {}, script('test', "pm.test('never', () => pm.expect.fail());")),
      request('three', '/json?3', {}, script('test', 'postman.setNextRequest(null);')),
      request('four', '/json?4'),
    ]),
  },
  {
    collection: collection('skipRequest', [
      request(
        'left out',
        '/json',
        {},
        script('prerequest', 'pm.execution.skipRequest();'),
        script('test', "pm.test('never', () => {});"),
      ),
      request('done', '/json', {}, script('test', "pm.test('done', () => {});")),
    ]),
  },
  {
    collection: collection('auth', [
      request(
        'basic',
        '/echo',
        {
          auth: {
            type: 'basic',
            basic: [
              { key: 'username', value: 'u' },
              { key: 'password', value: 'p' },
            ],
          },
        },
        script(
          'test',
          "pm.test('basic', () => pm.expect(pm.response.json().headers.authorization[0]).to.equal('Basic dTpw'));",
        ),
      ),
      request(
        'bearer',
        '/echo',
        { auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}' }] } },
        script(
          'test',
          "pm.test('bearer', () => pm.expect(pm.response.json().headers.authorization[0]).to.equal('Bearer t1'));",
        ),
      ),
      request(
        'api key',
        '/echo',
        {
          auth: {
            type: 'apikey',
            apikey: [
              { key: 'key', value: 'X-Key' },
              { key: 'value', value: 'k' },
              { key: 'in', value: 'header' },
            ],
          },
        },
        script('test', "pm.test('key', () => pm.expect(pm.response.json().headers['x-key'][0]).to.equal('k'));"),
      ),
    ]),
    options: { environment: { name: 'e', values: [{ key: 'token', value: 't1' }] } },
  },
  {
    collection: collection(
      'variables of every scope',
      [
        request(
          'who wins',
          '/echo?g={{g}}&e={{e}}&c={{c}}&d={{d}}',
          {},
          script(
            'test',
            "pm.test('d is ' + pm.iterationData.get('d'), () => pm.expect(pm.response.json().url).to.equal('/echo?g=global&e=env&c=coll&d=' + pm.iterationData.get('d')));",
          ),
        ),
      ],
      {
        variable: [
          { key: 'c', value: 'coll' },
          { key: 'e', value: 'hidden' },
        ],
      },
    ),
    options: {
      environment: { name: 'e', values: [{ key: 'e', value: 'env' }] },
      globals: { values: [{ key: 'g', value: 'global' }] },
      data: [{ d: 'one' }, { d: 'two' }],
    },
  },
  {
    collection: collection('dynamic variables', [
      request(
        'uuid',
        '/echo?u={{$guid}}&n={{$randomInt}}',
        {},
        script('test', "pm.test('uuid', () => pm.expect(pm.response.json().url).to.match(/u=[0-9a-f-]{36}&n=\\d+$/));"),
      ),
    ]),
    options: { iterations: 3 },
  },
  {
    collection: collection('cookies', [
      request('set', '/json'),
      request(
        'sent',
        '/echo',
        {},
        script(
          'test',
          "pm.test('cookie', () => pm.expect(pm.response.json().cookie).to.equal('sid=abc'));",
          "pm.test('pm.cookies', () => pm.expect(pm.cookies.get('sid')).to.equal('abc'));",
        ),
      ),
    ]),
  },
  {
    collection: collection('bodies', [
      request(
        'raw',
        '/echo',
        {
          method: 'POST',
          header: [{ key: 'Content-Type', value: 'application/json' }],
          body: { mode: 'raw', raw: '{"a":"{{base}}"}' },
        },
        script('test', "pm.test('raw', () => pm.expect(pm.response.json().body).to.contain('http'));"),
      ),
      request(
        'form',
        '/echo',
        {
          method: 'POST',
          body: {
            mode: 'urlencoded',
            urlencoded: [
              { key: 'a', value: 'x y' },
              { key: 'off', value: '1', disabled: true },
            ],
          },
        },
        script('test', "pm.test('form', () => pm.expect(pm.response.json().body).to.equal('a=x%20y'));"),
      ),
      request(
        'upload',
        '/echo',
        { method: 'POST', body: { mode: 'formdata', formdata: [{ key: 'f', type: 'file', src: 'upload.txt' }] } },
        script(
          'test',
          "pm.test('file', () => pm.expect(pm.response.json().body).to.contain('filename=\"upload.txt\"'));",
        ),
      ),
      request('graphql', '/echo', {
        method: 'POST',
        body: { mode: 'graphql', graphql: { query: '{ me }', variables: '{"x":1}' } },
      }),
    ]),
  },
  {
    collection: collection('errors', [
      request('refused', '', { url: 'http://127.0.0.1:1/none' }, script('test', "pm.test('never', () => {});")),
      request('script throws', '/json', {}, script('test', "pm.test('before', () => {});", "throw new Error('boom');")),
      request('reset', '/reset'),
    ]),
  },
  {
    collection: collection('bail', [
      request('fails', '/json', {}, script('test', "pm.test('no', () => pm.response.to.have.status(500));")),
      request('never', '/json'),
    ]),
    options: { bail: true },
  },
  {
    collection: collection('one folder', [
      { name: 'A', item: [request('a', '/json?a')] },
      { name: 'B', item: [request('b', '/json?b', {}, script('test', "pm.test('b', () => {});"))] },
    ]),
    options: { folder: 'B' },
  },
  {
    collection: {
      info: { name: 'format 2.0', schema: 'https://schema.getpostman.com/json/collection/v2.0.0/collection.json' },
      auth: { type: 'basic', basic: { username: 'u', password: 'p' } },
      item: [
        request(
          'inherits',
          '/echo',
          {},
          script(
            'test',
            "pm.test('basic', () => pm.expect(pm.response.json().headers.authorization[0]).to.equal('Basic dTpw'));",
          ),
        ),
        request(
          'without',
          '/echo',
          { auth: { type: 'noauth' } },
          script(
            'test',
            "pm.test('none', () => pm.expect(pm.response.json().headers.authorization).to.equal(undefined));",
          ),
        ),
      ],
    },
  },
  {
    collection: collection(
      'auth and variables are inherited',
      [
        request(
          'of the collection',
          '/echo?{{mine}}',
          {},
          script(
            'test',
            "pm.test('bearer', () => pm.expect(pm.response.json().headers.authorization).to.eql(['Bearer T-1']));",
          ),
        ),
        {
          name: 'folder with its own',
          auth: { type: 'apikey', apikey: list({ key: 'X-Key', value: '{{mine}}', in: 'header' }) },
          item: [
            request(
              'of the folder',
              '/echo',
              {},
              script('test', "pm.test('key', () => pm.expect(pm.response.json().headers['x-key']).to.eql(['v1']));"),
            ),
            request(
              'none',
              '/echo',
              { auth: { type: 'noauth' } },
              script(
                'test',
                "pm.test('none', () => pm.expect(pm.response.json().headers).to.not.have.any.keys('x-key', 'authorization'));",
              ),
            ),
            request(
              'in the query',
              '/echo',
              { auth: { type: 'apikey', apikey: list({ key: 'k', value: 'a b', in: 'query' }) } },
              saw({ url: '/echo?k=a%20b' }),
            ),
            { name: 'inner', item: [request('of the outer folder', '/echo')] },
          ],
        },
        request(
          'set by a script',
          '/echo?{{later}}{{mine}}',
          {},
          script('prerequest', "pm.collectionVariables.set('later', 'L'); pm.collectionVariables.set('mine', 'v2');"),
          saw({ url: '/echo?Lv2' }),
        ),
        request('kept', '/echo?{{later}}{{mine}}', {}, saw({ url: '/echo?Lv2' })),
      ],
      {
        variable: list({ token: 'T-1', mine: 'v1' }),
        auth: { type: 'bearer', bearer: list({ token: '{{token}}' }) },
      },
    ),
    options: { iterations: 2 },
  },
  {
    collection: collection(
      'scripts before requests, from the outside in',
      [
        {
          name: 'outer',
          event: [says('o')],
          item: [
            {
              name: 'inner',
              event: [says('i')],
              item: [request('deep', '/echo?{{order}}', {}, says('r'), saw({ url: '/echo?coir' }))],
            },
            request('shallow', '/echo?{{order}}', {}, saw({ url: '/echo?co' })),
          ],
        },
        {
          name: 'left out',
          event: [script('prerequest', 'pm.execution.skipRequest();')],
          item: [request('never', '/echo', {}, script('test', "pm.test('never', () => {});"))],
        },
        request(
          'throws before',
          '/echo',
          {},
          script('prerequest', "throw new TypeError('a\\nb');"),
          script('test', "pm.test('still run', () => {});"),
        ),
      ],
      { event: [says('c')] },
    ),
  },
  {
    collection: collection('responses in other charsets', [
      request(
        'latin-1',
        '/latin1',
        {},
        script(
          'test',
          "pm.test('text ' + pm.response.text(), () => pm.expect(pm.response.text()).to.equal('h\u00e9'));",
          "pm.test('wrong', () => pm.expect(responseBody).to.equal('x'));",
        ),
      ),
      request(
        'bytes',
        '/bytes',
        {},
        script(
          'test',
          "pm.test('size', () => pm.expect(pm.response.stream.length).to.equal(4));",
          "pm.test('json', () => pm.response.json());",
        ),
      ),
      request(
        'gzip',
        '/gzip',
        {},
        script('test', "pm.test('packed', () => pm.expect(pm.response.json().packed).to.be.true);"),
      ),
    ]),
  },
  {
    unsent: 1,
    collection: collection('more bodies', [
      request('graphql with an object', '/echo', {
        method: 'POST',
        body: {
          mode: 'graphql',
          graphql: { query: 'query A { a(b: "{{$guid}}") }', operationName: 'A', variables: { x: [1, '{{e}}'] } },
        },
      }),
      request(
        'graphql with a text',
        '/echo',
        { method: 'POST', body: { mode: 'graphql', graphql: { query: '{ me }', variables: '{"x": {{n}}}' } } },
        saw({ body: '{"query":"{ me }","variables":{"x": 7}}' }),
      ),
      request(
        'raw with random parts',
        '/echo',
        {
          method: 'POST',
          body: {
            mode: 'raw',
            raw: '{"id":"{{$guid}}","e":"{{e}}","none":"{{none}}"}',
            options: { raw: { language: 'json' } },
          },
        },
        script(
          'test',
          'pm.test(\'body\', () => pm.expect(pm.response.json().body).to.match(/^\\{"id":"[0-9a-f-]{36}","e":"\\u00c3\\u00a9","none":"\\{\\{none\\}\\}"\\}$/));',
        ),
      ),
      request(
        'form with the same name twice',
        '/echo',
        {
          method: 'POST',
          body: { mode: 'urlencoded', urlencoded: [...list({ a: '1', b: "it's (b)!" }), { key: 'a', value: '{{e}}' }] },
        },
        saw({ body: 'a=1&a=%C3%A9&b=it%27s%20%28b%29%21' }),
      ),
      request(
        'parts',
        '/echo',
        {
          method: 'POST',
          body: {
            mode: 'formdata',
            formdata: [
              { key: 'j', value: '{"a":1}', contentType: 'application/json', type: 'text' },
              { key: 'f', type: 'file', src: ['upload.txt', 'upload.txt'] },
              { key: 'off', value: '1', disabled: true },
            ],
          },
        },
        script(
          'test',
          "pm.test('parts', () => pm.expect(pm.response.json().body.match(/Content-Disposition/g)).to.have.length(3));",
        ),
      ),
      request(
        'a file',
        '/echo',
        { method: 'PUT', body: { mode: 'file', file: { src: 'upload.txt' } } },
        saw({ body: 'uploaded' }),
      ),
      request(
        'a file that is not there',
        '/echo',
        { method: 'POST', body: { mode: 'file', file: { src: 'missing.txt' } } },
        script('test', "pm.test('sent', () => {});"),
      ),
      request('no body with GET', '/echo', { body: { mode: 'raw', raw: 'dropped' } }, saw({ body: '' })),
      {
        ...request('a body with GET', '/echo', { body: { mode: 'raw', raw: 'kept' } }, saw({ body: 'kept' })),
        protocolProfileBehavior: { disableBodyPruning: true },
      },
      request(
        'disabled',
        '/echo',
        { method: 'POST', body: { mode: 'raw', raw: 'x', disabled: true } },
        saw({ body: '' }),
      ),
    ]),
    options: {
      environment: {
        name: 'e',
        values: [
          { key: 'e', value: '\u00e9' },
          { key: 'n', value: 7 },
          { key: 'none', value: 'x', enabled: false },
        ],
      },
    },
  },
  {
    collection: collection('URLs', [
      request('path variables', '', {
        url: {
          raw: '{{base}}/echo/:id/x:y/:id',
          host: ['{{base}}'],
          path: ['echo', ':id', 'x:y', ':id'],
          variable: list({ id: '{{v}} /1' }),
        },
      }),
      request('as an object', '', {
        url: {
          raw: 'ignored',
          host: ['{{base}}'],
          path: ['echo'],
          query: [
            { key: 'a', value: '{{v}}' },
            { key: 'off', value: '1', disabled: true },
            { key: 'empty', value: '' },
            { key: 'bare', value: null },
            { key: 'a', value: 'x&y=\u00e9 "' },
          ],
          hash: 'h',
        },
      }),
      request('as text', '/echo?a=b c&d=\u00e9&e=%20&f={{v}}&g={{none}}#hash'),
      request(
        'disabled header',
        '/echo',
        {
          header: [
            { key: 'Off', value: '1', disabled: true },
            { key: 'On', value: '{{v}}' },
            { key: 'On', value: '2' },
          ],
        },
        script(
          'test',
          "pm.test('headers', () => { const { headers } = pm.response.json(); pm.expect(headers).to.not.have.property('off'); pm.expect(headers.on.join()).to.equal('v,2'); });",
        ),
      ),
      {
        ...request(
          'not followed',
          '/redirect',
          {},
          script('test', "pm.test('302', () => pm.response.to.have.status(302));"),
        ),
        protocolProfileBehavior: { followRedirects: false },
      },
      request(
        'followed',
        '/redirect',
        { method: 'POST', body: { mode: 'raw', raw: 'x' } },
        saw({ url: '/echo/there', method: 'GET' }),
      ),
      request(
        'changed by a script',
        '/echo',
        {},
        script(
          'prerequest',
          "pm.request.url.query.add('s=1'); pm.request.headers.add({ key: 'X-Key', value: 'sk' }); pm.request.method = 'DELETE';",
        ),
        saw({ url: '/echo?s=1', method: 'DELETE' }),
      ),
      request('an own method', '/echo', { method: 'PURGE' }, saw({ method: 'PURGE' })),
      request('no host', '', { url: 'http://{{nohost}}/x' }),
    ]),
    options: { environment: { name: 'e', values: list({ v: 'v' }) } },
  },
  {
    collection: collection('bail at an error of a script', [
      request(
        'throws',
        '/json',
        {},
        script('prerequest', "throw new Error('no');"),
        script('test', "pm.test('x', () => {});"),
      ),
      request('never', '/json'),
    ]),
    options: { bail: true, iterations: 2 },
  },
  {
    collection: collection('bail where nothing answers', [
      request('refused', '', { url: 'http://127.0.0.1:1/none' }),
      request('never', '/json'),
    ]),
    options: { bail: true },
  },
  {
    collection: collection('more iterations than rows', [request('row', '/echo?{{d}}', {}, saw({ url: '/echo?1' }))]),
    options: { data: [{ d: 1 }, { d: 2 }], iterations: 3 },
  },
  {
    collection: collection('fewer iterations than rows', [request('row', '/echo?{{d}}', {}, saw({ url: '/echo?1' }))]),
    options: { data: [{ d: 1 }, { d: 2 }], iterations: 1 },
  },
  {
    collection: collection('rows of CSV', [
      request(
        'row',
        '/echo?{{row}}&{{n}}&{{more}}',
        {},
        script('test', "pm.test(JSON.stringify(data), () => pm.expect(pm.iterationData.get('n')).to.be.a('number'));"),
      ),
    ]),
    options: { data: 'row,n,more\n 007 ,1\nshort\n"5",0x10,true,extra\n\n1e3,-0,"a ""b"""\n' },
  },
  {
    collection: collection('data that is one object', [request('row', '/echo?{{d}}', {}, saw({ url: '/echo?1' }))]),
    options: { data: { d: 1 } },
  },
  {
    collection: collection('rows that are no objects', [request('row', '/echo?{{d}}', {}, saw({ url: '/echo?1' }))]),
    options: { data: [null, 1, { d: 1 }, ['x'], 'text'] },
  },
  { collection: collection('no rows', [request('row', '/echo')]), options: { data: [] } },
  {
    collection: collection(
      'what the command line sets wins',
      [
        request(
          'vars',
          '/echo?{{a}}&{{b}}&{{c}}',
          {},
          saw({ url: '/echo?given&row&given' }),
          script('test', "pm.test('types', () => pm.expect(pm.environment.get('a')).to.equal('given'));"),
        ),
      ],
      { variable: list({ a: 'collection', b: 'collection', c: 'collection' }) },
    ),
    options: {
      environment: { name: 'e', values: list({ a: 'file', b: 'file' }) },
      globals: { values: list({ a: 'global', c: 'global' }) },
      data: [{ b: 'row' }],
      given: { environment: { a: 'given', b: 'given' }, globals: { c: 'given' } },
    },
  },
  {
    collection: collection('the nearest of the same name', [
      { name: 'A', item: [{ name: 'X', item: [request('deep', '/echo?deep')] }] },
      { name: 'X', item: [request('near', '/echo?near')] },
    ]),
    options: { folder: 'X' },
  },
  {
    collection: collection('several folders, in the order of the file', [
      { name: 'A', item: [request('a', '/echo?a')] },
      { name: 'B', item: [request('b', '/echo?b'), request('c', '/echo?c')] },
      { name: 'C', item: [request('d', '/echo?d')] },
    ]),
    options: { folder: ['C', 'b', 'A'] },
  },
  {
    collection: collection('what scripts can do', [
      request(
        'libraries and old names',
        '/json',
        {},
        script(
          'test',
          "const all = ['moment', 'uuid', 'xml2js', 'ajv', 'atob'].map((name) => require(name));",
          "pm.test('lodash', () => pm.expect(require('lodash').sum([1, 2])).to.equal(3));",
          "pm.test('crypto', () => pm.expect(require('crypto-js').MD5('a').toString()).to.equal('0cc175b9c0f1b6a831c399e269772661'));",
          "pm.test('cheerio', () => pm.expect(require('cheerio').load('<b>x</b>')('b').text()).to.equal('x'));",
          "pm.test('xml', () => pm.expect(xml2Json('<a>1</a>').a).to.equal('1'));",
          "pm.test('schema', () => pm.response.to.have.jsonSchema({ type: 'object', required: ['id', 'gone'] }));",
          "pm.test('tv4', () => pm.expect(tv4.validate({}, { required: ['a'] })).to.be.false);",
          "pm.test('body', () => pm.response.to.have.jsonBody('nested.n', 1.5));",
          "pm.test('header', () => pm.expect(postman.getResponseHeader('x-kind')).to.equal('test'));",
          "tests['id'] = JSON.parse(responseBody).id === 8; tests['name'] = true;",
          "pm.test('time', () => pm.expect(responseTime).to.be.above(-1));",
        ),
      ),
      request(
        'waits',
        '/json',
        {},
        script(
          'test',
          "pm.test('later', (done) => setTimeout(() => done(new Error('late')), 20));",
          "setTimeout(() => pm.test('after the end', () => {}), 10);",
        ),
      ),
      request(
        'asks with a body',
        '/json',
        {},
        script(
          'prerequest',
          "pm.sendRequest({ url: pm.variables.replaceIn('{{base}}/echo?{{$guid}}').replace(/[0-9a-f-]{36}/, 'x'), method: 'POST', header: { 'X-Key': 'k' }, body: { mode: 'urlencoded', urlencoded: [{ key: 'a', value: 'b' }] } }, () => {}); pm.sendRequest('http://127.0.0.1:1/', (error) => { pm.environment.set('refused', String(error && error.code)); });",
        ),
        script(
          'test',
          "pm.test('refused', () => pm.expect(pm.environment.get('refused')).to.equal('ECONNREFUSED'));",
          "pm.test('info', () => pm.expect([pm.info.eventName, pm.info.iteration, pm.info.iterationCount, pm.info.requestName]).to.eql(['test', 0, 1, 'asks with a body']));",
        ),
      ),
      request(
        'a loop',
        '/echo?loop{{i}}',
        {},
        script('prerequest', "const i = (pm.globals.get('i') || 0) + 1; pm.globals.set('i', i);"),
        script('test', "if (pm.globals.get('i') < 3) postman.setNextRequest('a loop');"),
      ),
      request('no syntax', '/json', {}, script('test', 'pm.test(')),
      {
        ...request('text script', '/json'),
        event: [
          { listen: 'test', script: { exec: "pm.test('one\\nline', () => { throw new Error('two\\nlines'); });" } },
          { listen: 'test', disabled: true, script: { exec: ["pm.test('off', () => {});"] } },
        ],
      },
      request('unknown next', '/json', {}, script('test', "postman.setNextRequest('gone');")),
      request('not reached', '/json'),
    ]),
  },
  { collection: collection('nothing to run', []) },
  { collection: collection('an empty folder', [{ name: 'A', item: [] }, request('a', '/echo')]) },
];
