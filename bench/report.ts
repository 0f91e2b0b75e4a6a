// What the live report costs: time of a frame, and the engine's start lag with the view on and off, alternating in one run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { definePlan } from '../src/cli/load/plan-define.js';
import { startAttack } from '../src/cli/load/run.js';
import { headingOf } from '../src/cli/report/words.js';

// As main.ts does, before React is loaded.
process.env.NODE_ENV ??= 'production';
const { openLiveLoad } = await import('../src/cli/report/live.js');

const pairs = 5;
const ratePerSecond = 1000;
const durationMs = 4000;

/** A terminal of 80 x 24 that nobody looks at. */
function terminal() {
  const stream = new PassThrough();
  stream.resume();
  return Object.assign(stream, { isTTY: true, columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream;
}

async function runOnce(url: string, live: boolean) {
  const plan = definePlan({
    endpoint: { url },
    work: [{ kind: 'requests', name: 'GET /', weight: 1, requests: [{ step: 'GET /', method: 'GET', path: '/' }] }],
    arrivals: { model: 'open', stages: [{ durationMs, from: ratePerSecond, to: ratePerSecond }], poisson: false },
  });
  const attack = startAttack(plan);
  const view = live
    ? openLiveLoad({ heading: headingOf(plan), stdin: process.stdin, stdout: terminal(), onKey: () => undefined })
    : undefined;
  const frameMs: number[] = [];
  let done = false;
  attack.result.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  while (!done) {
    await sleep(250);
    const before = performance.now();
    view?.update(attack.snapshot(), { rateFactor: 1, finishing: false });
    frameMs.push(performance.now() - before);
  }
  view?.close();
  const result = await attack.result;
  return { lagMs: result.latencyMs.startLag.p99, frameMs: median(frameMs), verdict: result.verdict.state };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const serverFile = fileURLToPath(new URL('../dist/server/main.js', import.meta.url));
const server = spawn(process.execPath, [serverFile, 'serve', 'hello'], {
  env: { PATH: process.env.PATH, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'info' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    server.once('exit', () => reject(new Error('the server did not start')));
    server.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      const port = /"port":(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
  });
  const runs: { live: boolean; lagMs: number; frameMs: number; verdict: string }[] = [];
  for (let i = 0; i < pairs * 2; i++) {
    const live = i % 2 === 1;
    runs.push({ live, ...(await runOnce(url, live)) });
  }
  const of = (live: boolean) => runs.filter((run) => run.live === live);
  const lag = (live: boolean) => of(live).map((run) => run.lagMs);
  const show = (values: number[]) =>
    `median ${median(values).toFixed(3)} ms (${values.map((value) => value.toFixed(3)).join(' ')})`;
  const frames = median(of(true).map((run) => run.frameMs)) - median(of(false).map((run) => run.frameMs));
  const lines = [
    `${ratePerSecond} rps for ${durationMs / 1000} s, ${pairs} pairs`,
    `start lag p99 without view  ${show(lag(false))}`,
    `start lag p99 with view     ${show(lag(true))}`,
    `ratio                       ${(median(lag(true)) / median(lag(false))).toFixed(2)}`,
    `a frame                     ${frames.toFixed(2)} ms of the main thread, ${((frames * 4) / 10).toFixed(1)} % of a core at 4 Hz`,
    `verdicts                    ${runs.map((run) => run.verdict).join(' ')}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
}
process.exit(0);
