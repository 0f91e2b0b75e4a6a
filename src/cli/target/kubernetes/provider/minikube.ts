import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import { sameImage } from '../../../kernel/image-name.js';
import type { RunProgram } from '../../../kernel/process.js';
import { type Finding, findProgram, probeTimeoutMs } from '../../prerequisite.js';
import type { ClusterCures } from '../api/cluster-cures.js';
import { ingressController } from './ingress-nginx.js';
import {
  explain,
  explainStart,
  lastLine,
  parseAddons,
  parseImages,
  parseStartEvent,
  profileState,
  type StartEvent,
} from './minikube-output.js';
import type { Addon, ClusterProvider, Deadline, Env, ImageBuild, ProviderKind } from './provider.js';

const quickMs = 30_000;
const looks = 3;
const lookMs = 1_500;

/** The time in which `auto` wants to know whether minikube is usable. */
const glanceMs = 1_500;

/** minikube: profiles of a cluster each, whose context has the profile's name. */
export const minikube: ProviderKind = {
  noun: 'minikube profile',
  flags: { profile: true, cpus: true, memory: true, kubernetesVersion: true, deleteCluster: true },
  contextOf: async ({ profile }, { env }) => profileName(profile, env),
  // The name of a profile's context tells nothing: who means the profile names the target.
  owns: async () => false,
  profiles: async (env) => profilesOnDisk(env),
  prerequisites: (run) =>
    Promise.all([
      findProgram(
        run,
        ['minikube', 'version', '--short'],
        'Install it (https://minikube.sigs.k8s.io/docs/start), or use --target local',
      ),
      findProfile(run),
    ]),
  open: (profile, { run, clock }) => openMinikube(run, profile, clock),
};

/** The profile that minikube itself would take: flag, environment, its own configuration, its default. */
function profileName(given: string | undefined, env: Env): string {
  const named = given ?? env.MINIKUBE_PROFILE;
  if (named !== undefined && named !== '') return named;
  return configuredProfile(env) ?? 'minikube';
}

/** What `minikube config set profile` has written; minikube itself takes a tenth of a second to say so. */
function configuredProfile(env: Env): string | undefined {
  const home = homeOf(env);
  if (home === undefined) return undefined;
  try {
    const { profile }: { profile?: unknown } = JSON.parse(readFileSync(join(home, 'config', 'config.json'), 'utf8'));
    return typeof profile === 'string' && profile !== '' ? profile : undefined;
  } catch {
    // Nothing was ever set.
    return undefined;
  }
}

/** The folder in which minikube keeps everything. */
function homeOf(env: Env): string | undefined {
  const home = env.MINIKUBE_HOME || env.HOME || env.USERPROFILE;
  return home === undefined || basename(home) === '.minikube' ? home : join(home, '.minikube');
}

/** The profiles that minikube keeps below MINIKUBE_HOME, else the home folder; minikube itself takes a second to answer. */
function profilesOnDisk(env: Env): string[] {
  const home = homeOf(env);
  if (home === undefined) return [];
  const folder = join(home, 'profiles');
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'config.json')));
}

/** Why minikube cannot be used here; undefined where its profile runs, or could be started. Takes 2 s at most. */
export async function whyNotMinikube(run: RunProgram, env: Env, given?: string): Promise<string | undefined> {
  const profile = given ?? env.MINIKUBE_PROFILE;
  const words = ['minikube', ...(profile ? ['-p', profile] : []), 'status', '-o', 'json'] as [string, ...string[]];
  const engines = (['docker', 'podman'] as const).map((engine) =>
    run([engine, 'version', '--format', '{{.Server.Version}}'], { timeoutMs: glanceMs }),
  );
  const outcome = await run(words, { timeoutMs: glanceMs });
  if (outcome.failure === 'ENOENT') return 'minikube is not installed';
  if (outcome.failure === 'timeout') return 'minikube does not answer';
  const state = profileState(outcome);
  if (state.kind === 'running') return undefined;
  if (state.kind === 'broken') return `minikube is installed, but ${state.why}`;
  const answers = await Promise.all(engines);
  if (answers.some(({ exitCode }) => exitCode === 0)) return undefined;
  return 'minikube is installed, but no container engine answers';
}

/** The profile that is in use, for `hwctl doctor`. */
async function findProfile(run: RunProgram): Promise<Finding> {
  const name = 'minikube profile';
  const outcome = await run(['minikube', 'status', '-o', 'json'], { timeoutMs: probeTimeoutMs });
  if (outcome.failure === 'ENOENT')
    return { name, state: 'missing', found: 'none: minikube is not installed', cure: 'Install minikube first' };
  if (outcome.failure !== undefined) {
    const found = `minikube status did not end by itself: ${outcome.failure}`;
    return { name, state: 'warning', found, cure: 'minikube delete, then minikube start, where it goes on' };
  }
  const state = profileState(outcome);
  switch (state.kind) {
    case 'running':
      return { name, state: 'ok', found: 'running' };
    case 'missing':
      return { name, state: 'warning', found: 'no profile yet', cure: 'minikube start' };
    case 'stopped':
      return { name, state: 'warning', found: state.why, cure: 'minikube start' };
    case 'broken':
      return { name, state: 'warning', found: state.why, cure: 'minikube update-context' };
  }
}

/** The addons that hwctl wants. */
const addons: readonly Addon[] = [
  { name: 'ingress', brings: 'ingress', health: ingressController },
  {
    name: 'metrics-server',
    brings: 'metrics',
    health: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'metrics-server', namespace: 'kube-system' },
    },
  },
];

/** Drives the `minikube` program for one profile, whose context has the same name. */
export function openMinikube(run: RunProgram, profile: string, clock: Clock): ClusterProvider {
  const call = async (words: string[], options: Deadline & { onLine?: (line: string) => void }) => {
    const outcome = await run(['minikube', '-p', profile, ...words], options);
    if (outcome.failure === 'ENOENT') throw notInstalled();
    options.signal?.throwIfAborted();
    return outcome;
  };
  const named = (words: string[]) => `minikube ${words.join(' ')}`;
  const must = async (words: string[], options: Deadline) => {
    const outcome = await call(words, options);
    if (outcome.exitCode !== 0) throw explain(named(words), outcome, options.timeoutMs);
    return outcome;
  };
  const images = async (signal?: AbortSignal) => {
    const { stdout } = await must(['image', 'ls', '--format', 'json'], { timeoutMs: quickMs, signal });
    return parseImages(stdout);
  };
  const state = async ({ signal }: Pick<Deadline, 'signal'> = {}) => {
    for (let look = 1; ; look++) {
      const outcome = await call(['status', '-o', 'json'], { timeoutMs: quickMs, signal });
      // A busy API server may miss minikube's short deadline: one that is down is down at a second and third look, too.
      if (outcome.exitCode !== 2 || look === looks) return profileState(outcome);
      await clock.sleep(lookMs, signal);
    }
  };
  return {
    profile,
    noun: minikube.noun,
    ref: `profile/${profile}`,
    cures: curesOf(profile),
    state,
    start: async (flags, onProgress, options) => {
      const words = ['start', '-o', 'json'];
      if (flags.cpus !== undefined) words.push('--cpus', flags.cpus);
      if (flags.memory !== undefined) words.push('--memory', flags.memory);
      if (flags.kubernetesVersion !== undefined) words.push('--kubernetes-version', flags.kubernetesVersion);
      if (flags.keepContext === true) words.push('--keep-context');
      const errors: StartEvent[] = [];
      const outcome = await call(words, {
        ...options,
        onLine: (line) => {
          const event = parseStartEvent(line);
          if (event?.type === 'step') onProgress(event.text);
          if (event?.type === 'error') errors.push(event);
        },
      });
      if (outcome.exitCode !== 0) throw explainStart(outcome, errors, options.timeoutMs);
      let now = await state(options);
      if (now.kind === 'broken') {
        await must(['update-context'], { timeoutMs: quickMs, signal: options.signal });
        now = await state(options);
      }
      if (now.kind === 'running') return;
      throw new Failure({
        code: 'minikube-not-running',
        message: `minikube started, but it does not run: ${now.kind === 'missing' ? 'the profile is gone' : now.why}`,
        hint: `minikube -p ${profile} logs tells more`,
      });
    },
    delete: async (options) => {
      await must(['delete'], options);
    },
    addons,
    enabledAddons: async () => {
      const { stdout } = await must(['addons', 'list', '-o', 'json'], { timeoutMs: quickMs });
      return parseAddons(stdout);
    },
    setAddon: async (name, enabled, options) => {
      const words = ['addons', enabled ? 'enable' : 'disable', name];
      for (let attempt = 1; ; attempt++) {
        const outcome = await call(words, options);
        if (outcome.exitCode === 0) return;
        // What of it is still being deleted, or an API server that is busy, refuses the first attempt.
        if (attempt === 2 || outcome.failure !== undefined) throw explain(named(words), outcome, options.timeoutMs);
        await clock.sleep(lookMs, options.signal);
      }
    },
    loadsImages: true,
    buildsImages: true,
    images: () => images(),
    loadArchive: async (file, image, options) => {
      let said: string | undefined;
      try {
        // The command itself exits 0 on failure.
        for (let attempt = 1; attempt <= 2; attempt++) {
          const outcome = await must(['image', 'load', file], options);
          if ((await images(options.signal)).some((tag) => sameImage(tag, image))) return;
          said = lastLine(outcome.stderr) ?? lastLine(outcome.stdout);
        }
      } finally {
        // minikube keeps a copy of every archive it loads on the node.
        const copy = `/var/lib/minikube/images/${basename(file)}`;
        await run(['minikube', '-p', profile, 'ssh', '--', 'sudo', 'rm', '-f', copy], { timeoutMs: quickMs });
      }
      throw new Failure({
        code: 'image-not-loaded',
        message: `minikube says that it loaded ${image}, but the cluster does not have it${said === undefined ? '' : `: ${said}`}`,
        hint: 'Is the disk of the node full? minikube ssh -- df -h /var',
      });
    },
    buildImage: async (build, image, options) => {
      // The command itself exits 0 on failure.
      const outcome = await must(['image', 'build', '--tag', image, ...buildWords(build, image)], options);
      if ((await images(options.signal)).some((tag) => sameImage(tag, image))) return;
      const said = lastLine(outcome.stderr) ?? lastLine(outcome.stdout);
      throw new Failure({
        code: 'image-build',
        message: `minikube image build did not make ${image}${said === undefined ? '' : `: ${said}`}`,
        hint: 'Install Docker or podman on this machine: hwctl builds with either, and tells which instruction fails',
      });
    },
    removeImage: async (image) => {
      await must(['image', 'rm', image], { timeoutMs: quickMs });
    },
  };
}

/** The words of `minikube image build` behind the tag. Throws Failure `image-source` for a Dockerfile that the node is not sent. */
function buildWords({ context, dockerfile, target, platform, ...build }: ImageBuild, image: string): string[] {
  const file = relative(context, dockerfile);
  if (file.startsWith('..'))
    throw new Failure({
      code: 'image-source',
      message: `${image}: the Dockerfile ${dockerfile} is not in the folder that is built, ${context}, which is all that the node is sent`,
      hint: 'Install Docker or podman on this machine: hwctl builds with either',
    });
  const options = [
    ...(target === undefined ? [] : [`target=${target}`]),
    ...(platform === undefined ? [] : [`platform=${platform}`]),
    ...Object.entries(build.arguments).map(([name, value]) => `build-arg=${name}=${value}`),
  ];
  return [...(file === 'Dockerfile' ? [] : ['--file', file]), ...options.map((one) => `--build-opt=${one}`), context];
}

function curesOf(profile: string): ClusterCures {
  const minikube = `minikube -p ${profile}`;
  return {
    status: `${minikube} status`,
    start: `${minikube} start`,
    remove: `${minikube} delete`,
    kubeconfig: `${minikube} update-context`,
    ingress: `${minikube} addons enable ingress`,
    metrics: `${minikube} addons enable metrics-server`,
    volumes: (provisioner) =>
      provisioner === 'k8s.io/minikube-hostpath'
        ? `kubectl -n kube-system get pod storage-provisioner; ${minikube} addons enable storage-provisioner brings it back`
        : undefined,
  };
}

/** Why there is no usable minikube, for a machine without the program. */
function notInstalled(): Failure {
  return new Failure({
    code: 'no-minikube',
    message: 'minikube is not installed',
    hint: 'Install it (https://minikube.sigs.k8s.io/docs/start), or run hwctl up --target local',
  });
}
