import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import { sameImage } from '../../../kernel/image-name.js';
import type { RunProgram } from '../../../kernel/process.js';
import { type Finding, findProgram, probeTimeoutMs } from '../../prerequisite.js';
import type { ClusterCures } from '../api/cluster-cures.js';
import { findEngine } from './image.js';
import { explainKind, namesIn, nodesIn, progressOf, tagsOnAll } from './kind-output.js';
import {
  type ClusterProvider,
  type Deadline,
  type Env,
  never,
  noAddons,
  type ProviderKind,
  type ProviderState,
  type StartFlags,
} from './provider.js';

const quickMs = 30_000;
const pollMs = 1_000;
const contextPrefix = 'kind-';
const install = 'Install it (https://kind.sigs.k8s.io/docs/user/quick-start/#installation)';

/** kind: clusters whose nodes are containers of this machine's engine; the context of the cluster NAME is `kind-NAME`. */
export const kind: ProviderKind = {
  noun: 'kind cluster',
  // A node has the CPUs and the memory of this machine: there is nothing to give it.
  flags: { profile: true, cpus: false, memory: false, kubernetesVersion: true, deleteCluster: true },
  contextOf: async ({ context, profile }, { env }) => {
    const given = profile || (context?.startsWith(contextPrefix) ? nameOf(context) : undefined);
    // kind itself takes the name from the environment where no flag gives one (pkg/internal/cli/override.go).
    return contextPrefix + (given || env.KIND_CLUSTER_NAME || 'kind');
  },
  owns: async (context, run) => {
    if (!context.startsWith(contextPrefix)) return false;
    const outcome = await run(['kind', 'get', 'clusters'], { timeoutMs: probeTimeoutMs });
    return outcome.exitCode === 0 && namesIn(outcome.stdout).includes(nameOf(context));
  },
  profiles: async (env) => (await contexts(env)).filter((name) => name.startsWith(contextPrefix)).map(nameOf),
  prerequisites,
  open: openKind,
};

const nameOf = (context: string) => context.slice(contextPrefix.length);

/** The contexts of the kubeconfig; the reader of YAML is loaded only now. */
async function contexts(env: Env): Promise<string[]> {
  return (await import('../../kubeconfig.js')).contextNames(env);
}

/** The program, and whether it reaches the engine that its nodes would be containers of. */
async function prerequisites(run: RunProgram): Promise<Finding[]> {
  const program = await findProgram(run, ['kind', 'version'], `${install}, or use --target local`);
  if (program.state !== 'ok') return [program];
  const outcome = await run(['kind', 'get', 'clusters'], { timeoutMs: probeTimeoutMs });
  const name = 'kind clusters';
  if (outcome.exitCode === 0)
    return [program, { name, state: 'ok', found: namesIn(outcome.stdout).join(', ') || 'none yet' }];
  const { message, hint } = explainKind(['get', 'clusters'], outcome, probeTimeoutMs);
  return [program, { name, state: 'missing', found: message, cure: hint }];
}

function curesOf(context: string): ClusterCures {
  const kubectl = `kubectl --context ${context}`;
  const name = nameOf(context);
  return {
    status: `${kubectl} cluster-info`,
    start: `docker start $(kind get nodes --name ${name})`,
    remove: `kind delete cluster --name ${name}`,
    kubeconfig: `kind export kubeconfig --name ${name}`,
    ingress: `${kubectl} apply -f https://kind.sigs.k8s.io/examples/ingress/deploy-ingress-nginx.yaml`,
    // Its kubelets sign their certificates themselves, which metrics-server refuses unless told.
    metrics: `${kubectl} apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml, with --kubelet-insecure-tls added to its arguments`,
    volumes: (provisioner) =>
      provisioner === 'rancher.io/local-path' ? `${kubectl} -n local-path-storage get pods tells` : undefined,
  };
}

/** Drives the `kind` program for one cluster, and the engine where kind has no command (images on the nodes, a stopped node). */
function openKind(context: string, { run, clock, env }: { run: RunProgram; clock: Clock; env: Env }): ClusterProvider {
  const name = nameOf(context);
  const cures = curesOf(context);
  const call = async (words: string[], options: Deadline & { onErrorLine?: (line: string) => void }) => {
    const outcome = await run(['kind', ...words], options);
    if (outcome.failure === 'ENOENT')
      throw new Failure({
        code: 'no-kind',
        message: 'kind is not installed',
        hint: `${install}, or run hwctl up --target local`,
      });
    options.signal?.throwIfAborted();
    return outcome;
  };
  const must = async (words: string[], options: Deadline & { onErrorLine?: (line: string) => void }) => {
    const outcome = await call(words, options);
    if (outcome.exitCode !== 0) throw explainKind(words, outcome, options.timeoutMs);
    return outcome;
  };
  const engine = async () => env.KIND_EXPERIMENTAL_PROVIDER || (await findEngine(run));
  const nodes = async (signal?: AbortSignal) => {
    const { stdout } = await must(['get', 'nodes', '--name', name], { timeoutMs: quickMs, signal });
    return namesIn(stdout);
  };

  const state = async ({ signal }: Pick<Deadline, 'signal'> = {}): Promise<ProviderState> => {
    const listed = await call(['get', 'clusters'], { timeoutMs: quickMs, signal });
    if (listed.exitCode !== 0)
      return { kind: 'broken', why: explainKind(['get', 'clusters'], listed, quickMs).message };
    if (!namesIn(listed.stdout).includes(name)) return { kind: 'missing' };
    const label = `label=io.x-k8s.kind.cluster=${name}`;
    const containers = await run(
      [await engine(), 'ps', '--all', '--filter', label, '--format', '{{.Names}} {{.State}}'],
      { timeoutMs: quickMs, signal },
    );
    signal?.throwIfAborted();
    const idle = nodesIn(containers.stdout).filter((node) => node.state !== 'running');
    if (idle.length > 0)
      return { kind: 'stopped', why: idle.map((node) => `${node.name} is ${node.state}`).join(', ') };
    if ((await contexts(env)).includes(context)) return { kind: 'running' };
    return { kind: 'broken', why: `the kubeconfig has no context ${context}` };
  };

  /** The containers run at once; the API server in them takes its time. */
  const waitForServer = async (options: Deadline) => {
    const node =
      (await nodes(options.signal)).find((each) => /-control-plane\d*$/.test(each)) ?? `${name}-control-plane`;
    const until = clock.monotonic() + options.timeoutMs;
    const asked = ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', 'get', '--raw', '/readyz'];
    for (;;) {
      const outcome = await run([await engine(), 'exec', node, ...asked], {
        timeoutMs: quickMs,
        signal: options.signal,
      });
      options.signal?.throwIfAborted();
      if (outcome.exitCode === 0) return;
      if (clock.monotonic() > until)
        throw new Failure({
          code: 'kind-not-running',
          message: `the kind cluster ${name} was started, but its API server does not answer: ${outcome.stderr.trim().split('\n').at(-1)}`,
          hint: `kind export logs --name ${name} tells more; ${cures.remove} and up make it anew`,
        });
      await clock.sleep(pollMs, options.signal);
    }
  };

  const start = async (flags: StartFlags, onProgress: (message: string) => void, options: Deadline) => {
    const now = await state(options);
    const { rememberCurrentContext } = await import('./current-context.js');
    // kind makes its context the current one, and has no flag against it.
    const bringBack = flags.keepContext === true ? rememberCurrentContext(env) : undefined;
    const onErrorLine = (line: string) => {
      const said = progressOf(line);
      if (said !== undefined) onProgress(said);
    };
    try {
      if (now.kind === 'missing') {
        await must(createWords(name, flags, options.timeoutMs), { ...options, onErrorLine });
      } else {
        if (now.kind === 'stopped') await startNodes(options);
        await waitForServer(options);
        await must(['export', 'kubeconfig', '--name', name], { timeoutMs: quickMs, signal: options.signal });
      }
    } finally {
      bringBack?.();
    }
  };

  const startNodes = async (options: Deadline) => {
    const program = await engine();
    const outcome = await run([program, 'start', ...(await nodes(options.signal))], options);
    options.signal?.throwIfAborted();
    if (outcome.exitCode === 0) return;
    throw new Failure({
      code: 'kind-start',
      message: `${program} start of the nodes of ${name} failed: ${outcome.stderr.trim().split('\n').at(-1)}`,
      hint: `${cures.remove}, then hwctl up makes it anew`,
    });
  };

  const images = async (signal?: AbortSignal) => {
    const program = await engine();
    const lists = (await nodes(signal)).map(async (node) => {
      const argv: [string, ...string[]] = [program, 'exec', node, 'crictl', 'images', '-o', 'json'];
      const outcome = await run(argv, { timeoutMs: quickMs, signal });
      return outcome.exitCode === 0 ? outcome.stdout : '';
    });
    const tags = tagsOnAll(await Promise.all(lists));
    signal?.throwIfAborted();
    return tags;
  };

  return {
    profile: name,
    noun: kind.noun,
    ref: `cluster/${name}`,
    cures,
    state,
    start,
    delete: async (options) => {
      await must(['delete', 'cluster', '--name', name], options);
    },
    ...noAddons,
    loadsImages: true,
    buildsImages: false,
    images: () => images(),
    loadArchive: async (file, image, options) => {
      await must(['load', 'image-archive', file, '--name', name], options);
      if ((await images(options.signal)).some((tag) => sameImage(tag, image))) return;
      throw new Failure({
        code: 'image-not-loaded',
        message: `kind says that it loaded ${image}, but not every node has it`,
        hint: `Is the disk full? df -h; docker exec ${name}-control-plane crictl images shows what is there`,
      });
    },
    buildImage: async () => never('build an image'),
    removeImage: async (image) => {
      const program = await engine();
      for (const node of await nodes()) {
        const outcome = await run([program, 'exec', node, 'crictl', 'rmi', image], { timeoutMs: quickMs });
        if (outcome.exitCode === 0 || /no such image/.test(outcome.stderr)) continue;
        throw new Failure({
          code: 'kind-failed',
          message: `${image} cannot be removed from the node ${node}: ${outcome.stderr.trim().split('\n').at(-1)}`,
          hint: `${program} exec ${node} crictl ps -a shows what uses it`,
        });
      }
    },
  };
}

/** The words behind `kind` that make a cluster. Throws Failure `usage` for a version that no node image can have. */
function createWords(name: string, { kubernetesVersion: version }: StartFlags, timeoutMs: number): string[] {
  // Without the wait it ends before its node takes pods. kind begins it once the node is made, and goes on where it was in vain: with
  // half of the time it is over before kind itself is ended, and whatever is still missing is waited for, and told of, by `up`.
  const words = ['create', 'cluster', '--name', name, '--wait', `${Math.max(1, Math.floor(timeoutMs / 2000))}s`];
  if (version === undefined) return words;
  if (!/^v?\d+\.\d+\.\d+$/.test(version)) {
    throw new Failure({
      code: 'usage',
      message: `--kubernetes-version: ${JSON.stringify(version)} names no node image of kind`,
      hint: 'For example v1.34.0; https://github.com/kubernetes-sigs/kind/releases lists those of each kind',
    });
  }
  return [...words, '--image', `kindest/node:v${version.replace(/^v/, '')}`];
}
