/** Held against docker's own answers: each row is what moby/patternmatcher says, walking as BuildKit walks. */
import t from 'tap';
import { type IgnoreMatch, readDockerignore } from '../../../../src/cli/target/kubernetes/images/dockerignore.js';

function isIgnored(text: string, path: string): boolean {
  const { patterns, problems } = readDockerignore(text);
  t.same(problems, [], text);
  let match: IgnoreMatch | undefined;
  const parts = path.split('/');
  for (let end = 1; end <= parts.length; end += 1) match = patterns.match(parts.slice(0, end).join('/'), match);
  return match?.ignored === true;
}

const rows: [ignore: string, ignored: string[], sent: string[]][] = [
  ['', [], ['a', '.dockerignore', 'Dockerfile']],
  ['node_modules', ['node_modules', 'node_modules/a/b.js'], ['app/node_modules', 'node_modules2', 'node_module']],
  ['node_modules/', ['node_modules', 'node_modules/a'], ['app/node_modules/a']],
  ['/node_modules', ['node_modules/a'], ['app/node_modules']],
  ['./node_modules/', ['node_modules/a'], []],
  ['a/../b', ['b', 'b/c'], ['a', 'a/b']],
  ['**/node_modules', ['node_modules', 'app/node_modules', 'a/b/node_modules/c'], ['node_modules2', 'xnode_modules']],
  ['**node_modules', ['node_modules', 'xnode_modules', 'a/xnode_modules'], ['node_modules2']],
  ['*.md', ['README.md', '.md'], ['docs/README.md', 'README.mdx']],
  ['**/*.md', ['README.md', 'docs/README.md', 'a/b/c.md'], ['README.mdx']],
  ['*/*.md', ['docs/README.md'], ['README.md', 'a/b/c.md']],
  ['*/temp*', ['x/temporary.txt', 'x/temp'], ['temp', 'x/y/temp']],
  ['*/*/temp*', ['x/y/temporary'], ['x/temp']],
  ['temp?', ['tempa', 'tempb/x'], ['temp', 'tempab']],
  ['foo/**', ['foo/a', 'foo/a/b'], ['foo', 'foobar/a']],
  ['foo**', ['foo', 'foobar', 'foobar/a'], ['afoo']],
  ['**', ['a', 'a/b', '.git'], []],
  ['*', ['a', 'a/b', '.git'], []],
  ['foo/**/bar', ['foo/bar', 'foo/a/bar', 'foo/a/b/bar/c'], ['foo/bars', 'a/foo/bar']],
  ['a**b', ['ab', 'axx/b'], ['axb']],
  ['**/foo/**', ['foo/a', 'a/foo/b/c'], ['foo', 'foob/a']],
  ['[ab].txt', ['a.txt', 'b.txt'], ['c.txt', 'ab.txt']],
  ['[a-c]x', ['ax', 'bx', 'cx'], ['dx', '-x']],
  ['[^a]x', ['bx', '-x'], ['ax', 'x']],
  ['[!a]x', ['ax', '!x'], ['bx']],
  ['a\\*b', ['a*b'], ['axb', 'a\\*b']],
  ['\\#notes', ['#notes'], ['notes']],
  ['#notes', [], ['#notes', 'notes']],
  [' #notes', ['#notes'], ['notes']],
  ['  *.log  ', ['a.log'], ['a.txt']],
  ['*.log\r\n*.tmp\r\n', ['a.log', 'a.tmp'], ['a.txt']],
  ['\uFEFF*.log', ['a.log'], ['a.txt']],
  ['a b', ['a b', 'a b/c'], ['a', 'b']],
  ['.*', ['.git', '.env', '.git/config'], ['a.git', 'a/.env']],
  ['a.c', ['a.c'], ['abc']],
  ['(a)+', ['(a)+'], ['aa', 'a']],
  ['{a,b}', ['{a,b}'], ['a', 'b']],
  ['$x^', ['$x^'], ['x']],
  ['ünïx*', ['ünïxes'], ['unixes']],
  ['?', ['ü', '🙂', 'a'], ['ab', 'aü']],
  ['*.md\n!README.md', ['a.md'], ['README.md']],
  ['!README.md\n*.md', ['README.md', 'a.md'], []],
  ['*.md\n!README*.md\nREADME-secret.md', ['README-secret.md', 'a.md'], ['README.md', 'README-b.md']],
  ['*\n!src', ['a', 'package.json'], ['src', 'src/a/b.ts']],
  ['*\n!src/**', ['a', 'src'], ['src/a/b.ts']],
  ['*\n!src/*.ts', ['src/a.js', 'src/b/c.ts'], ['src/a.ts']],
  ['src\n!src/keep', ['src', 'src/a'], ['src/keep', 'src/keep/a']],
  ['src\n! src/keep ', ['src/a'], ['src/keep']],
  ['src\n!/src/keep/', ['src/a'], ['src/keep/b']],
  ['src\n!src/keep\nsrc/keep/not', ['src/keep/not', 'src/keep/not/a'], ['src/keep/a']],
  ['foo/b\n!foo', ['foo/b'], ['foo', 'foo/a']],
  ['**/*.env\n!**/example.env', ['a/b.env'], ['example.env', 'a/example.env']],
  ['**\n!**/*.go', ['a/b.txt'], ['a.go', 'a/b/c.go']],
  ['.', [], ['a']],
  ['/', [], ['a']],
  ['..', [], ['a']],
  ['Dockerfile\n.dockerignore', ['Dockerfile', '.dockerignore'], ['a/Dockerfile']],
  ['A', ['A'], ['a']],
];

t.test(`${rows.length} files, each as docker reads it`, async (t) => {
  for (const [text, ignored, sent] of rows) {
    const say = JSON.stringify(text);
    for (const path of ignored) t.ok(isIgnored(text, path), `${say} leaves out ${path}`);
    for (const path of sent) t.notOk(isIgnored(text, path), `${say} sends ${path}`);
  }
});

t.test('what no engine takes, with its line, all at once', async (t) => {
  const { problems } = readDockerignore('a\n!\n[a\n# [\n[]\n[a-]\n[^]\nb\\\n[c-a]\n! /\n');
  t.same(
    problems.map(({ line }) => line),
    [2, 3, 5, 6, 7, 8, 9, 10],
  );
  t.match(problems[0], { message: /takes nothing back/ });
  t.match(problems[1], { message: /"\[a" is no pattern/ });
});

t.test('a folder is looked into only where something of it may come back', async (t) => {
  const rows: [string, string, boolean][] = [
    ['a', 'a', false],
    ['a\n!a/b/c', 'a', true],
    ['a\n!a/b/c', 'a/b', true],
    ['a\n!a/b/c', 'a/x', false],
    ['*\n!src', 'node_modules', false],
    ['*\n!src/**', 'node_modules', false],
    ['*\n!**/*.go', 'node_modules', true],
  ];
  for (const [text, folder, expected] of rows)
    t.equal(readDockerignore(text).patterns.mayReturnBelow(folder), expected, `${JSON.stringify(text)} ${folder}`);
});
