/** A private local target for one test: its own state folder, and a `down` at the end whatever happened. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { findMarked, type ProcessId, signalProcess } from '../../src/cli/target/local/state/process-identity.js';
import type { Runtime } from '../../src/cli/target/local/state/state-folder.js';
import type { StatusReport, UpReport } from '../../src/cli/target/target.js';
import { type CliOptions, type CliRun, hwctl } from '../golden.js';

export class LocalPlatform {
  readonly home = mkdtempSync(join(tmpdir(), 'hwctl-local-'));
  readonly folder = join(this.home, 'hwctl', 'local');

  constructor(t: Test) {
    t.teardown(async () => {
      await this.run(['down']);
      // Nothing of a failed test may outlive it.
      for (const id of this.processes()) signalProcess(id, 'SIGKILL');
      rmSync(this.home, { recursive: true, force: true });
    });
  }

  /** Runs `hwctl COMMAND --target local ...` on this platform's state folder. */
  run([command = '', ...args]: string[], options: CliOptions = {}): Promise<CliRun> {
    return hwctl([command, '--target', 'local', ...args], {
      ...options,
      env: { XDG_STATE_HOME: this.home, ...options.env },
    });
  }

  async up(...args: string[]): Promise<UpReport> {
    const { exitCode, stdout, stderr } = await this.run(['up', '--json', '--timeout', '60s', ...args]);
    if (exitCode !== 0) throw new Error(`up failed with ${exitCode}:\n${stderr}\n${this.log('supervisor')}`);
    return JSON.parse(stdout) as UpReport;
  }

  async status(): Promise<StatusReport> {
    return JSON.parse((await this.run(['status', '--json'])).stdout) as StatusReport;
  }

  /** Asks for the status until it satisfies `wanted`, for half a minute at most. */
  async until(what: string, wanted: (status: StatusReport) => boolean): Promise<StatusReport> {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
      const status = await this.status();
      if (wanted(status)) return status;
    }
    throw new Error(
      `not within 30 s: ${what}\n${JSON.stringify(await this.status(), null, 1)}\n${this.log('supervisor')}`,
    );
  }

  runtime(): Runtime {
    return JSON.parse(readFileSync(join(this.folder, 'runtime.json'), 'utf8')) as Runtime;
  }

  processes(): ProcessId[] {
    return findMarked(this.folder);
  }

  pidOf(service: string): number {
    const process = this.runtime().processes.find(({ name }) => name === service);
    if (process === undefined) throw new Error(`${service} does not run`);
    return process.pid;
  }

  log(service: string): string {
    try {
      return readFileSync(join(this.folder, 'logs', `${service}.log`), 'utf8');
    } catch {
      return '(no log)';
    }
  }
}

/** One GET; status 0 where nobody answers. */
export function get(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const outgoing = request(url, { headers, agent: false, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve({ status: 0, body: '' }));
    outgoing.end();
  });
}
