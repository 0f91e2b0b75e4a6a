import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { prettyLog } from '../../../src/cli/commands/context/log-text.js';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { createPaint } from '../../../src/cli/report/paint.js';
import { logPath } from '../../../src/cli/target/local/supervisor/log-file.js';
import { tailLogs } from '../../../src/cli/target/local/tail.js';

t.test('the newest lines of several services come by their time', async (t) => {
  const logs = t.testdir();
  const write = (name: string, lines: string[]) => {
    mkdirSync(dirname(logPath(logs, name)), { recursive: true });
    writeFileSync(logPath(logs, name), lines.map((line) => `${line}\n`).join(''));
  };
  write('a', ['{"time":10,"msg":"a1"}', 'a trace of a1', '{"time":30,"msg":"a2"}']);
  write('b', ['{"time":"1970-01-01T00:00:00.020Z","msg":"b1"}', '{"time":40,"msg":"b2"}']);
  const services = [
    { name: 'a', instance: '' },
    { name: 'b', instance: '' },
  ];
  const read = async (tail: number) => {
    const found: string[] = [];
    const query = { logs, services, follow: false, tail, signal: new AbortController().signal, clock: systemClock };
    for await (const { text } of tailLogs(query)) found.push(/"msg":"(\w+)"/.exec(text)?.[1] ?? text);
    return found;
  };
  t.same(await read(100), ['a1', 'a trace of a1', 'b1', 'a2', 'b2']);
  t.same(await read(1), ['a2', 'b2']);
  t.same(await read(0), []);
});

t.test('a structured line as people read it', (t) => {
  const paint = createPaint(false);
  const line = '{"level":40,"time":1700000000123,"pid":1,"hostname":"h","msg":"slow","ms":7,"path":"/a b"}';
  t.equal(prettyLog(line, paint), '22:13:20.123 warn  slow ms=7 path="/a b"');
  for (const other of ['plain', '{"a":1}', '{"msg": broken', `{"level":30,"msg":${'['.repeat(5000)}`])
    t.equal(prettyLog(other, paint), other);
  t.end();
});
