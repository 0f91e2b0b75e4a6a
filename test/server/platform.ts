import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Agent, request } from 'undici';
import { readConfig } from '../../src/server/config.js';
import { createLog } from '../../src/server/log.js';
import { startServer } from '../../src/server/server.js';

export const internalToken = 'the-credential-of-the-tests';

export interface Exchange {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape the document has just checked.
  json: any;
}

interface Send {
  token?: string;
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Buffer;
  headers?: Record<string, string | string[]>;
}

/** The platform in this process on a free port, and a client that holds every answer against the OpenAPI document. */
export interface Platform {
  url: string;
  env: Record<string, string>;
  send(method: string, path: string, options?: Send): Promise<Exchange>;
  /** Registers and logs in a user of a new name. */
  user(): Promise<{ id: number; token: string; login: string; password: string }>;
  stop(): Promise<void>;
}

const services = ['auth', 'billing', 'notifications', 'orders', 'users', 'prices', 'hello'];

/** Starts it with the store that `env` names; SQLite in a temporary folder where it names none. */
export async function startPlatform(env: Record<string, string> = {}, only: string[] = services): Promise<Platform> {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-server-'));
  writeFileSync(join(folder, 'prices.txt'), '1 199.90\n2 5\n');
  const full = {
    HOST: '127.0.0.1',
    PORT: '0',
    SQLITE_DIR: folder,
    PRICES_URL: join(folder, 'prices.txt'),
    INTERNAL_TOKEN: internalToken,
    // Hashing passwords is meant to be slow; the tests are not.
    PASSWORD_COST: '10',
    // A machine that is busy with other things is no client that never ends its request.
    REQUEST_TIMEOUT_MS: '120000',
    ...env,
  };
  const server = await startServer(readConfig(only, full), createLog('silent', only));
  const url = `http://127.0.0.1:${server.port}`;
  const agent = new Agent({ keepAliveTimeout: 1_000 });
  const check = documentCheck(JSON.parse(await fetchText(`${url}/openapi.json`)));
  await ready(url);

  async function send(method: string, path: string, { token, body, raw, headers = {} }: Send = {}): Promise<Exchange> {
    const response = await request(`${url}${path}`, {
      dispatcher: agent,
      method: method as 'GET',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined && raw === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await response.body.text();
    const type = String(response.headers['content-type'] ?? '');
    const json = type.includes('json') && method !== 'HEAD' ? JSON.parse(text) : undefined;
    check(method, path, response.statusCode, type, json);
    return { status: response.statusCode, headers: response.headers, text, json };
  }

  let users = 0;
  return {
    url,
    env: full,
    send,
    async user() {
      const credentials = { login: `user-${process.pid}-${Date.now()}-${users++}`, password: 'correct horse' };
      await send('POST', '/registration', { body: credentials });
      const { json } = await send('POST', '/login', { body: credentials });
      return { ...credentials, id: json.id, token: json.token };
    },
    async stop() {
      await agent.destroy();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function fetchText(url: string): Promise<string> {
  return (await request(url)).body.text();
}

async function ready(url: string): Promise<void> {
  const endsAt = Date.now() + 60_000;
  for (;;) {
    const { statusCode, body } = await request(`${url}/ready`);
    const text = await body.text();
    if (statusCode === 200) return;
    if (Date.now() > endsAt) throw new Error(`not ready: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Document {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
  components: object;
}

/** Throws where an answer is not one that the document promises: status, media type or body. */
function documentCheck(document: Document) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const templates = Object.keys(document.paths).sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')));
  return (method: string, path: string, status: number, type: string, json: unknown): void => {
    const plain = path.split('?')[0]!;
    const template = templates.find((one) => new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`).test(plain));
    const operation = template === undefined ? undefined : document.paths[template]![method.toLowerCase()];
    if (operation === undefined) return;
    const promised = operation.responses[status];
    if (promised === undefined) throw new Error(`${method} ${template} answered ${status}, which is not documented`);
    const media = type.split(';')[0]!;
    const content = promised.content?.[media];
    if (promised.content !== undefined && content === undefined)
      throw new Error(
        `${method} ${template} ${status} answered ${media}, documented: ${Object.keys(promised.content)}`,
      );
    if (content === undefined || json === undefined) return;
    const schema = { ...content.schema, components: document.components };
    if (!ajv.validate(schema, json))
      throw new Error(`${method} ${template} ${status}: ${ajv.errorsText()} in ${JSON.stringify(json)}`);
  };
}
