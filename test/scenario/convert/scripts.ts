/** Test scripts of Postman's own snippets and of its users, each with what becomes of it: checks, captures, losses. */
export interface ScriptCase {
  script: string;
  checks: number;
  captures?: Record<string, unknown>;
  /** How many things are told. */
  lost?: number;
}

const test = (body: string) => `pm.test('t', function () { ${body} });`;
const one = (body: string): ScriptCase => ({ script: test(body), checks: 1 });
const json = (body: string): ScriptCase => ({
  script: `const jsonData = pm.response.json();\n${test(body)}`,
  checks: 1,
});
const legacy = (expression: string): ScriptCase => ({ script: `tests['t'] = ${expression};`, checks: 1 });
const gets = (script: string, captures: Record<string, unknown>): ScriptCase => ({ script, checks: 0, captures });
const told = (script: string, lost = 1): ScriptCase => ({ script, checks: 0, lost });

/** What is carried over, asked of `{"id":7,"name":"Ada","nested":{"token":"tok-1","list":[1,"two"]},"none":null,"ok":true}`; some hold and some do not. */
export const carried: ScriptCase[] = [
  one('pm.response.to.have.status(200);'),
  one('pm.response.to.have.status(201);'),
  one('pm.response.to.not.have.status(500);'),
  one('pm.response.to.be.ok'),
  one('pm.response.to.be.success'),
  one('pm.response.to.be.notFound'),
  one('pm.response.to.be.error'),
  one('pm.response.to.not.be.error'),
  one('pm.response.to.be.clientError'),
  one('pm.response.to.be.json'),
  one('pm.response.to.be.withBody'),
  one('pm.expect(pm.response.code).to.equal(200)'),
  one('pm.expect(pm.response.code).to.be.oneOf([201, 202]);'),
  one('pm.expect(pm.response.code).to.be.oneOf([200, 202]);'),
  one('pm.expect([200, 201].includes(pm.response.code)).to.be.true'),
  one('pm.expect(pm.response.code === 200 || pm.response.code === 201).to.eql(true)'),
  one('pm.expect(pm.response.responseTime).to.be.below(60000);'),
  one('pm.expect(pm.response.responseTime).to.be.above(60000);'),
  one('pm.response.to.have.responseTime.below(60000)'),
  one("pm.response.to.have.header('Content-Type');"),
  one("pm.response.to.have.header('X-Missing');"),
  one("pm.response.to.have.header('X-Kind', 'test');"),
  one("pm.expect(pm.response.headers.get('Content-Type')).to.include('json');"),
  one("pm.expect(pm.response.headers.get('X-Kind')).to.eql('other');"),
  one("pm.expect(pm.response.text()).to.include('Ada');"),
  one("pm.expect(responseBody).to.not.include('Bob');"),
  one("pm.response.to.have.body('x');"),
  json('pm.expect(jsonData.id).to.eql(7);'),
  json('pm.expect(jsonData.id).to.eql(8);'),
  json('pm.expect(jsonData.id).to.not.eql(8);'),
  json("pm.expect(jsonData.id).to.equal('7');"),
  json("pm.expect(jsonData['name']).to.be.a('string').and.to.have.lengthOf(3)"),
  json(
    'pm.expect(jsonData.nested.list).to.have.lengthOf(2); pm.expect(jsonData.nested.list).to.be.an("array").that.is.not.empty;',
  ),
  json('pm.expect(jsonData.nested.list.length).to.be.above(1);'),
  json('pm.expect(jsonData.nested.list.length).to.equal(3);'),
  json('pm.expect(jsonData.nested.list).to.have.length.above(5);'),
  json("pm.expect(jsonData.nested.list[1]).to.eql('two');"),
  json("pm.expect(jsonData.nested.list).to.eql([1, 'two']);"),
  json("pm.expect(jsonData.nested.list).to.include('two');"),
  json("pm.expect(jsonData.nested.list).to.have.members(['two', 1]);"),
  json("pm.expect(jsonData).to.have.property('id');"),
  json("pm.expect(jsonData).to.have.property('id', 9);"),
  json("pm.expect(jsonData).to.not.have.property('gone');"),
  json("pm.expect(jsonData).to.have.property('nested').that.has.property('token', 'tok-1');"),
  json('pm.expect(jsonData.none).to.be.null;'),
  json('pm.expect(jsonData.gone).to.be.undefined;'),
  json('pm.expect(jsonData.id).to.exist; pm.expect(jsonData.none).to.not.exist;'),
  json('pm.expect(jsonData.ok).to.be.true;'),
  json('pm.expect(jsonData.ok).to.be.false;'),
  json('pm.expect(jsonData.name).to.be.ok;'),
  json('pm.expect(jsonData.none).to.be.ok;'),
  json('pm.expect(jsonData.name).to.match(/^A[a-d]+$/);'),
  json('pm.expect(jsonData.name).to.match(/^B/);'),
  json('pm.expect(jsonData.id).to.be.at.least(7).and.at.most(7);'),
  json('pm.expect(jsonData.id).to.be.within(8, 9);'),
  json("pm.expect(typeof jsonData.id).to.equal('number');"),
  json("pm.expect(jsonData.nested).to.be.an('object');"),
  json("pm.expect(jsonData.name).to.be.oneOf(['Ada', 'Bob']);"),
  json('pm.expect(jsonData.id == 7 && jsonData.name !== "Bob").to.be.true;'),
  json('pm.expect(jsonData.gone === undefined).to.be.false;'.replace('=== undefined', "!== 'x'")),
  json("pm.expect(pm.response.text().indexOf('Ada') > -1).to.be.true"),
  { script: 'let body = JSON.parse(responseBody);\npm.test(`t`, () => pm.expect(body.id).to.equal(7));', checks: 1 },
  {
    script:
      "const { id, nested } = pm.response.json();\npm.test('t', () => { pm.expect(id).to.equal(7); pm.expect(nested.token).to.equal('no'); });",
    checks: 1,
  },
  {
    script: "pm.test('t', () => { const data = pm.response.json().nested; pm.expect(data.token).to.equal('tok-1'); });",
    checks: 1,
  },
  {
    script:
      "const schema = { type: 'object', required: ['id'] };\npm.test('t', () => { pm.response.to.have.jsonSchema(schema); });",
    checks: 1,
  },
  {
    script:
      "const schema = { type: 'object', required: ['gone'] };\npm.test('t', () => pm.expect(tv4.validate(pm.response.json(), schema)).to.be.true);",
    checks: 1,
  },
  {
    script:
      "// pm.test('old', () => pm.response.to.have.status(500));\n/* pm.test('older', () => pm.response.to.have.status(501)); */\npm.test('t', () => pm.response.to.have.status(200)); // end",
    checks: 1,
  },
  legacy('responseCode.code === 200'),
  legacy('responseCode.code == 404'),
  legacy('responseTime < 60000'),
  legacy("responseBody.has('Ada')"),
  legacy("postman.getResponseHeader('X-Kind')"),
  legacy("postman.getResponseHeader('X-Missing')"),
  legacy('JSON.parse(responseBody).id === 7'),
  legacy('!(JSON.parse(responseBody).id > 7)'),
  legacy('200 <= responseCode.code && responseCode.code < 300'),
];

/** What is taken from the response. */
export const captured: ScriptCase[] = [
  gets("pm.environment.set('a', pm.response.json().nested.token);", { a: '$.nested.token' }),
  gets("const json = pm.response.json().nested; pm.environment.set('a', json.token);", { a: '$.nested.token' }),
  gets("var jsonData = JSON.parse(responseBody); postman.setEnvironmentVariable('a', jsonData.nested.list[0]);", {
    a: '$.nested.list[0]',
  }),
  gets('postman.setGlobalVariable("a", JSON.parse(responseBody)[\'id\']);', { a: '$.id' }),
  gets("pm.collectionVariables.set('a', pm.response.headers.get('X-Kind'));", { a: { header: 'X-Kind' } }),
  gets("pm.variables.set('a', pm.response.code); pm.globals.set('b', pm.response.text());", {
    a: { status: true },
    b: { text: true },
  }),
  gets("let d = pm.response.json(); d = d.nested; pm.environment.set('a', d.token)", { a: '$.nested.token' }),
  gets("const d = pm.response.json(); console.log(d); pm.environment.set('a', d.id)", { a: '$.id' }),
  {
    script:
      "pm.test('t', () => { const d = pm.response.json(); pm.expect(d.id).to.equal(7); pm.environment.set('a', d.id); });",
    checks: 1,
    captures: { a: '$.id' },
  },
];

/** What is told and not carried over. */
export const lost: ScriptCase[] = [
  told(
    "if (pm.response.code === 200) { pm.test('t', () => pm.response.to.have.status(200)); pm.environment.set('a', pm.response.json().id); }",
  ),
  told("pm.test('t', () => pm.expect(pm.response.json().items.filter((i) => i.ok).length).to.equal(1));"),
  told("for (const each of [1, 2]) pm.test('t' + each, () => pm.response.to.be.ok);"),
  told("pm.test('t', function (done) { setTimeout(done, 1); });"),
  told("pm.environment.set('a', pm.response.json().nested.list.length);"),
  told("pm.environment.set('a', pm.response.json().id + 1);"),
  told("pm.sendRequest('http://127.0.0.1:1', () => {});"),
  told("postman.setNextRequest('x');"),
  told("const d = pm.response.json(); d.list.sort(); pm.environment.set('a', d.list[0]);", 2),
  told("let d = pm.response.json(); if (d.ok) d = d.nested; pm.environment.set('a', d.token);", 2),
  told("pm.test('t', () => { if (pm.response.code !== 200) return; pm.response.to.be.ok; });"),
  told('this is no JavaScript'),
  {
    script:
      "pm.test('t', () => { pm.response.to.have.status(200); pm.expect(Object.keys(pm.response.json())).to.have.lengthOf(5); });",
    checks: 1,
    lost: 1,
  },
];
