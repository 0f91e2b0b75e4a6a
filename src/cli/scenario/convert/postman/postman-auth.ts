import type { RequestAuth } from 'postman-collection';
import type { ImportedAuth } from '../draft/imported-request.js';

/** How a request signs in: by the format's own means, or by what it carries. Never by anything else than the runtime would. */
export interface SignIn {
  auth: ImportedAuth;
  /** A header that takes the place of the request's own of this name. */
  header?: [name: string, value: string];
  /** Whether the request's own Authorization header, and the user of its URL, are not what is sent. */
  replacesAuthorization: boolean;
  /** A query parameter that takes the place of the request's own of this name. */
  query?: [name: string, value: string];
}

const none: SignIn = { auth: { kind: 'none' }, replacesAuthorization: false };
const replacing = { ...none, replacesAuthorization: true };

/** The sign-in of the request or of what it stands in (`auth`, in Postman's templates); what cannot be carried over is told. */
export function signInOf(auth: RequestAuth | undefined, losses: string[]): SignIn {
  if (auth === undefined || auth.type === undefined || auth.type === 'noauth') return none;
  const settings = auth.parameters();
  const text = (name: string) => {
    const value: unknown = settings.get(name);
    if (value === undefined || value === null) return '';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
  switch (auth.type) {
    case 'basic':
      return { ...replacing, auth: { kind: 'basic', username: text('username'), password: text('password') } };
    case 'bearer':
      return text('token') === '' ? none : { ...replacing, auth: { kind: 'bearer', token: text('token') } };
    case 'apikey': {
      const pair: [string, string] = [text('key'), text('value')];
      if (pair[0] === '' && pair[1] === '') return none;
      if (text('in') === 'query') return { ...none, query: pair };
      if (pair[0] !== '') return { ...none, header: pair };
      break;
    }
    case 'oauth2': {
      const token = text('accessToken');
      const prefix = settings.has('headerPrefix') ? text('headerPrefix').trim() : 'Bearer';
      if (token === '' || text('tokenType').toLowerCase() === 'mac') break;
      if (text('addTokenTo') === 'queryParams') return { ...replacing, query: ['access_token', token] };
      if (prefix === 'Bearer') return { ...replacing, auth: { kind: 'bearer', token } };
      return { ...replacing, header: ['Authorization', prefix === '' ? token : `${prefix} ${token}`] };
    }
  }
  losses.push(`auth: ${auth.type} (it is sent without)`);
  // What the runtime would have put another sign-in over is not sent in its place.
  return replacing;
}
