import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { createClient, type KubeClient } from '../../src/cli/target/kubernetes/api/client.js';
import { loadKubeConfig, pinContext } from '../../src/cli/target/kubernetes/api/kube-context.js';
import { liveRef } from '../../src/cli/target/kubernetes/api/live-object.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The minikube profile that the suites use: HWCTL_E2E_CLUSTER, else the default one. */
export const profile = process.env.HWCTL_E2E_CLUSTER || 'minikube';

/** Why these suites cannot run; false where a cluster answers. For the `skip` option of a test, so that it is seen. */
export function whyNoCluster(): string | false {
  const status = spawnSync('minikube', ['-p', profile, 'status'], { encoding: 'utf8', timeout: 30_000 });
  if (status.error !== undefined) return 'minikube is not installed';
  return status.status === 0 ? false : `the minikube profile ${profile} does not run (minikube start)`;
}

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The end of both, for the message of an assertion: with --json an error is on stdout. */
  said: string;
}

/** Asserts an exit code; where it is another one, with what the command said. */
export function exits(t: Test, { code, said }: Outcome, wanted: number): boolean {
  return code === wanted ? t.pass(`exit code ${wanted}`) : t.fail(`exit code ${code} instead of ${wanted}: ${said}`);
}

/** hwctl with a state folder of its own. */
export class Hwctl {
  readonly stateHome = mkdtempSync(join(tmpdir(), 'hwctl-e2e-'));

  constructor(readonly profileName = profile) {}

  /** Runs a command to its end; a deadline kills it. `onLine` sees each line of stderr and may kill the process. */
  run(
    argv: string[],
    options: {
      timeoutMs?: number;
      env?: Record<string, string>;
      onLine?: (line: string, kill: () => void) => void;
    } = {},
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [join(root, 'bin/hwctl.js'), ...argv], {
        env: { ...process.env, XDG_STATE_HOME: this.stateHome, CI: 'true', ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 300_000);
      let stdout = '';
      let stderr = '';
      let rest = '';
      child.stdout.on('data', (chunk) => {
        stdout += chunk;
      });
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) options.onLine?.(line, () => child.kill('SIGKILL'));
      });
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ code, stdout, stderr, said: `${stderr}${stdout}`.slice(-4_000) });
      });
    });
  }

  on(command: string, ...more: string[]): Promise<Outcome> {
    return this.run([command, ...more, '--target', 'minikube', '--profile', this.profileName]);
  }

  /** A command that runs until it is told to end. */
  start(...argv: string[]): ChildProcess {
    return spawn(process.execPath, [join(root, 'bin/hwctl.js'), ...argv], {
      env: { ...process.env, XDG_STATE_HOME: this.stateHome, CI: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Takes down what a failed test left up, so that the next one starts from nothing. */
  async remove(): Promise<void> {
    const left = readdirSync(this.stateHome, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile());
    if (left) await this.on('down');
    rmSync(this.stateHome, { recursive: true, force: true });
  }
}

/** A client for the suites' own looks and deeds. */
export function openClient(): KubeClient {
  return createClient(pinContext(loadKubeConfig(process.env), profile, undefined), systemClock);
}

/** Kinds that come and go by themselves. */
const restless = new Set(['Event', 'Lease', 'PodMetrics', 'NodeMetrics', 'CertificateSigningRequest']);

/** Everything that can be listed in the cluster, and what belongs to it outside: addons, images, the context's namespace. */
export async function inventory(): Promise<string[]> {
  const client = openClient();
  try {
    const found: string[] = [];
    for (const resource of await client.resources()) {
      if (!resource.verbs.includes('list') || restless.has(resource.kind)) continue;
      for (const object of await client.list(resource)) {
        if (object.metadata.deletionTimestamp === undefined) found.push(`${liveRef(object)} ${object.metadata.uid}`);
      }
    }
    const addons = JSON.parse(output('minikube', '-p', profile, 'addons', 'list', '-o', 'json')) as Record<
      string,
      { Status: string }
    >;
    for (const [name, { Status }] of Object.entries(addons)) if (Status === 'enabled') found.push(`addon ${name}`);
    const images = JSON.parse(output('minikube', '-p', profile, 'image', 'ls', '--format', 'json')) as {
      repoTags: string[];
    }[];
    for (const { repoTags } of images) for (const tag of repoTags) found.push(`image in the cluster ${tag}`);
    for (const line of output('docker', 'images', '-a', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}').split('\n'))
      if (line !== '') found.push(`image ${line}`);
    found.push(`context ${loadKubeConfig(process.env).getContextObject(profile)?.namespace ?? 'default'}`);
    return found.sort();
  } finally {
    client.close();
  }
}

/** What a program prints; throws where it fails. */
export function output(program: string, ...argv: string[]): string {
  const done = spawnSync(program, argv, { encoding: 'utf8', timeout: 120_000 });
  if (done.status !== 0) throw new Error(`${program} ${argv.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

/** Runs a program in the node of the cluster; returns what it prints, whatever its exit code. */
export function inNode(...argv: string[]): string {
  return spawnSync('docker', ['exec', profile, ...argv], { encoding: 'utf8', timeout: 60_000 }).stdout;
}

/** Enables or disables a minikube addon. */
export function addon(verb: 'enable' | 'disable', name: string): void {
  output('minikube', '-p', profile, 'addons', verb, name);
}

/** Asks every half second until it is so; an error (the API server may be away) counts as no. Throws at the deadline. */
export async function waitUntil(what: string, isSo: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    if (await isSo().catch(() => false)) return;
    if (Date.now() > endsAt) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
