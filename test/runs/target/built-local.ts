/** The built local target over any project: the one that starts the built supervisor. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { parseAllDocuments } from 'yaml';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { sourcedLocal, type WrittenEntry } from '../../../src/cli/target/local/project.js';
import { findMarked, signalProcess } from '../../../src/cli/target/local/state/process-identity.js';
import type { LocalTarget } from '../../../src/cli/target/local/target.js';
import type { KubeObject } from '../../../src/cli/target/manifests/kube-object.js';
import type { ObjectSource } from '../../../src/cli/target/source.js';
import type { DownReport, TargetEvent, UpReport } from '../../../src/cli/target/target.js';
import { root } from '../../golden.js';

async function builtLocal(): Promise<typeof import('../../../src/cli/target/local/target.js')> {
  const folder = join(root, 'dist/cli');
  const built = readdirSync(folder)
    .map((name) => join(folder, name))
    .find((file) => file.endsWith('.js') && /export\s*\{[^}]*\bcreateLocalTarget\b/.test(readFileSync(file, 'utf8')));
  if (built === undefined) throw new Error('no part of the build exports createLocalTarget');
  return import(built);
}

/** The objects of YAML texts, each of them of every stack. */
function objectsIn(...texts: string[]): KubeObject[] {
  return texts.flatMap((text) =>
    parseAllDocuments(text).flatMap((document) => (document.toJSON() as KubeObject | null) ?? []),
  );
}

/** The texts of a folder of manifests, in the order of their names. */
export function manifestsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

export interface ForeignProject {
  name: string;
  folder: string;
  manifests: string[];
  local: Record<string, WrittenEntry>;
}

/** One project on a state home of a test's own, taken down at its end whatever happened. */
export class ForeignPlatform {
  readonly events: TargetEvent[] = [];

  private constructor(
    readonly home: string,
    readonly target: LocalTarget,
    readonly name: string,
  ) {}

  static async make(t: Test, project: ForeignProject, home = newHome(t)): Promise<ForeignPlatform> {
    const { createLocalTarget } = await builtLocal();
    const environment = {
      env: { ...process.env, XDG_STATE_HOME: home },
      cwd: project.folder,
      root,
      clock: systemClock,
      project: project.name,
    };
    const source: ObjectSource = {
      asksCluster: false,
      images: [],
      objects: async ({ stacks }) =>
        objectsIn(...project.manifests).map((object) => ({ object, stacks: [...stacks], part: 'application' })),
    };
    const { folder } = project;
    const target = createLocalTarget(environment, sourcedLocal({ folder, source, local: () => project.local }));
    const platform = new ForeignPlatform(home, target, project.name);
    t.teardown(async () => {
      await platform.down().catch(() => undefined);
      for (const id of platform.processes()) signalProcess(id, 'SIGKILL');
    });
    return platform;
  }

  get folder(): string {
    return join(this.home, 'hwctl', `local@${this.name}`);
  }

  up(): Promise<UpReport> {
    return this.target.up({ source: noSource, stacks: [this.name], values: {} }, this.#wait(120_000));
  }

  down(keepData = false): Promise<DownReport> {
    return this.target.down({ stacks: [], keepData }, this.#wait(30_000));
  }

  processes() {
    return findMarked(this.folder);
  }

  #wait(timeoutMs: number) {
    const onEvent = (event: TargetEvent) => void this.events.push(event);
    return { timeoutMs, signal: new AbortController().signal, onEvent };
  }
}

const noSource: ObjectSource = {
  asksCluster: false,
  images: [],
  objects: () => Promise.reject(new Error('the project is read by itself')),
};

export function newHome(t: Test): string {
  const home = mkdtempSync(join(tmpdir(), 'hwctl-foreign-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  return home;
}
