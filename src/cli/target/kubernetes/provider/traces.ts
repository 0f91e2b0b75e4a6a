import { rmSync } from 'node:fs';
import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { RunProgram } from '../../../kernel/process.js';
import type { Execution } from '../../execute.js';
import { leftMs, planned, type StepContext } from '../../plan.js';
import type { DownReport } from '../../target.js';
import { isAlive, type StateFile } from './cluster-state.js';
import { archiveOf, findEngine, removeLocalImage } from './image.js';
import type { ClusterProvider } from './provider.js';

/** How long the port-forward daemon may take to end: asked to, and then killed. */
const forwardEndsMs = 3_000;
const forwardKilledMs = 5_000;

/** Undoes what hwctl did for one project outside the cluster's objects: images, the port-forward daemon. */
export async function removeTraces(
  deps: { run: RunProgram; provider: ClusterProvider; state: StateFile },
  report: DownReport,
  execution: Execution,
): Promise<void> {
  const { state, run } = deps;
  if (state.get().forward !== undefined) {
    const step = { verb: 'stop' as const, ref: 'process/forward', why: 'hwctl started it' };
    await execution.run([planned(step, ({ clock, signal }) => stopForward(run, state, report, clock, signal))]);
  }
  await removeImages(deps, report, execution);
}

/** Disables the addons that hwctl enabled. */
export async function removeAddons(
  provider: ClusterProvider,
  state: StateFile,
  report: DownReport,
  execution: Execution,
): Promise<void> {
  const { addonsEnabled } = state.get();
  // Those that the provider knows go in its order, after the others.
  const known = provider.addons.map(({ name }) => name).filter((name) => addonsEnabled.includes(name));
  for (const name of [...addonsEnabled.filter((other) => !known.includes(other)), ...known]) {
    const ref = `addon/${name}`;
    const disable = (work: StepContext) =>
      provider.setAddon(name, false, { timeoutMs: leftMs(work), signal: work.signal });
    await execution.run([planned({ verb: 'delete', ref, why: 'hwctl enabled it' }, disable)]);
    report.deleted.push(ref);
    state.change((draft) => {
      draft.addonsEnabled = draft.addonsEnabled.filter((other) => other !== name);
    });
  }
}

/** Ends the port-forward daemon that the state names, and waits until its ports are free. Throws Failure `forward-stays` where it does not end, and the signal's reason; it is then still in the state. */
export async function stopForward(
  run: RunProgram,
  state: StateFile,
  report: DownReport,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const { forward } = state.get();
  if (forward === undefined) return;
  if (await isAlive(run, forward)) {
    end(forward.pid, 'SIGTERM');
    const askedAt = clock.monotonic();
    let isKilled = false;
    while (await isAlive(run, forward)) {
      const tookMs = clock.monotonic() - askedAt;
      if (tookMs > forwardEndsMs + forwardKilledMs) throw stays(forward.pid);
      // It holds nothing but sockets.
      if (tookMs > forwardEndsMs && !isKilled) {
        end(forward.pid, 'SIGKILL');
        isKilled = true;
      }
      await clock.sleep(50, signal);
    }
    report.deleted.push(`process/forward (${forward.pid})`);
  }
  state.change((draft) => {
    draft.forward = undefined;
  });
}

function stays(pid: number): Failure {
  return new Failure({
    code: 'forward-stays',
    message: `the port-forward daemon (process ${pid}) does not end, even killed`,
    hint: `ps -o stat,wchan -p ${pid} tells what it waits for; then run this again`,
  });
}

/** It may have ended since it was looked at. */
function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function removeImages(
  { run, provider, state }: { run: RunProgram; provider: ClusterProvider; state: StateFile },
  report: DownReport,
  execution: Execution,
): Promise<void> {
  for (const image of provider.loadsImages ? [...state.get().imagesLoaded] : []) {
    const ref = `image/${image} in the cluster`;
    rmSync(archiveOf(state.folder, image), { force: true });
    await execution.run([planned({ verb: 'delete', ref, why: 'hwctl loaded it' }, () => provider.removeImage(image))]);
    report.deleted.push(ref);
    state.change((draft) => {
      draft.imagesLoaded = draft.imagesLoaded.filter((other) => other !== image);
    });
  }
  const built = [...state.get().imagesBuilt];
  if (built.length === 0) return;
  const engine = await findEngine(run);
  for (const image of built) {
    const ref = `image/${image}`;
    let reason: string | undefined;
    const remove = async () => {
      reason = await removeLocalImage(run, engine, image);
    };
    await execution.run([planned({ verb: 'delete', ref, why: 'hwctl built it' }, remove)]);
    if (reason !== undefined) {
      report.remaining.push({ ref, reason });
      continue;
    }
    report.deleted.push(ref);
    state.change((draft) => {
      draft.imagesBuilt = draft.imagesBuilt.filter((other) => other !== image);
    });
  }
}
