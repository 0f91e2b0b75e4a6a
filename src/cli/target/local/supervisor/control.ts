import { createConnection, createServer, type Server } from 'node:net';
import { Failure } from '../../../kernel/failure.js';
import type { Fault } from '../../target.js';
import { loopback } from '../state/ports.js';
import type { Runtime } from '../state/state-folder.js';
import type { ProcessState } from './process-state.js';

/** What can be asked of a running supervisor. One JSON line each way over a loopback connection. */
export type ControlRequest =
  | { type: 'status' }
  /** Read the state again and bring the processes in line with it. */
  | { type: 'apply' }
  | { type: 'fault'; fault: Fault }
  /** End every process, then the supervisor itself. Answered when all processes have ended. */
  | { type: 'shutdown' };

/** What the supervisor knows of one process. */
export interface ProcessReport {
  name: string;
  kind: 'service' | 'job' | 'gateway';
  digest: string;
  stacks: string[];
  /** The one that it is reached by; 0 where it has none. */
  port: number;
  /** Others that must be ready before it starts. */
  waitsFor?: string[];
  state: ProcessState;
  restarts: number;
  /** How it ended last, in words. */
  lastExit?: string;
}

export interface SupervisorReport {
  /** Digest of the state that the processes follow. */
  digest: string;
  processes: ProcessReport[];
}

const maxAnswerLength = 4 * 1024 * 1024;

type Answer = { ok: true; report: SupervisorReport } | { ok: false; code: string; message: string; hint?: string };

/** Serves control requests on a free loopback port; whoever has not the token is turned away. */
export function serveControl(
  token: string,
  handle: (request: ControlRequest) => Promise<SupervisorReport>,
): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(60_000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.length > 10_000) socket.destroy();
      if (!text.includes('\n')) return;
      const line = text;
      text = '';
      void answer(line, token, handle).then((result) => socket.end(`${JSON.stringify(result)}\n`));
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: loopback }, () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    });
  });
}

async function answer(
  line: string,
  token: string,
  handle: (request: ControlRequest) => Promise<SupervisorReport>,
): Promise<Answer> {
  try {
    const message = JSON.parse(line) as { token?: string; request?: ControlRequest };
    if (message.token !== token || message.request === undefined) {
      return { ok: false, code: 'forbidden', message: 'the supervisor does not know this token' };
    }
    return { ok: true, report: await handle(message.request) };
  } catch (error) {
    if (error instanceof Failure) return { ok: false, code: error.code, message: error.message, hint: error.hint };
    return { ok: false, code: 'supervisor', message: error instanceof Error ? error.message : String(error) };
  }
}

/** Asks the supervisor. Throws Failure `supervisor-silent` where it does not answer within `timeoutMs`, or what it refused. */
export function askSupervisor(
  supervisor: Runtime['supervisor'],
  request: ControlRequest,
  timeoutMs: number,
): Promise<SupervisorReport> {
  return new Promise((resolve, reject) => {
    const silent = (why: string) =>
      reject(
        new Failure({
          code: 'supervisor-silent',
          message: `the supervisor (process ${supervisor.pid}) does not answer: ${why}`,
          hint: 'hwctl down ends it and all it started; then hwctl up',
        }),
      );
    let text = '';
    const socket = createConnection({ host: loopback, port: supervisor.controlPort });
    socket.setEncoding('utf8');
    const timer = setTimeout(() => {
      silent(`nothing within ${timeoutMs} ms`);
      socket.destroy();
    }, timeoutMs);
    socket.on('connect', () => socket.write(`${JSON.stringify({ token: supervisor.token, request })}\n`));
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.length > maxAnswerLength) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => silent(error.code ?? error.message));
    socket.on('close', () => {
      clearTimeout(timer);
      if (!text.includes('\n')) {
        silent('it closed the connection');
        return;
      }
      const result = readAnswer(text);
      if (result === undefined) silent('another program answers at its port');
      else if (result.ok) resolve(result.report);
      else reject(new Failure({ code: result.code, message: result.message, hint: result.hint }));
    });
  });
}

/** The answer, or undefined where it is none of a supervisor's: its port may belong to somebody else by now. */
function readAnswer(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text) as Partial<Extract<Answer, { ok: true }>> | null;
    if (answer?.ok === true) return Array.isArray(answer.report?.processes) ? (answer as Answer) : undefined;
    return typeof (answer as { message?: unknown } | null)?.message === 'string' ? (answer as Answer) : undefined;
  } catch {
    return undefined;
  }
}
