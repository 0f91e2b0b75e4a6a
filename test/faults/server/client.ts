import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

const agent = new Agent({ connections: 200, keepAliveTimeout: 2_000 });
const attemptMs = 12_000;

export interface Answer {
  status: number;
  text: string;
}

export interface Ask {
  token?: string;
  /** Host header, where it is not the URL's. */
  host?: string;
  key?: string;
  body?: unknown;
}

/** One attempt; undefined where no answer came. */
export async function attempt(
  method: string,
  url: string,
  { token, host, key, body }: Ask,
): Promise<Answer | undefined> {
  try {
    const response = await request(url, {
      dispatcher: agent,
      method: method as 'GET',
      headers: {
        ...(host !== undefined && { host }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      headersTimeout: attemptMs,
      bodyTimeout: attemptMs,
    });
    return { status: response.statusCode, text: await response.body.text() };
  } catch {
    return undefined;
  }
}

/** How often each answer was given, over all that was insisted on; `none` where a connection was cut or refused. */
export const answersGiven: Record<string, number> = {};

/** Asks until it is 200: what failed, was lost or is in flight is simply asked again. Throws for any other answer. */
export async function insist(method: string, url: string, ask: Ask, timeoutMs = 480_000): Promise<Answer> {
  const endsAt = Date.now() + timeoutMs;
  const answers: Record<string, number> = {};
  while (Date.now() < endsAt) {
    const answer = await attempt(method, url, ask);
    const status = answer?.status ?? 'none';
    answersGiven[status] = (answersGiven[status] ?? 0) + 1;
    if (answer?.status === 200) return answer;
    if (answer !== undefined && answer.status !== 409 && answer.status !== 503 && answer.status !== 429)
      throw new Error(`${method} ${url} answered ${answer.status}: ${answer.text}`);
    const what = answer === undefined ? 'none' : `${answer.status} ${answer.text}`;
    answers[what] = (answers[what] ?? 0) + 1;
    await sleep(20 + Math.random() * 80);
  }
  throw new Error(`${method} ${url} was not answered in ${timeoutMs} ms: ${JSON.stringify(answers)}`);
}

export function closeClient(): Promise<void> {
  return agent.destroy();
}

/** Registers and logs in. */
export async function enrol(url: string, login: string): Promise<string> {
  const body = { login, password: 'secret' };
  await insist('POST', `${url}/registration`, { body });
  return JSON.parse((await insist('POST', `${url}/login`, { body })).text).token;
}
