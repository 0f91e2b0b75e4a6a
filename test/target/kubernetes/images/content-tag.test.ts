import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import { type HashOptions, hashSources } from '../../../../src/cli/target/kubernetes/images/content-tag.js';
import type { ImageSource } from '../../../../src/cli/target/kubernetes/images/image-source.js';

/** A folder of these files; a value of null is an empty folder. */
function folderOf(t: Test, files: Record<string, string | null>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-context-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, text === null ? path : dirname(path)), { recursive: true });
    if (text !== null) writeFileSync(join(folder, path), text);
  }
  return folder;
}

const quiet = (folder: string): HashOptions => ({
  cwd: folder,
  cacheFolder: join(folder, 'Dockerfile', 'none'),
  clock: systemClock,
});

async function tagOf(context: string, more: Partial<ImageSource> = {}, options = quiet(context)): Promise<string> {
  const [one] = await hashSources([{ image: 'me/app', context, arguments: {}, ...more }], options);
  return one!.tag;
}

const base = {
  Dockerfile: 'FROM scratch\nCOPY . /\n',
  '.dockerignore': 'ignored\n**/*.log\n',
  'src/a.js': 'a',
  'src/b.js': 'b',
  'ignored/x': 'x',
  'src/y.log': 'y',
};

t.test('the same content has the same tag wherever it lies and whenever it was written', async (t) => {
  const [one, other] = [folderOf(t, base), folderOf(t, Object.fromEntries(Object.entries(base).reverse()))];
  utimesSync(join(other, 'src/a.js'), 1, 1);
  chmodSync(join(other, 'src/b.js'), 0o600);
  t.equal(await tagOf(one), await tagOf(other));
  t.match(await tagOf(one), /^[0-9a-f]{16}$/);
});

t.test('what is sent counts, each part of it', async (t) => {
  const tags = new Map<string, string>([[await tagOf(folderOf(t, base)), 'as it is']]);
  const differs = async (name: string, change: (folder: string) => void, more: Partial<ImageSource> = {}) => {
    const folder = folderOf(t, base);
    change(folder);
    const tag = await tagOf(folder, more);
    t.equal(tags.get(tag), undefined, name);
    tags.set(tag, name);
  };
  await differs('a byte', (at) => writeFileSync(join(at, 'src/a.js'), 'A'));
  await differs('contents that change places', (at) => {
    writeFileSync(join(at, 'src/a.js'), 'b');
    writeFileSync(join(at, 'src/b.js'), 'a');
  });
  await differs('the executable bit', (at) => chmodSync(join(at, 'src/a.js'), 0o755));
  await differs('one more file', (at) => writeFileSync(join(at, 'src/c.js'), ''));
  await differs('an empty folder', (at) => mkdirSync(join(at, 'data')));
  await differs('one file less', (at) => rmSync(join(at, 'src/a.js')));
  await differs('a link', (at) => symlinkSync('a.js', join(at, 'src/l')));
  await differs('where a link leads', (at) => symlinkSync('b.js', join(at, 'src/l')));
  await differs('a file as a link has its text', (at) => writeFileSync(join(at, 'src/l'), 'b.js'));
  await differs('the Dockerfile', (at) => writeFileSync(join(at, 'Dockerfile'), 'FROM scratch\nCOPY . /x\n'));
  await differs('what is ignored', (at) => writeFileSync(join(at, '.dockerignore'), 'src/a.js\n'));
  await differs('the stage', () => {}, { target: 'app' });
  await differs('the platform', () => {}, { platform: 'linux/arm64' });
  await differs('an argument', () => {}, { arguments: { A: '1' } });
  await differs('the value of an argument', () => {}, { arguments: { A: '2' } });
  await differs('two arguments that look like one', () => {}, { arguments: { A: '1', B: '2' } });
});

t.test('what is not sent does not count', async (t) => {
  const tag = await tagOf(folderOf(t, base));
  const same = async (name: string, change: (folder: string) => void) => {
    const folder = folderOf(t, base);
    change(folder);
    t.equal(await tagOf(folder), tag, name);
  };
  await same('an ignored byte', (at) => writeFileSync(join(at, 'ignored/x'), 'other'));
  await same('one more ignored file', (at) => writeFileSync(join(at, 'ignored/z'), 'z'));
  await same('an ignored file less', (at) => rmSync(join(at, 'src/y.log')));
  await same('the order of arguments, times, and rights other than to run', (at) => {
    utimesSync(join(at, 'src/a.js'), 5, 5);
    chmodSync(join(at, 'src/a.js'), 0o400);
  });
  const folder = folderOf(t, base);
  t.equal(
    await tagOf(folder, { arguments: { A: '1', B: '2' } }),
    await tagOf(folder, { arguments: { B: '2', A: '1' } }),
    'the order of arguments',
  );
});

t.test('any tree: a sent change changes the tag, an ignored one does not', async (t) => {
  const name = fc.constantFrom('a', 'b', 'c.md', 'd.js', 'node_modules', 'x');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const tree = fc.dictionary(path, fc.string({ maxLength: 8 }), { minKeys: 2, maxKeys: 6 });
  const ignore = fc.constantFrom('node_modules', '*.md', '**/*.md\n!a/c.md', '*\n!a', '**/x\nb/**');
  const property = fc.asyncProperty(tree, ignore, fc.nat(), fc.string(), async (files, rules, pick, text) => {
    const paths = Object.keys(files).filter((one) => !Object.keys(files).some((other) => other.startsWith(`${one}/`)));
    const kept = Object.fromEntries(paths.map((one) => [one, files[one]!]));
    const folder = folderOf(t, { ...kept, Dockerfile: 'FROM scratch\n', '.dockerignore': rules });
    const before = await tagOf(folder);
    const changed = paths[pick % paths.length]!;
    const isSame = kept[changed] === text;
    writeFileSync(join(folder, changed), text);
    const after = await tagOf(folder);
    rmSync(join(folder, changed));
    const without = await tagOf(folder);
    rmSync(folder, { recursive: true });
    const isSent = without !== after;
    return isSame ? after === before : (after !== before) === isSent;
  });
  await fc.assert(property, { numRuns: 25, seed: 14 });
});

t.test("a Dockerfile's own ignore file stands before that of the context, and may lie elsewhere", async (t) => {
  const folder = folderOf(t, {
    ...base,
    'docker/Dockerfile.dockerignore': 'src\n',
    'docker/Dockerfile': base.Dockerfile,
  });
  const dockerfile = join(folder, 'docker/Dockerfile');
  const before = await tagOf(folder, { dockerfile });
  writeFileSync(join(folder, 'src/a.js'), 'other');
  t.equal(await tagOf(folder, { dockerfile }), before);
  writeFileSync(join(folder, 'ignored/x'), 'other');
  t.not(await tagOf(folder, { dockerfile }), before);
});

t.test('hashes are remembered: what is as it was is not read again, what is not is', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`f/${at}`, String(at)]));
  const folder = folderOf(t, { ...many, Dockerfile: 'FROM scratch\n' });
  const cacheFolder = join(folderOf(t, {}), 'images');
  const options = { cwd: folder, cacheFolder, clock: systemClock };
  const later = { ...options, clock: { ...systemClock, now: () => Date.now() + 10_000 } };
  const old = new Date(Date.now() - 60_000);
  for (const path of Object.keys(many)) utimesSync(join(folder, path), old, old);
  const tag = await tagOf(folder, {}, options);
  t.notOk(existsIn(cacheFolder), 'files that changed just now are not remembered');
  t.equal(await tagOf(folder, {}, later), tag);
  t.ok(existsIn(cacheFolder));
  t.equal(await tagOf(folder, {}, options), tag);
  // The same size, and the old time put back: the inode's own time tells.
  writeFileSync(join(folder, 'f/7'), 'X');
  utimesSync(join(folder, 'f/7'), old, old);
  t.not(await tagOf(folder, {}, later), tag);
  const [file = ''] = readdirSync(cacheFolder);
  t.equal(statSync(join(cacheFolder, file)).mode & 0o777, 0o600);
  for (const damage of ['', '{', '{"version":1,"files":{"f/1":[1,2,3,4,"x"]}}', '{"version":2}', 'null']) {
    writeFileSync(join(cacheFolder, file), damage);
    writeFileSync(join(folder, 'f/7'), '7');
    t.equal(await tagOf(folder, {}, later), tag, `a damaged record: ${damage}`);
  }
});

function existsIn(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}

t.test('large contexts, sockets and links that lead out are told', async (t) => {
  const folder = folderOf(t, { ...base, 'app/node_modules/x/big': '' });
  truncateSync(join(folder, 'app/node_modules/x/big'), 210_000_000);
  symlinkSync('/etc/hosts', join(folder, 'hosts'));
  const server = createServer().listen(join(folder, 's.sock'));
  await new Promise((resolve) => server.once('listening', resolve));
  const [one] = await hashSources([{ image: 'a', context: folder, arguments: {} }], quiet(folder));
  await new Promise((resolve) => server.close(resolve));
  t.match(one!.notes, [
    /^its context is 210 MB in \d files, most of it in app\/node_modules \(210 MB, 1 files\), .*: add app\/node_modules to/,
    /^hosts is a link out of the context: \/etc\/hosts is not sent/,
    /^s\.sock is a socket/,
  ]);
  writeFileSync(join(folder, '.dockerignore'), 'app/node_modules\nhosts\n*.sock\n');
  t.match(await hashSources([{ image: 'a', context: folder, arguments: {} }], quiet(folder)), [{ notes: [] }]);
});

t.test('a pipe is not read: it would never end', async (t) => {
  const folder = folderOf(t, base);
  const before = await tagOf(folder);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  t.not(await tagOf(folder), before);
});

t.test('all that cannot be built is told at once, with its place and what may be meant', async (t) => {
  const folder = folderOf(t, {
    ...base,
    'orders/dev.Dockerfile': 'FROM scratch\n',
    'bad/.dockerignore': 'a\n[\n',
    file: '',
  });
  const source = (image: string, context: string, more: Partial<ImageSource> = {}) =>
    ({
      image,
      context: join(folder, context),
      arguments: {},
      where: `hwctl.yaml:${image.length}`,
      ...more,
    }) as ImageSource;
  const refused = hashSources(
    [
      source('me/a', 'oders'),
      source('me/ab', 'orders'),
      source('me/abc', 'orders', { dockerfile: join(folder, 'orders/dev.Dokerfile') }),
      source('me/abcd', 'file'),
      source('Me/abcde', '.'),
      source('me/abcdef', '.', { platform: 'arm' }),
      source('me/abcdef', '.'),
      source('me/url', '.', { context: 'https://github.com/me/x.git' }),
    ],
    quiet(folder),
  );
  await t.rejects(refused, {
    code: 'image-source',
    exitCode: 2,
    details: [
      'hwctl.yaml:4: image me/a: its context oders is not there. Did you mean "orders"?',
      'hwctl.yaml:5: image me/ab: its Dockerfile orders/Dockerfile is not there, but dev.Dockerfile is',
      'hwctl.yaml:6: image me/abc: its Dockerfile orders/dev.Dokerfile is not there. Did you mean "dev.Dockerfile"?',
      'hwctl.yaml:7: image me/abcd: its context file is a file, not a folder',
      /^hwctl\.yaml:8: image Me\/abcde: no image has such a name/,
      'hwctl.yaml:9: image me/abcdef: "arm" is no platform: for example linux/amd64',
      'hwctl.yaml:9: image me/abcdef: it is built twice',
      /is a URL/,
    ],
  });
  const unread = hashSources([source('x', 'bad', { dockerfile: join(folder, 'Dockerfile') })], quiet(folder));
  await t.rejects(unread, { message: /^hwctl\.yaml:1: image x: bad\/\.dockerignore:2: "\[" is no pattern/ });
});

t.test('names of images that engines take', async (t) => {
  const folder = folderOf(t, base);
  for (const image of [
    'a',
    'a:v1',
    'me/a',
    'localhost:5000/a:1',
    'ghcr.io/Me/a',
    'registry.me:5000/x/y/z-1_2:V1.0',
    'a@sha256:0',
  ])
    await hashSources([{ image, context: folder, arguments: {} }], quiet(folder)).then(
      () => t.pass(image),
      (error) => t.equal(/Me/.test(image), true, `${image}: ${error.message}`),
    );
});
