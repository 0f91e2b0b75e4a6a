import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Exec } from '@kubernetes/client-node';
import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import type { DebugRequest } from '../../target.js';
import type { KubeClient } from '../api/client.js';
import type { LiveObject } from '../api/live-object.js';
import { podTrouble } from '../health/pod-trouble.js';
import type { ApplySet } from '../objects/apply-set.js';
import {
  clientLabels,
  createObject,
  restrictedContainer,
  restrictedPod,
  temporaryMount,
  temporaryVolume,
} from './client-pod.js';

/** A pod that nobody ends is ended by the cluster after this time: 4 h. */
const longestSeconds = 4 * 60 * 60;
const pollMs = 300;

/**
 * Runs a command, or a shell, in a pod of its own in the namespace of the services, where their policies let it reach
 * them. The pod is removed at the end whatever happens; should hwctl be killed, `down` finds it by its label. Returns the
 * command's exit code. Throws Failure `debug-not-ready` where the pod does not start.
 */
export async function debugPod(
  client: KubeClient,
  set: ApplySet,
  request: DebugRequest,
  clock: Clock,
): Promise<number> {
  const wanted = podOf(set, request.image);
  const made = await createObject(client, wanted);
  try {
    await untilRunning(client, wanted, request, clock);
    return await execute(client, made, request);
  } finally {
    await client.delete(made);
  }
}

function podOf(set: ApplySet, image: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `hwctl-debug-${randomBytes(3).toString('hex')}`,
      namespace: set.namespace,
      labels: clientLabels('hwctl-debug', set),
    },
    spec: {
      ...restrictedPod,
      restartPolicy: 'Never',
      activeDeadlineSeconds: longestSeconds,
      // The one process sleeps, and would not hear SIGTERM.
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          ...restrictedContainer,
          name: 'debug',
          image,
          command: ['sleep', String(longestSeconds)],
          env: [{ name: 'HOME', value: '/tmp' }],
          resources: {
            requests: { cpu: '10m', memory: '16Mi', 'ephemeral-storage': '8Mi' },
            limits: { cpu: '500m', memory: '128Mi', 'ephemeral-storage': '64Mi' },
          },
          volumeMounts: [temporaryMount],
        },
      ],
      volumes: [temporaryVolume],
    },
  };
}

async function untilRunning(client: KubeClient, pod: KubeObject, request: DebugRequest, clock: Clock): Promise<void> {
  const until = clock.monotonic() + request.timeoutMs;
  for (;;) {
    const live = await client.get(pod);
    const phase = (live?.status as { phase?: string } | undefined)?.phase;
    if (phase === 'Running') return;
    const trouble = live === undefined ? undefined : podTrouble(live);
    const why = live === undefined ? 'somebody deleted it' : (trouble?.message ?? `it is ${phase ?? 'Pending'}`);
    const hopeless =
      live === undefined || phase === 'Failed' || trouble?.kind === 'image' || trouble?.kind === 'config';
    if (hopeless || clock.monotonic() > until) {
      throw new Failure({
        code: 'debug-not-ready',
        message: `the debug pod does not start: ${why}`,
        hint: trouble?.hint ?? 'Name an image that the cluster has with --image, or wait longer with --timeout',
        exitCode: 1,
      });
    }
    request.onWaiting(why);
    await clock.sleep(pollMs, request.signal);
  }
}

interface ExecStatus {
  status?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

function execute(client: KubeClient, pod: LiveObject, request: DebugRequest): Promise<number> {
  const { stdin, stdout, stderr, tty, signal } = request;
  const command = request.command.length > 0 ? request.command : ['sh'];
  const { name, namespace } = pod.metadata;
  return new Promise<number>((resolve, reject) => {
    let done = false;
    let close = () => {};
    const settle = (act: () => void) => {
      if (done) return;
      done = true;
      signal.removeEventListener('abort', onAbort);
      if (tty) stdin.setRawMode?.(false);
      // What is typed from here on is not for the pod, and must not keep the program alive.
      stdin.removeAllListeners('data').removeAllListeners('end').pause();
      stdin.unref?.();
      close();
      act();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    signal.addEventListener('abort', onAbort);
    if (tty) stdin.setRawMode?.(true);
    new Exec(client.config)
      .exec(namespace ?? '', name, 'debug', command, stdout, tty ? null : stderr, stdin as Readable, tty, (status) =>
        settle(() => finish(status as ExecStatus, resolve, reject)),
      )
      .then((socket) => {
        close = () => socket.close();
        if (done) socket.close();
        const broken = () => settle(() => reject(brokenOff()));
        socket.addEventListener('close', broken);
        socket.addEventListener('error', broken);
      })
      .catch((error: unknown) => settle(() => reject(brokenOff(error))));
  });
}

function finish(
  { status, message, details }: ExecStatus,
  resolve: (code: number) => void,
  reject: (error: Error) => void,
) {
  if (status === 'Success') return resolve(0);
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code !== undefined && /^\d+$/.test(code)) return resolve(Number(code));
  reject(
    new Failure({
      code: 'debug-command',
      message: `the command could not be run in the debug pod: ${message ?? 'no reason was given'}`,
      hint: 'Is it a program that the image has? --image names another image',
    }),
  );
}

function brokenOff(cause?: unknown): Failure {
  const why = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
  return new Failure({
    code: 'debug-broken-off',
    message: `the connection to the debug pod broke off${why}`,
    hint: 'Was the pod deleted? hwctl debug makes another',
    cause,
  });
}
