interface Cookie {
  name: string;
  value: string;
  domain: string;
  /** False: the cookie came without Domain and goes to exactly this host. */
  subdomains: boolean;
  path: string;
  secure: boolean;
  /** Milliseconds since the epoch; Infinity for a session cookie. */
  expiresAt: number;
  order: number;
}

/** The jars of all users of one iteration, by name; made as they are needed. */
export class CookieJars {
  #jars: Map<string, CookieJar> | undefined;

  constructor(private readonly now: () => number) {}

  /** True until somebody's jar was asked for: nobody has a cookie yet. */
  get isEmpty(): boolean {
    return this.#jars === undefined;
  }

  of(user: string): CookieJar {
    this.#jars ??= new Map();
    let jar = this.#jars.get(user);
    if (jar === undefined) {
      jar = new CookieJar(this.now);
      this.#jars.set(user, jar);
    }
    return jar;
  }

  /** Every iteration begins without cookies, as in newman. */
  clear(): void {
    this.#jars = undefined;
  }
}

/** The cookies of one user, by RFC 6265: domain, path, Secure, Max-Age and Expires count. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();
  readonly #now: () => number;
  #order = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Keeps what a response to `url` sets (its Set-Cookie lines). */
  keep(url: URL, setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const cookie = this.#parse(url, line);
      if (cookie === undefined) continue;
      const key = `${cookie.domain};${cookie.path};${cookie.name}`;
      if (cookie.expiresAt <= this.#now()) this.#cookies.delete(key);
      else this.#cookies.set(key, { ...cookie, order: this.#cookies.get(key)?.order ?? cookie.order });
    }
  }

  /** The value of the Cookie header for a request to `url`; undefined without any. Longer paths first (section 5.4). */
  header(url: URL): string | undefined {
    const now = this.#now();
    const fitting = [...this.#cookies.values()].filter(
      (cookie) =>
        cookie.expiresAt > now &&
        (url.protocol === 'https:' || !cookie.secure || isLoopback(url.hostname)) &&
        (url.hostname === cookie.domain || (cookie.subdomains && url.hostname.endsWith(`.${cookie.domain}`))) &&
        pathMatches(url.pathname, cookie.path),
    );
    if (fitting.length === 0) return undefined;
    fitting.sort((a, b) => b.path.length - a.path.length || a.order - b.order);
    return fitting.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #parse(url: URL, line: string): Cookie | undefined {
    const [pair = '', ...attributes] = line.split(';');
    const cut = pair.indexOf('=');
    if (cut <= 0) return undefined;
    const cookie: Cookie = {
      name: pair.slice(0, cut).trim(),
      value: pair.slice(cut + 1).trim(),
      domain: url.hostname,
      subdomains: false,
      path: defaultPath(url.pathname),
      secure: false,
      expiresAt: Number.POSITIVE_INFINITY,
      order: this.#order++,
    };
    let maxAge: number | undefined;
    for (const attribute of attributes) {
      const [rawName = '', ...rest] = attribute.split('=');
      const value = rest.join('=').trim();
      const name = rawName.trim().toLowerCase();
      if (name === 'path' && value.startsWith('/')) cookie.path = value;
      else if (name === 'secure') cookie.secure = true;
      else if (name === 'max-age' && /^-?\d+$/.test(value)) maxAge = Number(value);
      else if (name === 'expires' && !Number.isNaN(Date.parse(value))) cookie.expiresAt = Date.parse(value);
      else if (name === 'domain' && value !== '') {
        const domain = value.replace(/^\./, '').toLowerCase();
        // A server may not set cookies for another site (section 5.3, step 6).
        if (url.hostname !== domain && !url.hostname.endsWith(`.${domain}`)) return undefined;
        cookie.domain = domain;
        cookie.subdomains = true;
      }
    }
    if (maxAge !== undefined) cookie.expiresAt = maxAge <= 0 ? 0 : this.#now() + maxAge * 1000;
    return cookie;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

function defaultPath(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}

function pathMatches(path: string, of: string): boolean {
  return path === of || (path.startsWith(of) && (of.endsWith('/') || path[of.length] === '/'));
}
