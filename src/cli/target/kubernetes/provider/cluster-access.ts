import type { RunProgram } from '../../../kernel/process.js';
import type { TargetEnvironment } from '../../environment.js';
import { bundledProject } from '../../project-name.js';
import { createClient, type KubeClient } from '../api/client.js';
import { loadKubeConfig, pinContext } from '../api/kube-context.js';
import { StateFile, stateFolder } from './cluster-state.js';
import type { ClusterProvider } from './provider.js';
import { type ClusterName, providers } from './providers.js';

/** Which cluster, and what it is reached with. */
export interface ClusterTargetOptions {
  name: ClusterName;
  environment: TargetEnvironment;
  run: RunProgram;
  context: string;
  allowContext?: string;
}

/** A cluster that runs, and what is remembered of it. */
export interface ClusterAccess {
  client: KubeClient;
  state: StateFile;
  provider: ClusterProvider;
}

/** Where the state of this context and project is kept. */
export function openState({ environment, context }: ClusterTargetOptions): StateFile {
  return new StateFile(stateFolder(environment), context, environment.project);
}

/** Where that is kept which projects share: who made the cluster, its addons, the namespace of its context. */
export function openSharedState({ environment, context }: ClusterTargetOptions): StateFile {
  return new StateFile(stateFolder(environment), context, bundledProject);
}

/** Who makes the cluster. */
export function openProvider({ name, run, context, environment }: ClusterTargetOptions): ClusterProvider {
  return providers[name].open(context, { run, clock: environment.clock, env: environment.env });
}

/** A client for the pinned context. Throws Failure where the context is missing or guarded. */
export function openClient(options: ClusterTargetOptions): KubeClient {
  const { environment, context, allowContext } = options;
  const config = pinContext(loadKubeConfig(environment.env), context, allowContext);
  return createClient(config, environment.clock, openProvider(options).cures);
}

/** The cluster, or undefined where it does not run. Throws the signal's reason. */
export async function openCluster(
  options: ClusterTargetOptions,
  signal?: AbortSignal,
): Promise<ClusterAccess | undefined> {
  const provider = openProvider(options);
  if ((await provider.state({ signal })).kind !== 'running') return undefined;
  return { client: openClient(options), state: openState(options), provider };
}
