import { Failure } from '../../../kernel/failure.js';
import type { RunOutcome } from '../../../kernel/process.js';
import { engineCure } from './engine-cure.js';
import type { ProviderState } from './provider.js';

/**
 * Reads `minikube status -o json`: one object for one node, an array for several. Its exit code is a bit mask (1 host,
 * 2 kubelet or API server, 4 kubeconfig), or 85 where there is no such profile.
 */
export function profileState(outcome: Pick<RunOutcome, 'exitCode' | 'stdout' | 'stderr' | 'failure'>): ProviderState {
  const code = outcome.exitCode;
  if (code === 0) return { kind: 'running' };
  if (code === 85) return { kind: 'missing' };
  if (code === undefined) return { kind: 'broken', why: `minikube status: ${outcome.failure ?? 'no exit code'}` };
  if (code > 7) {
    return { kind: 'broken', why: lastLine(outcome.stderr) ?? `minikube status exits with ${code}` };
  }
  const parts = [
    code & 1 ? 'the host is not running' : '',
    code & 2 ? 'kubelet or API server is not running' : '',
    code & 4 ? 'the kubeconfig does not point at it' : '',
  ].filter((part) => part !== '');
  const why = parts.join(', ');
  return code === 4 ? { kind: 'broken', why } : { kind: 'stopped', why };
}

/** What one line of `minikube start` says. */
export interface StartEvent {
  type: 'step' | 'error';
  text: string;
  advice?: string;
}

/** Reads one line of `minikube start -o json` (CloudEvents; every value is a string); undefined for all that says nothing. */
export function parseStartEvent(line: string): StartEvent | undefined {
  let event: { type?: string; data?: Record<string, string> };
  try {
    event = JSON.parse(line) as typeof event;
  } catch {
    return undefined;
  }
  const data = event.data ?? {};
  const text = (data.message ?? data.name ?? '').trim().split('\n')[0] ?? '';
  if (text === '') return undefined;
  if (event.type === 'io.k8s.sigs.minikube.step') {
    const place = data.currentstep === undefined ? '' : ` (${data.currentstep}/${data.totalsteps})`;
    return { type: 'step', text: `minikube: ${text}${place}` };
  }
  if (event.type === 'io.k8s.sigs.minikube.error') {
    return { type: 'error', text: data.id === undefined ? text : `${data.id}: ${text}`, advice: data.advice };
  }
  return undefined;
}

/** The addons that `minikube addons list -o json` has as enabled. */
export function parseAddons(stdout: string): string[] {
  const addons = JSON.parse(stdout) as Record<string, { Status?: string }>;
  return Object.keys(addons).filter((name) => addons[name]?.Status === 'enabled');
}

/** Every tag in what `minikube image ls --format json` prints. */
export function parseImages(stdout: string): string[] {
  const text = stdout.trim();
  if (text === '') return [];
  return (JSON.parse(text) as { repoTags?: string[] }[]).flatMap((image) => image.repoTags ?? []);
}

/** The failure of `minikube start`: its last error, with the cure that minikube or its driver is known for. */
export function explainStart(outcome: RunOutcome, errors: StartEvent[], timeoutMs: number): Failure {
  const last = errors.at(-1);
  if (last === undefined) return explain('minikube start', outcome, timeoutMs);
  return new Failure({
    code: 'minikube-start',
    message: `minikube start failed: ${last.text}`,
    hint: last.advice?.trim() || driverCure(last.text) || 'minikube logs tells more; minikube delete and start anew',
    details: errors.slice(0, -1).map((error) => error.text),
  });
}

/** The failure of another command of minikube. */
export function explain(command: string, outcome: RunOutcome, timeoutMs: number): Failure {
  if (outcome.failure === 'timeout') {
    return new Failure({
      code: 'minikube-timeout',
      message: `${command} did not end within ${Math.round(timeoutMs / 1000)} s`,
      hint: 'Is the machine short of CPU or memory? minikube logs tells more',
    });
  }
  const said = lastLine(outcome.stderr) ?? lastLine(outcome.stdout) ?? `exit code ${outcome.exitCode}`;
  return new Failure({
    code: 'minikube-failed',
    message: `${command} failed: ${said}`,
    hint: driverCure(outcome.stderr + outcome.stdout) ?? 'minikube status and minikube logs tell more',
  });
}

/** The cure for what drivers say most often. */
export function driverCure(text: string): string | undefined {
  const engine = engineCure(text);
  if (engine !== undefined) return engine;
  if (/DRV_AS_ROOT|should not be used with root/i.test(text))
    return 'Run it as another user, or set MINIKUBE_FORCE=true';
  if (/RSRC_INSUFFICIENT|insufficient.*(memory|cpu|cores)/i.test(text)) {
    return 'Give it less: --cpus and --memory; or run hwctl up --target local';
  }
  if (/DRV_NOT_HEALTHY|DRV_NOT_DETECTED|not healthy/i.test(text)) {
    return 'Install and start a driver such as Docker (https://minikube.sigs.k8s.io/docs/drivers)';
  }
  return undefined;
}

/** The last line that says something: minikube draws boxes around its advice. */
export function lastLine(text: string): string | undefined {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[*╭│╰]/.test(line));
  return lines.at(-1);
}
