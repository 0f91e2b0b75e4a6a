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
  /** Options of newman, by the names that both programs understand. */
  options?: { data?: Json[]; iterations?: number; folder?: string; bail?: boolean; environment?: Json; globals?: Json };
}

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
];
