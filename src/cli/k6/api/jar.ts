import type { CookieJar } from '../../scenario/send/cookies.js';
import { textOf } from '../language/coerce.js';
import { HostObject, known } from '../language/machine.js';

/** `http.cookieJar()`: the cookies of the VU. */
export class Jar extends HostObject {
  constructor(readonly jar: CookieJar) {
    super();
  }

  get(name: string): unknown {
    switch (name) {
      case 'set':
        return known(name, ([url, cookie, value]) => {
          this.jar.keep(new URL(textOf(url)), [`${textOf(cookie)}=${textOf(value)}; Path=/`]);
        });
      case 'clear':
      case 'delete':
        return known(name, ([url, only]) => this.forget(new URL(textOf(url)), only));
      case 'cookiesForURL':
        return known(name, ([url]) => this.cookiesFor(new URL(textOf(url))));
      default:
        return undefined;
    }
  }

  /** Cookies of the URL's path and those of the whole site. */
  private forget(url: URL, only: unknown): void {
    for (const name of Object.keys(this.cookiesFor(url))) {
      if (only !== undefined && textOf(only) !== name) continue;
      this.jar.keep(url, [`${name}=; Max-Age=0`, `${name}=; Max-Age=0; Path=/`]);
    }
  }

  private cookiesFor(url: URL): Record<string, string[]> {
    const found: Record<string, string[]> = {};
    for (const pair of this.jar.header(url)?.split('; ') ?? []) {
      const cut = pair.indexOf('=');
      const name = pair.slice(0, cut);
      if (name !== '__proto__') found[name] = [...(found[name] ?? []), pair.slice(cut + 1)];
    }
    return found;
  }
}
