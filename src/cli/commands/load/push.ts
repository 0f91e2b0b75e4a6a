import { randomUUID } from 'node:crypto';
import { createHttpClient } from '../../kernel/http/http.js';
import { shownUrl } from '../../kernel/secrets.js';
import type { LoadSnapshot } from '../../load/measure/metrics.js';
import { loadSamples, type RunLabels, remoteWriteBody, textFormat } from '../../report/load/prometheus.js';
import type { Context } from '../context/context.js';

const everyMs = 1000;
const timeoutMs = 5000;

/** Sends the run's metrics once a second while it goes on: `--push`. A push that fails is counted and told, it ends no run. */
export class Pusher {
  private readonly client = createHttpClient();
  private readonly asText: boolean;
  private readonly run: RunLabels;
  private lastMs = Number.NEGATIVE_INFINITY;
  private pending: Promise<void> | undefined;
  private failures = 0;
  private lastFailure = '';
  private pushes = 0;

  /** `url`: remote write, or the text format where the path is a Pushgateway's (`/metrics/job/...`) or `/import/prometheus`. */
  constructor(
    private readonly url: string,
    run: string,
    private readonly context: Pick<Context, 'clock' | 'note'>,
  ) {
    const began = new Date(context.clock.now()).toISOString().slice(0, 19);
    this.run = { run, run_id: `${began}Z-${randomUUID().slice(0, 4)}` };
    const { pathname } = new URL(url);
    this.asText = /\/metrics\/job\/|\/import\/prometheus/.test(pathname);
  }

  /** Takes a sample of the run; sends it where a second has gone by and the last push is through. */
  offer(snapshot: LoadSnapshot): void {
    const nowMs = this.context.clock.monotonic();
    if (this.pending !== undefined || nowMs - this.lastMs < everyMs - 50) return;
    this.lastMs = nowMs;
    this.pending = this.push(snapshot).finally(() => {
      this.pending = undefined;
    });
  }

  /** Sends the last state and says how it went. */
  async close(last: LoadSnapshot | undefined): Promise<void> {
    await this.pending;
    if (last !== undefined) await this.push(last);
    await this.client.close();
    if (this.failures > 0)
      this.context.note(
        `--push: ${this.failures} of ${this.pushes} pushes to ${shownUrl(this.url)} failed: ${this.lastFailure}`,
      );
  }

  private async push(snapshot: LoadSnapshot): Promise<void> {
    this.pushes++;
    const samples = loadSamples(snapshot, this.run);
    const outcome = await this.client.send({
      method: 'POST',
      url: this.url,
      headers: this.asText
        ? [['Content-Type', 'text/plain; version=0.0.4']]
        : [
            ['Content-Type', 'application/x-protobuf'],
            ['Content-Encoding', 'snappy'],
            ['X-Prometheus-Remote-Write-Version', '0.1.0'],
            ['User-Agent', 'hwctl'],
          ],
      body: this.asText ? textFormat(samples) : remoteWriteBody(samples, this.context.clock.now()),
      timeoutMs,
    });
    if ('error' in outcome) this.fail(outcome.error.message);
    else if (outcome.response.status >= 300)
      this.fail(`status ${outcome.response.status} ${outcome.response.body.toString('utf8').slice(0, 120).trim()}`);
  }

  private fail(message: string): void {
    if (this.failures === 0) this.context.note(`--push: ${message}; the run goes on`);
    this.failures++;
    this.lastFailure = message;
  }
}
