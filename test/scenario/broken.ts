const step = (fields: string) => `name: x\nsteps:\n  - { name: a, request: GET /a, ${fields} }\n`;
const check = (fields: string) => step(`check: [{ name: c, ${fields} }]`);

/** Broken scenario files; what is said about each is in test/golden/scenario/broken.txt. */
export const brokenScenarios: [what: string, yaml: string][] = [
  ['empty', ''],
  ['only a comment', '# nothing\n'],
  ['a text', 'hello\n'],
  ['a list', '- a\n'],
  ['not YAML', 'name: "x\n'],
  ['a tab', 'name: x\nsteps:\n\t- a\n'],
  ['braces unquoted', 'name: x\nsteps:\n  - { name: a, request: GET /x/{{id}}/y }\n'],
  ['twice the same key', 'name: x\nname: y\nsteps: []\n'],
  ['no name', 'steps: []\n'],
  ['no steps', 'name: x\n'],
  ['steps is no list', 'name: x\nsteps: GET /\n'],
  ['unknown field', 'name: x\nstesp: []\nsteps: []\n'],
  [
    'several problems',
    'nam: x\nsteps:\n  - { request: FETCH /a, chek: [] }\n  - { request: GET a }\n  - { wait: soon }\n',
  ],
  ['a step without request', 'name: x\nsteps:\n  - { name: a }\n'],
  ['a step that is a text', 'name: x\nsteps: [GET /]\n'],
  ['unknown field of a step', step('chekc: []')],
  ['unknown method', 'name: x\nsteps: [{ request: PSOT /a }]\n'],
  ['no path', 'name: x\nsteps: [{ request: GET }]\n'],
  ['path without slash', 'name: x\nsteps: [{ request: GET orders }]\n'],
  ['two bodies', step('json: 1, text: a')],
  ['header name', step("headers: { 'a b': c }")],
  ['variable name', step('capture: { 1a: $.id }')],
  ['JSONPath', step("capture: { a: '$.[' }")],
  ['JSONPath without $', check('json: { id: 1 }')],
  ['check without name', step('check: [{ status: 200 }]')],
  ['check without condition', step('check: [{ name: c }]')],
  ['status 999', check('status: 999')],
  ['status text', check('status: OK')],
  ['unknown operator', check('json: { $.a: { biger: 1 } }')],
  ['operator without number', check('json: { $.a: { above: many } }')],
  ['in without list', check('json: { $.a: { in: 1 } }')],
  ['type', check('json: { $.a: { type: strnig } }')],
  ['regular expression', check("json: { $.a: { matches: '(' } }")],
  ['duration', check('time: 5 parsecs')],
  ['duration without unit', step('timeout: 5')],
  ['until without deadline', step('until: { is: { status: 200 } }')],
  ['repeat', step('repeat: 0')],
  ['retry', step('retry: many')],
  ['two sources', step('capture: { a: { json: $.a, header: b } }')],
  ['auth', step('auth: { basic: { user: a } }')],
  ['auth word', step('auth: nonne')],
  ['fault', 'name: x\nsteps: [{ fault: { kil: orders } }]\n'],
  ['two faults', 'name: x\nsteps: [{ fault: { kill: a, stop: b } }]\n'],
  ['parallel with steps', 'name: x\nsteps: [{ parallel: [{ name: a, request: GET / }] }]\n'],
  ['set check', 'name: x\nsteps: [{ parallel: [{ request: GET / }], check: [{ name: c, evry: { status: 200 } }] }]\n'],
  ['lose', step('lose: everything')],
  ['unknown variable', "name: x\nvariables: { order: 1 }\nsteps: [{ request: 'GET /{{ordr}}' }]\n"],
  ['unknown generator', "name: x\nsteps: [{ request: 'GET /{{$uid}}' }]\n"],
  ['unclosed braces', "name: x\nsteps: [{ request: 'GET /{{id' }]\n"],
  ['no earlier step', check('sameBodyAs: b')],
  [
    'names beside other problems',
    `name: x
steps:
  - { name: frist, request: FETCH /, captur: { id: $.id } }
  - { name: b, request: 'GET /{{id}}/{{nope}}/{{$uid}}/{{un closed', check: [{ name: c, sameBodyAs: first }, { name: d, sameBodyAs: frist }] }
`,
  ],
  ['variables that cannot be read', "name: x\nvariables: 1\nsteps: [{ request: 'GET /{{id}}' }]\n"],
  ['variables in a ring', "name: x\nvariables: { c: 1, a: '{{b}}{{c}}', b: ['{{a.x}}'], d: '{{d}}' }\nsteps: []\n"],
  ['a ring through a row', "name: x\nvariables: { a: '{{b}}' }\ndata: [{ b: 1 }, { b: '{{$add(a,1)}}' }]\nsteps: []\n"],
  [
    'arguments of generators',
    `name: x
steps:
  - { request: 'GET /{{$int(9007199254740990,9007199254740993)}}' }
  - { request: 'GET /{{$int(2,1)}}{{$int(a)}}{{$float(1,2,3)}}{{$float(1e999)}}{{$int(1,{{max}})}}' }
  - { request: 'GET /{{$hex(-1)}}{{$text(65537)}}{{$password(7)}}{{$uuid(4)}}{{$pick()}}{{$add()}}{{$add(1,)}}' }
  - { request: 'GET /{{$repeat()}}{{$repeat(a,-1)}}{{$repeat(a,b)}}' }
`,
  ],
  [
    'aliases of aliases',
    `name: x
variables:
  a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
  f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
steps: []
`,
  ],
  ['an alias in its own anchor', 'name: x\nvariables: &v { a: *v }\nsteps: []\n'],
  ['an alias without anchor', 'name: x\nvariables: { a: &base 1, b: *bsae }\nsteps: []\n'],
  ['a merge of no mapping', 'name: x\nsteps: [{ <<: 1, request: GET / }]\n'],
  ['two documents', 'name: x\nsteps: []\n---\nname: y\n'],
  ['numbers that cannot be sent', step('json: { a: 12345678901234567890, b: .nan, c: [-.inf, 9007199254740992] }')],
  ['a header of two lines', step('headers: { a: "x\\ny" }')],
  ['an empty set', 'name: x\nsteps: [{ parallel: [] }]\n'],
  ['url', 'name: x\nurl: arch.homework\nsteps: []\n'],
  ['folder without steps', 'name: x\nsteps: [{ folder: f }]\n'],
];

const collection = (more: string) => `{\n  "info": { "name": "c" },\n  ${more}\n}\n`;
const item = (fields: string) => collection(`"item": [\n    { "name": "a", ${fields} }\n  ]`);
const request = (fields: string) => item(`"request": { "url": "http://127.0.0.1:1/", ${fields} }`);

/** Broken collections, likewise in test/golden/scenario/broken-collections.txt. */
export const brokenCollections: [what: string, json: string][] = [
  ['empty', ''],
  ['cut off', '{\n  "info": {'],
  ['a comma too much', '{\n  "info": { "name": "c" },\n}\n'],
  ['single quotes', "{ 'info': {} }\n"],
  ['a comment', '{\n  // mine\n  "info": {}\n}\n'],
  ['a number', '7\n'],
  ['null', 'null\n'],
  ['a list', '[]\n'],
  ['another document', '{ "openapi": "3.1.0", "paths": {} }\n'],
  ['no info', '{\n  "item": []\n}\n'],
  ['info is a text', '{\n  "info": "c",\n  "item": []\n}\n'],
  ['no items', '{\n  "info": { "name": "c" }\n}\n'],
  ['items misspelt', collection('"items": []')],
  ['items are no list', collection('"item": {}')],
  ['format v1', '{ "id": "x", "name": "old", "order": [],\n  "requests": [] }\n'],
  [
    'format v3',
    '{\n  "info": { "name": "c",\n    "schema": "https://schema.getpostman.com/json/collection/v3.0.0/collection.json" },\n  "item": [] }\n',
  ],
  ['wrapped, and wrong inside', '{\n  "collection": {\n    "info": { "name": "c" },\n    "item": 1 } }\n'],
  ['an item that is a text', collection('"item": [\n    "a"\n  ]')],
  ['an item that is null', collection('"item": [\n    null\n  ]')],
  ['neither folder nor request', item('"id": "1"')],
  ['request misspelt', item('"requst": "http://127.0.0.1:1/"')],
  ['a folder without list', item('"item": null')],
  ['deep in folders', item('"item": [ { "name": "b", "item": [\n      { "name": "c" } ] } ]')],
  ['a request that is a number', item('"request": 7')],
  ['a request that is a list', item('"request": []')],
  ['a URL that is a number', item('"request": {\n      "url": 7 }')],
  ['a method that is a number', request('\n      "method": 1')],
  ['headers that are an object', request('\n      "header": { "a": "b" }')],
  ['a header that is a text', request('"header": [\n      "a: b" ]')],
  ['a body that is a text', request('\n      "body": "raw"')],
  ['an unknown body mode', request('"body": {\n      "mode": "rwa" }')],
  ['auth that is a text', request('\n      "auth": "basic"')],
  ['auth without type', request('"auth": {\n      "basic": [] }')],
  ['events that are no list', item('"request": "http://127.0.0.1:1/", "event": {}')],
  ['an event that is a text', item('"request": "http://127.0.0.1:1/", "event": [\n      "test" ]')],
  [
    'an event without listen',
    item('"request": "http://127.0.0.1:1/", "event": [\n      { "script": { "exec": "" } } ]'),
  ],
  [
    'a script that is a number',
    item('"request": "http://127.0.0.1:1/", "event": [ { "listen": "test",\n      "script": { "exec": 7 } } ]'),
  ],
  ['variables that are an object', collection('"item": [],\n  "variable": { "a": 1 }')],
  ['several problems', collection('"item": [ {}, { "request": 1 },\n    { "item": [ 2 ] } ], "auth": 3')],
];
