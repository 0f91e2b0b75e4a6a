import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Parser } from 'tap-parser';
import { outputOf } from './test-build.mjs';

/** How much of what a file writes to stderr is kept, its end: characters. */
const keptOfStderr = 64 * 1024;
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Runs one test file in a process of its own to its end, or to its deadline, `timeoutSeconds` from its start or from the last
 * time that it set another (t.setTimeout of its root). Resolves to its block of TAP, indented, with its summary line, and what it counted.
 */
export async function runTestFile(file, { id, number, timeoutSeconds, program = outputOf(file) }) {
  const began = performance.now();
  const key = randomUUID();
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    // What tap asks for in the process of a file: how it says its deadline, and hears that it is over.
    env: {
      ...process.env,
      TAP: '1',
      TAP_CHILD_ID: id,
      TAP_JOB_ID: id,
      TAP_CHILD_KEY: key,
      TAP_TIMEOUT: timeoutSeconds,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  const { parser, lines, counts } = reader();
  child.stdout.setEncoding('utf8').on('data', (text) => parser.write(text));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-keptOfStderr);
  });
  const deadline = deadlineOf(child, { key, child: id }, timeoutSeconds * 1000);
  const [exitCode, signal] = await endOf(child);
  deadline.clear();
  running.delete(child);
  parser.end();
  const trouble = troubleOf({ exitCode, signal, results: parser.results, counts, deadline });
  const skip = trouble === undefined && parser.results.count === 0 ? parser.results.plan.skipReason : undefined;
  // An exit code that says what the lines say already is not counted again.
  if (trouble !== undefined && counts.fail === 0) counts.fail = 1;
  if (skip !== undefined) counts.skip = 1;
  const took = skip === undefined ? `time=${(performance.now() - began).toFixed(0)}ms` : `SKIP ${skip}`;
  const block = [
    `# Subtest: ${file}`,
    ...lines.map((line) => (line === '' ? '' : `    ${line}`)),
    `${trouble === undefined ? 'ok' : 'not ok'} ${number()} - ${file} # ${took}`,
    ...(trouble === undefined ? [] : ['  ---', ...trouble.map((line) => `  ${line}`), '  ...']),
    ...(trouble === undefined || errors === ''
      ? []
      : errors
          .trimEnd()
          .split('\n')
          .map((line) => `# stderr: ${line}`)),
  ];
  return { ok: trouble === undefined, file, block, counts };
}

/** A parser of what a file prints, with its lines as they are and its assertions counted, those of subtests too. */
function reader() {
  const parser = new Parser();
  const counts = { pass: 0, fail: 0, skip: 0, todo: 0 };
  const lines = [];
  parser.on('line', (line) => line.startsWith('TAP version') || lines.push(line.replace(/\n$/, '')));
  parser.on('result', ({ ok, skip, todo }) => {
    counts[todo ? 'todo' : skip ? 'skip' : ok ? 'pass' : 'fail'] += 1;
  });
  return { parser, lines, counts };
}

/** Ends a process that takes longer: tap in it is told, which prints what still holds it and ends it; one that does not hear is killed. */
function deadlineOf(child, address, firstMs) {
  let timers = [];
  const deadline = { afterSeconds: undefined, clear: () => timers.forEach(clearTimeout) };
  const set = (ms) => {
    deadline.clear();
    const tell = () => {
      deadline.afterSeconds = ms / 1000;
      if (child.connected) child.send({ tapAbort: 'timeout', ...address }, () => undefined);
    };
    timers = [setTimeout(tell, ms), setTimeout(() => child.kill('SIGKILL'), ms + 500)];
  };
  child.on('message', (message) => {
    if (message?.key === address.key && message.setTimeout > 0) set(message.setTimeout);
  });
  set(firstMs);
  return deadline;
}

/** Exit code and signal, once all that the process printed is there; a process of its own that it left behind and that holds the pipe is not waited for. */
function endOf(child) {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
    child.on('exit', () =>
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 2000).unref(),
    );
  });
}

/** Why a file has failed, as lines; undefined where it has not. */
function troubleOf({ exitCode, signal, results, counts, deadline }) {
  const lines = [];
  if (deadline.afterSeconds !== undefined) lines.push(`timeout: killed, not done after ${deadline.afterSeconds} s`);
  if (signal !== null) lines.push(`signal: ${signal}`);
  else if (exitCode !== 0) lines.push(`exitCode: ${exitCode}`);
  const checked = counts.pass + counts.fail + counts.skip + counts.todo;
  const reason = results.plan.skipReason;
  if (checked === 0 && (reason === '' || reason === undefined || reason === 'no tests found'))
    lines.push('it asserts nothing: no test in it has run');
  if (lines.length === 0 && !results.ok)
    lines.push(`failed: ${counts.fail}, of ${results.failures.length} lines that are not as they must be`);
  return lines.length === 0 ? undefined : lines;
}
