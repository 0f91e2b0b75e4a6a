// What a run of the program is told and tells, with scenarios: HAR, --debug, --jobs, redirects, sign-in, bodies, and the
// printed command that runs one step again.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { hwctl, root } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';
import { harProblems } from './har.js';

t.setTimeout(300_000);

function folderOf(t: Test, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-options-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

interface Har {
  log: {
    entries: {
      request: { method: string; url: string; postData?: { text: string }; headers: { name: string; value: string }[] };
      response: { status: number; content: { text: string }; redirectURL: string };
    }[];
  };
}

const everything = `
name: everything
variables: { password: correct horse }
auth: { basic: { username: u, password: '{{password}}' } }
steps:
  - { name: redirected, request: GET /redirect, check: [{ name: followed, json: { $.url: /echo/there } }] }
  - { name: as it is, redirects: false, request: GET /redirect, check: [{ name: not followed, status: 302 }] }
  - name: client credentials
    request: GET /echo
    auth: { oauth2: { tokenUrl: /token, clientId: me, clientSecret: '{{password}}', scope: read } }
    check: [{ name: with the token, json: { "$.headers.authorization[0]": Bearer tok-123456 } }]
  - name: graphql
    request: POST /echo
    graphql: { query: 'query($id: ID!) { order(id: $id) { id } }', variables: { id: 7 } }
    check:
      - name: as GraphQL over HTTP has it
        json:
          $.body: '{"query":"query($id: ID!) { order(id: $id) { id } }","variables":{"id":7}}'
          $.headers['content-type'][0]: application/json
  - name: upload
    request: POST /echo
    multipart: { comment: a note, photo: { file: photo.png, type: image/png } }
    check:
      - name: both parts arrive
        json:
          $.body: { contains: "name=\\"photo\\"; filename=\\"photo.png\\"\\r\\nContent-Type: image/png\\r\\n\\r\\nPNG\\u0001" }
          $.headers['content-type'][0]: { startsWith: multipart/form-data; boundary= }
  - { name: form, request: POST /echo?a=1, form: { password: '{{password}}', b: x y }, check: [{ name: urlencoded, json: { $.body: 'password=correct+horse&b=x+y' } }] }
  - { name: nothing, request: GET /reset, check: [{ name: no answer, error: true }] }
`;

t.test('sign-in, bodies, redirects; every exchange in a HAR file and by --debug, without secrets', async (t) => {
  const url = await echoServer(t);
  const folder = folderOf(t, { 'everything.yaml': everything, 'photo.png': 'PNG\u0001' });
  const args = ['test', 'everything.yaml', '--url', url, '--har', 'out/run.har', '--debug', '-r', 'html=r.html'];
  const run = await hwctl(args, { cwd: folder });
  t.equal(run.exitCode, 0, run.stdout);
  const text = readFileSync(join(folder, 'out/run.har'), 'utf8');
  t.same(harProblems(text), []);
  t.not(harProblems(text.replace('"httpVersion"', '"version"')).length, 0, 'the validator is at work');
  const { entries } = (JSON.parse(text) as Har).log;
  t.same(
    entries.map(({ request, response }) => `${request.method} ${request.url.replace(url, '')} ${response.status}`),
    [
      'GET /echo/there 200',
      'GET /redirect 302',
      'GET /echo 200',
      'POST /echo 200',
      'POST /echo 200',
      'POST /echo?a=1 200',
      'GET /reset 0',
    ],
  );
  t.equal(entries[1]?.response.redirectURL, '/echo/there');
  t.match(entries[3]?.request.postData?.text, /^\{"query"/);
  const secrets = /correct.horse|tok-123456|Basic \w/;
  for (const [where, shown] of Object.entries({
    ...run,
    har: text,
    html: readFileSync(join(folder, 'r.html'), 'utf8'),
  }))
    t.notMatch(String(shown), secrets, where);
  t.match(run.stderr, /^> POST \S+\/echo\?a=1\n(> .*\n)*> password=••••••&b=x\+y\n< 200 OK\n/m);
  t.match(run.stderr, /^> GET \S+\/reset\n(> .*\n)*! the server closed the connection/m);
});

t.test('--ignore-redirects and --timeout-request hold for scenarios too', async (t) => {
  const url = await echoServer(t);
  const folder = folderOf(t, {
    'r.yaml': 'name: r\nsteps: [{ request: GET /redirect, check: [{ name: the redirect, status: 302 }] }]\n',
    's.yaml': 'name: s\nsteps: [{ request: GET /slow/60000 }]\n',
  });
  t.equal((await hwctl(['test', 'r.yaml', '--url', url], { cwd: folder })).exitCode, 1);
  t.equal((await hwctl(['test', 'r.yaml', '--url', url, '--ignore-redirects'], { cwd: folder })).exitCode, 0);
  const slow = await hwctl(['test', 's.yaml', '--url', url, '--timeout-request', '50'], { cwd: folder });
  t.match(slow.stdout, /no complete response within 50 ms/);
});

t.test('--jobs runs scenarios beside one another, and reports them one after the other', async (t) => {
  const url = await echoServer(t);
  const meet = (who: string) =>
    `name: ${who}\nsteps: [{ request: GET /meet/here?who=${who}, until: { within: 20s, every: 10ms, is: { status: 200 } }, check: [{ name: met, status: 200 }] }]\n`;
  const folder = folderOf(t, { 'ada.yaml': meet('ada'), 'bob.yaml': meet('bob') });
  const run = await hwctl(['test', 'ada.yaml', 'bob.yaml', '--url', url, '--jobs', '2'], { cwd: folder });
  t.equal(run.exitCode, 0, run.stdout);
  const heads = run.stdout.split('\n').filter((line) => ['ada', 'bob', '  ✓  met'].includes(line) || /^└/.test(line));
  t.same(
    heads.map((line) => line.slice(0, 8).trim()).filter((line) => !line.startsWith('└─')),
    ['ada', '✓  met', 'bob', '✓  met'],
  );
});

t.test('the printed command runs the failed step again, as it was run', async (t) => {
  const url = await echoServer(t);
  const folder = folderOf(t, {
    'my shop.yaml': `
name: shop
steps:
  - { name: sign in, request: GET /json, capture: { id: $.id } }
  - folder: Orders
    steps:
      - name: it's there
        request: GET /echo/{{id}}?who={{who}}&from={{from}}
        check: [{ name: found, json: { $.url: /echo/8 } }]
  - { name: last, request: GET /json }
`,
    env: 'from=here & there\n',
  });
  const args = ['test', 'my shop.yaml', '--url', url, '--host', 'shop.test', '--env-file', 'env', '--var', 'who=a b'];
  const run = await hwctl(args, { cwd: folder });
  t.equal(run.exitCode, 1);
  const command = /run it alone: (hwctl .*)$/m.exec(run.stdout)?.[1];
  t.equal(
    command,
    `hwctl test 'my shop.yaml' --step 'it'\\''s there' --url ${url} --host shop.test --env-file env --var 'who=a b'`,
  );
  const again = await inShell(command!, folder);
  t.equal(again.code, 1, again.stderr);
  t.match(again.stdout, /GET shop\.test\/echo\/7\?who=a%20b&from=here%20&%20there \[200 OK/);
  t.match(again.stdout, /expected "\/echo\/8", found "\/echo\/7\?who=/);
  t.notMatch(again.stdout, /sign in|last/, 'the other steps run unseen or not at all');
});

t.test('an option that would change nothing is refused, with what to use instead', async (t) => {
  const folder = folderOf(t, {
    's.yaml': 'name: s\nurl: http://127.0.0.1:1\nsteps: [{ request: GET / }]\n',
    'c.json': '{ "info": { "name": "c" }, "item": [{ "name": "r", "request": "http://127.0.0.1:1/" }] }',
    'no.pem': 'no PEM',
  });
  const refused: [string, string[], RegExp][] = [
    ['s.yaml', ['-e', 'c.json'], /-e .* Postman collection.*\n.*--env-file/],
    ['s.yaml', ['-g', 'c.json'], /-g .* Postman collection.*\n.*--env-file/],
    ['s.yaml', ['--folder', 'zz'], /--folder .*\n.*--step NAME/],
    ['s.yaml', ['--global-var', 'a=b'], /--global-var .*\n.*--var NAME=VALUE/],
    ['s.yaml', ['--timeout', '1'], /--timeout .*\n.*--timeout-request/],
    ['s.yaml', ['--timeout-script', '1'], /--timeout-script .*\n.*--timeout-request/],
    ['s.yaml', ['--working-dir', '.'], /--working-dir .*\n.*relative to the scenario/],
    ['s.yaml', ['--cert', 'no.pem'], /--cert needs --key/],
    ['s.yaml', ['--key', 'no.pem'], /--key needs --cert/],
    ['s.yaml', ['--passphrase', 'x'], /--passphrase needs --key/],
    ['s.yaml', ['--host', 'x'], /--host needs --url/],
    ['s.yaml', ['--cacert', 'no.pem'], /--cacert: no\.pem is not a PEM file/],
    ['c.json', ['--cacert', 'no.pem'], /--cacert: no\.pem is not a PEM file/],
    ['c.json', ['--step', 'r'], /--step .* YAML scenario.*\n.*--folder NAME/],
    ['c.json', ['--tag', 'zz'], /--tag .* YAML scenario.*\n.*--folder NAME/],
    ['s.yaml', ['-e', 'c.json', '--folder', 'zz'], /2 options would change nothing\n.*-e .*\n.*--folder /],
  ];
  for (const [file, words, message] of refused) {
    const run = await hwctl(['test', file, ...words], { cwd: folder });
    t.equal(run.exitCode, 2, `${file} ${words.join(' ')}`);
    t.match(run.stderr, message);
  }
  const both = await hwctl(['test', 's.yaml', 'c.json', '--folder', 'r', '--delay-request', '1'], { cwd: folder });
  t.equal(both.exitCode, 1, `one of the files knows it: ${both.stderr}`);
  t.match(both.stdout, /run it alone: hwctl test s\.yaml --step 'GET \/'$/m);
});

t.test('values from outside are no templates', async (t) => {
  const url = await echoServer(t);
  const folder = folderOf(t, {
    's.yaml':
      "name: s\nsteps: [{ request: POST /echo, text: '{{x}} {{y}} {{z}}', check: [{ name: as given, text: '{{x}} {{y}} {{z}}' }] }]\n",
    env: 'y={{$uuid}}\n',
    'd.csv': 'z\n{{nope}}\n',
  });
  const run = await hwctl(
    ['test', 's.yaml', '--url', url, '--var', 'x={{nope}}', '--env-file', 'env', '-d', 'd.csv', '--debug'],
    {
      cwd: folder,
    },
  );
  t.equal(run.exitCode, 0, run.stdout + run.stderr);
  t.match(run.stderr, /^> \{\{nope\}\} \{\{\$uuid\}\} \{\{nope\}\}$/m);
});

/** Runs a command line with `hwctl` being this package's program. */
async function inShell(command: string, cwd: string) {
  const script = `hwctl() { '${process.execPath}' '${join(root, 'bin/hwctl.js')}' "$@"; }\n${command}\n`;
  const env = { PATH: process.env.PATH, HOME: cwd, XDG_STATE_HOME: cwd };
  try {
    return { code: 0, ...(await promisify(execFile)('sh', ['-c', script], { cwd, env, timeout: 60_000 })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}
