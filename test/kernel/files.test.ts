import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { Failure } from '../../src/cli/kernel/failure.js';
import { notWritten, readBytes, readText, writeText } from '../../src/cli/kernel/files.js';
import { Replacement, replaceFile } from '../../src/cli/kernel/replacement.js';
import { systemTrouble } from '../../src/cli/kernel/system-trouble.js';
import { withFileLimit } from '../file-limit.js';

const seed = 20_261;

/** Message, code and cure of what `act` throws. */
function failureOf(act: () => unknown): { message: string; code: string; hint: string | undefined } {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { message: error.message, code: error.code, hint: error.hint };
  }
  throw new Error('nothing was refused');
}

const systemError = (code: string) => Object.assign(new Error(`${code}: some words, open '/x'`), { code });

t.test('what cannot be read is told in one form, by the name as it was given', async (t) => {
  const folder = t.testdir({
    'shop.yaml': '',
    folder: {},
    'der.pem': Buffer.from([0x30, 0x82, 0xff]),
    big: 'x'.repeat(9),
  });
  symlinkSync('loop', join(folder, 'loop'));
  const table: [name: string, code: string, why: RegExp][] = [
    ['none', 'no-such-file', /^there is no such file$/],
    ['shpo.yaml', 'no-such-file', /^there is no such file\. Did you mean "shop\.yaml"\?$/],
    ['none/at/all', 'no-such-file', /^there is no such file$/],
    ['shop.yaml/below', 'no-such-file', /^a part of its path is a file, not a folder$/],
    ['folder', 'unreadable', /^it is a folder$/],
    ['loop', 'unreadable', /^its symbolic links go in a circle$/],
    ['n'.repeat(300), 'unreadable', /^the name is too long$/],
    ['a\0b', 'unreadable', /^the name holds a NUL character$/],
    ['der.pem', 'unreadable', /^it is not text in UTF-8$/],
    ['big', 'unreadable', /^it is larger than 8 bytes$/],
  ];
  for (const [shown, code, why] of table) {
    for (const by of [undefined, '--cacert']) {
      const found = failureOf(() => readText(join(folder, shown), { shown, by, maxBytes: 8 }));
      const begin = `${by === undefined ? '' : '--cacert: '}${shown} cannot be read: `;
      t.ok(found.message.startsWith(begin), found.message);
      t.match(found.message.slice(begin.length), why);
      t.equal(found.code, code, shown);
      t.ok(found.hint);
    }
  }
  t.match(
    failureOf(() => readText(folder, { shown: '', by: '--har' })),
    {
      message: '--har: "" cannot be read: the name is empty',
      code: 'no-such-file',
    },
  );
  t.equal(failureOf(() => readText('/none', { shown: 'x', hint: 'Give a HAR' })).hint, 'Give a HAR');
});

t.test('whatever the system says: words, no path that nobody gave, no code where there are words', async (t) => {
  for (const code of ['EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE', 'ENXIO', 'EBUSY']) {
    t.match(systemTrouble(systemError(code)), /^[a-z][^':]*$/, code);
  }
  for (const code of ['ENOENT', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EISDIR', 'ENOTDIR']) {
    const { message, hint } = notWritten(systemError(code), { shown: 'name', by: '-o' });
    t.match(message, /^-o: name cannot be written: [a-z][^':]*$/, code);
    t.ok(hint);
  }
  t.equal(systemTrouble(systemError('EWHAT')), 'EWHAT');
  t.equal(systemTrouble(new Error('plain')), 'plain');
});

t.test(
  'encodings: UTF-8 and marked UTF-16, the mark is no part of the text; ISO 8859-1 only where asked for',
  async (t) => {
    const path = join(t.testdir(), 'text');
    const any = fc.string({ unit: 'binary', maxLength: 40 });
    const property = fc.property(any, fc.constantFrom('', '\ufeff'), (text, mark) => {
      const plain = text.replace(/^\ufeff/, '');
      writeFileSync(path, mark + plain, 'utf8');
      if (readText(path, { shown: 'x' }) !== plain) return false;
      writeFileSync(path, `\ufeff${plain}`, 'utf16le');
      return readText(path, { shown: 'x' }) === plain;
    });
    fc.assert(property, { seed, numRuns: 50 });
    writeFileSync(path, 'Müller', 'latin1');
    t.equal(readText(path, { shown: 'x', latin: true }), 'Müller');
    t.throws(() => readText(path, { shown: 'x' }), { code: 'unreadable' });
  },
);

t.test('a device without an end is not read for ever; an empty one and one of /proc is', async (t) => {
  if (existsSync('/dev/zero')) {
    const maxBytes = 1024 * 1024;
    t.match(
      failureOf(() => readBytes('/dev/zero', { shown: '/dev/zero', maxBytes })),
      {
        message: '/dev/zero cannot be read: it is larger than 1 MiB',
      },
    );
  }
  if (existsSync('/dev/null')) t.equal(readText('/dev/null', { shown: 'x' }), '');
  if (existsSync('/proc/self/status')) t.match(readText('/proc/self/status', { shown: 'x' }), /^Name:/);
  const path = join(t.testdir(), 'long');
  const bytes = Buffer.alloc(300_000, 'abc');
  writeFileSync(path, bytes);
  t.ok(readBytes(path, { shown: 'x', maxBytes: bytes.length }).equals(bytes), 'as long as it may be');
});

t.test('what cannot be written is told in one form', async (t) => {
  const folder = t.testdir({ file: '', folder: {} });
  const table: [name: string, why: string][] = [
    ['none/at/all', 'its folder is not there'],
    ['file/below', 'a part of its path is a file, not a folder'],
    ['folder', 'it is a folder'],
    ['n'.repeat(300), 'the name is too long'],
  ];
  for (const [shown, why] of table) {
    const { message, code } = failureOf(() => writeText(join(folder, shown), 'x', { shown, by: '-o' }));
    t.equal(message, `-o: ${shown} cannot be written: ${why}`);
    t.equal(code, 'unwritable');
  }
  t.match(failureOf(() => writeText(folder, 'x', { shown: '' })).message, '"" cannot be written: the name is empty');
  writeText(join(folder, 'new'), 'text', { shown: 'new', mode: 0o600 });
  t.equal(readFileSync(join(folder, 'new'), 'utf8'), 'text');
  t.equal(statSync(join(folder, 'new')).mode & 0o777, 0o600);
});

t.test('a replaced file is whole, has the mode it had or was given, and leaves nothing beside it', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'file');
  const mode = () => statSync(path).mode & 0o777;
  for (const durable of [false, true]) {
    replaceFile(path, 'one', { mode: 0o600, durable });
    t.equal(mode(), 0o600);
    chmodSync(path, 0o664);
    replaceFile(path, 'grün', { durable });
    t.equal(mode(), 0o664, 'kept, whatever the umask');
    replaceFile(path, 'three', { mode: 0o644, durable });
    t.equal(mode(), 0o644);
    t.equal(readFileSync(path, 'utf8'), 'three');
  }
  symlinkSync('file', join(folder, 'link'));
  replaceFile(join(folder, 'link'), 'by the link');
  t.ok(lstatSync(join(folder, 'link')).isSymbolicLink(), 'a link stays one');
  t.equal(readFileSync(path, 'utf8'), 'by the link');
  t.same(readdirSync(folder).sort(), ['file', 'link']);
});

t.test('two at once have a draft each, and none that was there before', async (t) => {
  const folder = t.testdir({ file: 'old', mine: 'mine' });
  const path = join(folder, 'file');
  const [one, other] = [new Replacement(path), new Replacement(path)];
  const drafts = readdirSync(folder).filter((name) => name.startsWith('file.'));
  t.equal(new Set(drafts).size, 2);
  one.write('one');
  other.write('other');
  one.commit();
  t.equal(readFileSync(path, 'utf8'), 'one');
  other.commit();
  t.equal(readFileSync(path, 'utf8'), 'other');
  t.same(readdirSync(folder).sort(), ['file', 'mine']);
});

t.test('where it fails, the old file is as it was and nothing is left', async (t) => {
  const folder = t.testdir({ file: 'old', folder: {} });
  const path = join(folder, 'file');
  const draft = new Replacement(path);
  draft.write('half of it');
  t.equal(readFileSync(path, 'utf8'), 'old');
  draft.discard();
  t.throws(() => replaceFile(join(folder, 'folder'), 'x'), { code: 'EISDIR' });
  t.throws(() => replaceFile(join(folder, 'none', 'x'), 'x'), { code: 'ENOENT' });
  // The place becomes a folder while the draft is written: the last step fails.
  const late = new Replacement(join(folder, 'late'));
  late.write('x');
  mkdirSync(join(folder, 'late'));
  t.throws(() => late.commit(), { code: 'EISDIR' });
  late.discard();
  await withFileLimit(4, () => t.throws(() => replaceFile(path, 'new one'), { code: 'EFBIG' }));
  t.equal(readFileSync(path, 'utf8'), 'old');
  t.same(readdirSync(folder).sort(), ['file', 'folder', 'late']);
});
