import { parsed } from '../../k6/language/globals.js';
import { HostObject, known } from '../../k6/language/machine.js';
import { HeaderValues } from './pm-headers.js';

/** A request as scripts look into it. */
export interface SeenRequest {
  method: string;
  url: string;
  headers: [string, string][];
  body: string;
}

/** `pm.request`; before it is sent its headers can be changed. */
export class RequestValue extends HostObject {
  readonly headers: HeaderValues;

  constructor(
    private readonly of: SeenRequest,
    private readonly name: string,
  ) {
    super();
    this.headers = new HeaderValues(of.headers);
  }

  /** A script has changed it. */
  get isChanged(): boolean {
    return this.headers.isChanged;
  }

  get(name: string): unknown {
    const { method, url, body } = this.of;
    switch (name) {
      case 'method':
        return method;
      case 'name':
        return this.name;
      case 'url':
        return new AddressValue(url);
      case 'headers':
        return this.headers;
      case 'body':
        return body === '' ? undefined : new BodyValue(body);
      default:
        return undefined;
    }
  }

  /** `request`, as old scripts know it. */
  legacy(): Record<string, unknown> {
    const { method, url, body, headers } = this.of;
    return { name: this.name, method, url, data: dataOf(body, headers), headers: Object.fromEntries(headers) };
  }
}

/** A form as an object, anything else as it is. */
function dataOf(body: string, headers: readonly (readonly [string, string])[]): unknown {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return type.includes('x-www-form-urlencoded') ? Object.fromEntries(new URLSearchParams(body)) : body;
}

class BodyValue extends HostObject {
  constructor(private readonly text: string) {
    super();
  }

  get(name: string): unknown {
    if (name === 'raw' || name === 'text of') return this.text;
    if (name === 'mode') return 'raw';
    if (name === 'toString') return known(name, () => this.text);
    if (name === 'isEmpty') return known(name, () => this.text === '');
    return name === 'json' ? known(name, () => parsed(this.text)) : undefined;
  }
}

class AddressValue extends HostObject {
  constructor(private readonly text: string) {
    super();
  }

  get(name: string): unknown {
    const url = URL.canParse(this.text) ? new URL(this.text) : undefined;
    switch (name) {
      case 'text of':
        return this.text;
      case 'toString':
        return known(name, () => this.text);
      case 'protocol':
        return url?.protocol.replace(':', '');
      case 'host':
        return url?.hostname.split('.');
      case 'port':
        return url?.port;
      case 'path':
        return url?.pathname.split('/').slice(1);
      case 'getHost':
        return known(name, () => url?.hostname);
      case 'getPath':
        return known(name, () => url?.pathname);
      case 'getQueryString':
        return known(name, () => url?.search.replace('?', ''));
      default:
        return undefined;
    }
  }
}
