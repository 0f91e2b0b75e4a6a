import type { TargetEnvironment } from '../environment.js';
import { leftMs, type StepContext } from '../plan.js';
import type { DesiredLocally } from './plan/desired.js';
import type { LocalActs } from './plan/plan.js';
import { makeFolder, type StateFolder, writeAtomically } from './state/state-folder.js';
import { askSupervisor } from './supervisor/control.js';
import { endEverything, launchSupervisor, runningSupervisor } from './supervisor/launch.js';
import { watchReadiness } from './wait-ready.js';

/** What the steps of a plan do on this machine, each thing once however many steps ask for it. */
export function localActs(folder: StateFolder, desired: DesiredLocally, environment: TargetEnvironment): LocalActs {
  const makeFolders = () => {
    for (const path of [folder.path, folder.logs, folder.volumes]) makeFolder(path);
  };
  return {
    writeSecrets: async () => {
      makeFolders();
      writeAtomically(folder.secrets, JSON.stringify(desired.secrets));
    },
    writeState: async () => {
      makeFolders();
      writeAtomically(folder.state, JSON.stringify(desired.state));
    },
    startSupervisor: async (work) => {
      makeFolders();
      const wait = { ...work, timeoutMs: leftMs(work) };
      await endEverything(folder, wait);
      await launchSupervisor(folder, environment.env, { ...wait, timeoutMs: leftMs(work) });
    },
    apply: once(async (work: StepContext) => {
      const supervisor = runningSupervisor(folder);
      if (supervisor !== undefined) await askSupervisor(supervisor, { type: 'apply' }, leftMs(work));
    }),
    untilReady: watchReadiness(folder, desired),
  };
}

/** Runs `act` when it is first asked for; whoever asks again gets the same outcome. */
function once(act: (work: StepContext) => Promise<void>): (work: StepContext) => Promise<void> {
  let outcome: Promise<void> | undefined;
  return (work) => {
    outcome ??= act(work);
    return outcome;
  };
}
