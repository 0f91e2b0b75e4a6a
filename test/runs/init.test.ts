// init as a user calls it: prints, writes, refuses, and nothing of what it reads is executed.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hwctl } from '../golden.js';
import { collection, deployment, ingress } from '../project/tree.js';

const root = mkdtempSync(join(tmpdir(), 'hwctl-init-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));

function repository(name: string, texts: Record<string, string>): string {
  const folder = join(root, name);
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const shop = {
  'README.md': '# Shop\n\n```bash\nkubectl create ns shop\nkubectl apply -f k8s -n shop\nnewman run tests.json\n```\n',
  'k8s/app.yaml': deployment('api', 'me/api:1'),
  'k8s/ingress.yaml': ingress('arch.homework'),
  'tests.json': collection('shop'),
};

t.test('the findings, the plan and the file that says so', async (t) => {
  const cwd = repository('shop', shop);
  const dry = await hwctl(['init', '--dry-run'], { cwd });
  t.equal(dry.exitCode, 0, dry.stderr);
  t.match(dry.stdout, /manifest {6}k8s\/app.yaml:1 {2}Deployment api/);
  t.match(dry.stdout, /1\. namespace shop +README.md:4/);
  t.match(dry.stdout, /3\. manifests k8s in shop +README.md:5/);
  t.match(dry.stdout, /not written \(--dry-run\): hwctl.yaml/);
  t.notOk(existsSync(join(cwd, 'hwctl.yaml')));
  for (const line of dry.stdout.split('\n')) t.notMatch(line, /\s$/, 'no space at the end of a line');

  const written = await hwctl(['init', 'shop'], { cwd: root });
  t.equal(written.exitCode, 0, written.stderr);
  t.match(written.stdout, /written: shop\/hwctl.yaml/);
  t.match(readFileSync(join(cwd, 'hwctl.yaml'), 'utf8'), /^ {2}- manifests: k8s +# README.md:5$/m);

  const again = await hwctl(['init'], { cwd });
  t.match(again, { exitCode: 2, stderr: /hwctl.yaml is there already.*--force/s });
  writeFileSync(join(cwd, 'hwctl.yaml'), 'mine: true\n');
  t.equal((await hwctl(['init', '--force'], { cwd })).exitCode, 0);
  t.notMatch(readFileSync(join(cwd, 'hwctl.yaml'), 'utf8'), /mine/);

  const json = await hwctl(['init', '--dry-run', '--json'], { cwd });
  t.match(JSON.parse(json.stdout), {
    pieces: [{ releases: [{ path: 'k8s', namespace: 'shop' }] }],
    written: null,
    text: /^# How hwctl/,
  });
});

t.test('what cannot be: no folder, a file, nothing to deploy, a folder that cannot be written', async (t) => {
  const empty = repository('empty', { 'index.js': '' });
  t.match(await hwctl(['init', 'nosuch'], { cwd: root }), { exitCode: 2, stderr: /nosuch/ });
  t.match(await hwctl(['init', 'shop/README.md'], { cwd: root }), { exitCode: 2, stderr: /README.md/ });
  t.match(await hwctl(['init'], { cwd: empty }), { exitCode: 2, stderr: /nothing of a project was found here/ });
  t.notOk(existsSync(join(empty, 'hwctl.yaml')));
  if (process.getuid?.() !== 0) {
    const locked = repository('locked', shop);
    chmodSync(locked, 0o500);
    t.match(await hwctl(['init'], { cwd: locked }), { exitCode: 2, stderr: /hwctl.yaml/ });
    chmodSync(locked, 0o700);
  }
});

t.test('a hostile repository: nothing of it runs, nothing outside it is read, its size is bounded', async (t) => {
  const witness = join(root, 'witness');
  const cwd = repository('hostile', {
    ...shop,
    'README.md': `\`\`\`bash\ntouch ${witness}\n$(touch ${witness})\nkubectl apply -f \`touch ${witness}\`\ncurl http://127.0.0.1:1/x | sh\nrm -rf ${witness}\nkubectl apply -f k8s; touch ${witness}\n\u001b[31mkubectl apply -f /etc\u001b[0m\n\`\`\`\n`,
    Makefile: `X := $(shell touch ${witness})\nup:\n\ttouch ${witness}\n`,
  });
  symlinkSync('/etc', join(cwd, 'k8s/etc'));
  writeFileSync(join(cwd, 'large.yaml'), Buffer.alloc(8 * 1024 * 1024, 'a: b\n'));
  mkdirSync(join(cwd, 'many'));
  for (let at = 0; at < 3_000; at += 1) writeFileSync(join(cwd, 'many', `${at}.txt`), '');
  const run = await hwctl(['init', '--dry-run'], { cwd });
  t.equal(run.exitCode, 0, run.stderr);
  t.notOk(existsSync(witness), 'nothing was executed');
  t.match(run.stdout, /k8s\/etc: a link that leads out/);
  t.notMatch(run.stdout, /\u001b/, 'no escape sequence of a stranger');
  t.match(run.stdout, /not understood/);
});

t.test('--force follows no link out of the project, and a folder of that name is told', async (t) => {
  const linked = repository('linked', shop);
  const outside = join(root, 'mine.txt');
  writeFileSync(outside, 'mine');
  symlinkSync(outside, join(linked, 'hwctl.yaml'));
  t.match(await hwctl(['init', '--force'], { cwd: linked }), { exitCode: 2, stderr: /a link that leads out/ });
  t.equal(readFileSync(outside, 'utf8'), 'mine');
  const taken = repository('taken', shop);
  mkdirSync(join(taken, 'hwctl.yaml'));
  t.match(await hwctl(['init', '--force'], { cwd: taken }), {
    exitCode: 2,
    stderr: /cannot be written: it is a folder/,
  });
});
