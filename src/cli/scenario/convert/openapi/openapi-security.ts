import { variableName } from '../draft/draft.js';
import type { Given } from '../draft/given.js';
import { literal } from '../draft/literal.js';
import { type Json, type Reading, resolved } from './openapi-reading.js';

/** What the schemes of a security requirement add to a request. */
export interface Secured {
  auth?: Json;
  headers: Record<string, string>;
  query: Json;
  cookies: string[];
}

/** Stands for what only the user knows. */
const unset = 'change-me';

/** Security schemes as variables of the scenario, each named after its scheme and told once. */
export class Security {
  readonly #told = new Set<string>();

  constructor(private readonly reading: Reading) {}

  /** The first of the alternatives, all of its schemes; nothing where one of them asks for nothing. */
  of(alternatives: Given): Secured {
    const secured: Secured = { headers: {}, query: {}, cookies: [] };
    const all = alternatives.objects();
    if (all.some((each) => each.members().length === 0)) return secured;
    for (const [name, scopes] of all[0]?.members() ?? []) {
      const given = this.reading.root.at('components').at('securitySchemes').at(name);
      const scheme = given.absent ? undefined : resolved(given, this.reading);
      if (scheme === undefined || !scheme.isObject()) this.#lose(name, 'is not described');
      else this.#apply(name, scheme, scopes, secured);
    }
    return secured;
  }

  #apply(name: string, scheme: Given, scopes: Given, secured: Secured): void {
    const type = scheme.at('type').text();
    const kind = scheme.at('scheme').text()?.toLowerCase();
    if (type === 'apiKey') this.#key(name, scheme, secured);
    else if (secured.auth !== undefined) this.#lose(name, 'a request has one Authorization');
    else if (type === 'http' && kind === 'basic') {
      const [username, password] = [this.#variable(name, 'username'), this.#variable(name, 'password')];
      secured.auth = { basic: { username, password } };
    } else if (type === 'http' && kind !== 'bearer') this.#lose(name, `the scheme ${kind} has no counterpart`);
    else if (type === 'oauth2' && !scheme.at('flows').at('clientCredentials').absent)
      secured.auth = this.#credentials(name, scheme.at('flows').at('clientCredentials'), scopes);
    else if (type === 'http' || type === 'oauth2' || type === 'openIdConnect')
      secured.auth = { bearer: this.#variable(name, 'token') };
    else this.#lose(name, type === 'mutualTLS' ? 'pass --cert and --key' : `the type ${type} has no counterpart`);
  }

  #key(name: string, scheme: Given, secured: Secured): void {
    const key = scheme.at('name').neededText();
    const place = scheme.at('in').text();
    if (key === undefined) return;
    const value = this.#variable(name, 'key');
    if (place === 'query') secured.query[literal(key)] = value;
    else if (place === 'cookie') secured.cookies.push(`${key}=${value}`);
    else secured.headers[key] = value;
  }

  #credentials(name: string, flow: Given, scopes: Given): Json {
    const asked = scopes.items().map((scope) => scope.text() ?? '');
    return {
      oauth2: {
        tokenUrl: literal(flow.at('tokenUrl').text() ?? '/token'),
        clientId: this.#variable(name, 'client_id'),
        clientSecret: this.#variable(name, 'client_secret'),
        ...(asked.length > 0 ? { scope: literal(asked.join(' ')) } : {}),
      },
    };
  }

  #variable(scheme: string, what: string): string {
    const { variables, secrets, losses } = this.reading;
    const variable = variableName(`${scheme}_${what}`);
    if (!Object.hasOwn(variables, variable)) {
      variables[variable] = unset;
      secrets.push(variable);
      losses.push(`security ${scheme}: pass its ${what.replace('_', ' ')} with --var ${variable}=...`);
    }
    return `{{${variable}}}`;
  }

  #lose(scheme: string, why: string): void {
    if (!this.#told.has(scheme)) this.reading.losses.push(`security ${scheme}: ${why}`);
    this.#told.add(scheme);
  }
}
