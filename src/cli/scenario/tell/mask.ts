import { deepestJson, parseJson } from '../../kernel/json.js';
import { isSecretHeader, isSecretName, mentionsSecret, placeholder, withoutUrlSecrets } from '../../kernel/secrets.js';
import { type Exchange, textOf } from '../check/exchange.js';
import { asInUrl } from '../send/url-text.js';

/** Shorter values would hide too much. */
const shortest = 4;
const shortestCookie = 6;
/** So many values of one name are looked for, the newest; thousands of iterations learn thousands of tokens. */
const valuesKept = 32;
/** So many names that only bodies gave are kept. */
const bodyNamesKept = 256;

const ordinary = /^(?:true|false|null|none|undefined|bearer|basic|digest)$/i;
const cookieHeaders = new Set(['cookie', 'set-cookie']);

/** `"name": "value"`, `name: "value"` and `"name": 1`, in JSON, YAML and GraphQL. */
const member = /([\w.$-]+)("?\s*:\s*)("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)/g;
/** The same inside a JSON string. */
const escapedMember = /([\w.$-]+)((?:\\")?\s*:\s*)(\\"(?:(?!\\").)*\\")/g;
const formBody = /^[^\s=&{}<>"]+=[^\s&]*(?:&[^\s=&]*(?:=[^\s&]*)?)*$/;
const formField = /(^|&)([^\s=&]+)=([^\s&]*)/g;
const part = /(name="([^"]*)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)([\s\S]*?)(?=\r?\n--)/g;

/** `"total_tokens": 1500` tells how many. */
function isCount(name: string, value: unknown): boolean {
  return typeof value === 'number' && /tokens$/i.test(name);
}

/** Hides secrets in whatever a report shows: values learned by name, and those that their place gives away. */
export class Mask {
  readonly #names: Set<string>;
  /** Values by the name of their variable, header or cookie. */
  readonly #own = new Map<string, Set<string>>();
  /** Values by the name of their member or field in a body. */
  readonly #inBodies = new Map<string, Set<string>>();
  /** All of them in every form, the longest first; undefined while it must be made anew. */
  #forms: string[] | undefined;

  /** `names`: variables whose values are secret beside those whose names say so. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  /** Learns the value of a variable, where its name makes it a secret. */
  learn(name: string, value: unknown): void {
    if (this.#names.has(name) || isSecretName(name)) this.#keep(this.#own, name, leaves(value));
  }

  /** Learns what headers sign in with, so that a server that repeats it gives nothing away. */
  learnHeaders(headers: readonly (readonly [string, string])[]): void {
    for (const [header, value] of headers) {
      const name = header.toLowerCase();
      if (cookieHeaders.has(name)) {
        const pairs = name === 'cookie' ? value.split(';') : value.split(';', 1);
        for (const pair of pairs) {
          const [key = '', ...rest] = pair.trim().split('=');
          const cookie = rest.join('=');
          if (cookie.length >= shortestCookie) this.#keep(this.#own, `cookie ${key}`, [cookie]);
        }
      } else if (isSecretHeader(name))
        this.#keep(this.#own, `header ${name}`, [value.replace(/^(?:basic|bearer|token)\s+/i, '')]);
    }
  }

  /** Learns from everything that was sent and came back. */
  learnExchange({ headers, body, response }: Exchange): void {
    this.learnHeaders(headers);
    if (body !== undefined) this.#learnBody(String(body));
    if (response === undefined) return;
    this.learnHeaders(response.headers);
    this.#learnBody(textOf(response));
  }

  #learnBody(text: string): void {
    if (!mentionsSecret(text)) return;
    const found = new Map<string, string[]>();
    const learn = (name: string, value: unknown) => {
      if (isSecretName(name) && !isCount(name, value)) found.set(name, [...(found.get(name) ?? []), ...leaves(value)]);
    };
    for (const [, name = '', , value = ''] of text.matchAll(escapedMember)) learn(name, value.slice(2, -2));
    if (formBody.test(text)) for (const [name, value] of new URLSearchParams(text)) learn(name, value);
    for (const [, , name = '', value] of text.matchAll(part)) learn(name, value);
    try {
      walk(parseJson(text), learn);
    } catch {
      for (const [, name = '', , value = ''] of text.matchAll(member))
        if (value.startsWith('"')) learn(name, value.slice(1, -1));
    }
    for (const [name, values] of found) this.#keep(this.#inBodies, name, values);
  }

  #keep(where: Map<string, Set<string>>, name: string, values: readonly string[]): void {
    const secrets = values.filter((value) => value.length >= shortest && !ordinary.test(value));
    if (secrets.length === 0) return;
    const kept = where.get(name) ?? new Set();
    where.delete(name);
    where.set(name, kept);
    for (const secret of secrets) {
      if (!kept.delete(secret)) this.#forms = undefined;
      kept.add(secret);
    }
    for (const oldest of kept) {
      if (kept.size <= Math.max(valuesKept, secrets.length)) break;
      kept.delete(oldest);
    }
    if (where === this.#inBodies && where.size > bodyNamesKept) where.delete(where.keys().next().value!);
  }

  /** Every secret as it is, and as it stands in URLs, forms and JSON. One may begin with another: the longest goes first. */
  #allForms(): string[] {
    if (this.#forms === undefined) {
      const forms = new Set<string>();
      for (const secrets of [...this.#own.values(), ...this.#inBodies.values()]) {
        for (const secret of secrets) {
          const inForm = new URLSearchParams({ s: secret }).toString().slice(2);
          const inJson = JSON.stringify(secret).slice(1, -1);
          for (const form of [secret, inForm, inForm.replaceAll('+', '%20'), asInUrl(secret), inJson]) forms.add(form);
        }
      }
      this.#forms = [...forms].sort((a, b) => b.length - a.length);
    }
    return this.#forms;
  }

  text(text: string): string {
    let masked = text;
    for (const form of this.#allForms()) if (masked.includes(form)) masked = masked.replaceAll(form, placeholder);
    return withoutUrlSecrets(masked);
  }

  /** A body of an exchange that was learned: as `text`, and members, form fields and parts with a telling name. */
  body(text: string): string {
    if (!mentionsSecret(text)) return this.text(text);
    if (formBody.test(text)) {
      const fields = text.replace(formField, (all, before, name) =>
        isSecretName(name) ? `${before}${name}=${placeholder}` : all,
      );
      return this.text(fields);
    }
    const masked = text
      .replace(part, (all, head, name) => (isSecretName(name) ? `${head}${placeholder}` : all))
      .replace(escapedMember, (all, name, between) =>
        isSecretName(name) ? `${name}${between}\\"${placeholder}\\"` : all,
      )
      .replace(member, (all, name, between, value) => {
        const number = !value.startsWith('"');
        const told = number && (!between.startsWith('"') || isCount(name, Number(value)));
        return isSecretName(name) && !told ? `${name}${between}"${placeholder}"` : all;
      });
    return this.text(masked);
  }

  header(name: string, value: string): string {
    return isSecretHeader(name) ? placeholder : this.text(value);
  }

  /** A value whose texts and members are masked; what stands deeper than any document that hwctl reads is left out. */
  value(value: unknown, level = 0): unknown {
    if (typeof value === 'string') return this.text(value);
    if (level > deepestJson) return '…';
    if (Array.isArray(value)) return value.map((item) => this.value(item, level + 1));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        isSecretName(key) && !isCount(key, item) ? hide(item) : this.value(item, level + 1),
      ]),
    );
  }
}

/** Calls `visit` with every member of every object in a JSON value. */
function walk(value: unknown, visit: (name: string, value: unknown) => void): void {
  if (value === null || typeof value !== 'object') return;
  for (const [name, item] of Object.entries(value)) {
    visit(name, item);
    walk(item, visit);
  }
}

/** All strings and numbers in a value. */
function leaves(value: unknown): string[] {
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(leaves);
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
}

/** The same shape, with nothing of its content. */
function hide(value: unknown, level = 0): unknown {
  if (level > deepestJson) return placeholder;
  if (Array.isArray(value)) return value.map((item) => hide(item, level + 1));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item, level + 1)]));
  return typeof value === 'string' || typeof value === 'number' ? placeholder : value;
}
