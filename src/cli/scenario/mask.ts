const placeholder = '••••••';
const maxSecrets = 256;
const secretName = /pass(word|wd|phrase)?$|secret|token|api_?key|credential/i;
const secretHeaders = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key']);
const credentialHeaders = new Set(['authorization', 'proxy-authorization', 'x-api-key']);
const secretMember = /("(?:[^"\\]*(?:password|secret|token|credential)[^"\\]*)"\s*:\s*)"((?:[^"\\]|\\.)*)"/gi;
const secretField = /((?:^|&)(?:[^=&]*(?:password|secret|token)[^=&]*)=)([^&\s]*)/gi;

/** Hides secrets in whatever a report shows: values learned by name, and those that their place gives away. */
export class Mask {
  readonly #secrets = new Set<string>();
  readonly #names: Set<string>;

  /** `names`: variables whose values are secret beside those whose names say so. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  /** Learns the value of a variable, where its name makes it a secret; short values (under 4) would hide too much. */
  learn(name: string, value: unknown): void {
    if (!this.#names.has(name) && !secretName.test(name)) return;
    if (value !== null && typeof value === 'object') {
      for (const item of Object.values(value)) this.learn(name, item);
      return;
    }
    this.#add(String(value));
  }

  /** Learns what the headers of a request sign in with, so that a server that repeats them gives nothing away. */
  learnHeaders(headers: readonly (readonly [string, string])[]): void {
    for (const [name, value] of headers)
      if (credentialHeaders.has(name.toLowerCase())) this.#add(value.replace(/^(basic|bearer|token)\s+/i, ''));
  }

  /** As it is, and as it stands in URLs, forms and JSON. */
  #add(secret: string): void {
    if (secret.length < 4) return;
    const inForm = new URLSearchParams({ s: secret }).toString().slice(2);
    for (const form of [secret, inForm, inForm.replaceAll('+', '%20'), JSON.stringify(secret).slice(1, -1)]) {
      this.#secrets.delete(form);
      this.#secrets.add(form);
    }
    // Thousands of iterations learn thousands of tokens: those of long ago turn up no more.
    for (const oldest of this.#secrets) {
      if (this.#secrets.size <= maxSecrets) break;
      this.#secrets.delete(oldest);
    }
  }

  text(text: string): string {
    let masked = text;
    for (const secret of this.#secrets) masked = masked.replaceAll(secret, placeholder);
    return masked;
  }

  /** A body: as `text`, and members and form fields with a telling name; their values are secret from here on, wherever they turn up. */
  body(text: string): string {
    for (const [, , value] of text.matchAll(secretMember)) this.#add(value!);
    for (const [, , value] of text.matchAll(secretField)) this.#add(value!);
    return this.text(text).replace(secretMember, `$1"${placeholder}"`).replace(secretField, `$1${placeholder}`);
  }

  header(name: string, value: string): string {
    return secretHeaders.has(name.toLowerCase()) ? placeholder : this.text(value);
  }

  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.value(item));
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          secretName.test(key) && typeof item === 'string' ? placeholder : this.value(item),
        ]),
      );
    return value;
  }
}
