import type { IngressSource } from './gateway-route.js';
import { type NginxText, readNginxText, unknownVariables } from './nginx-text.js';

/** An annotation that does not do what it says. */
export interface AnnotationProblem {
  /** Without the prefix. */
  annotation: string;
  /** `cluster`: ingress-nginx does not take it so, and the gateway follows it in that; `here`: the gateway alone does not. */
  where: 'cluster' | 'here';
  message: string;
  hint: string;
}

/** Filled while an Ingress is read: why its requests get 503, and why ingress-nginx does not take it at all. */
export interface Reasons {
  denied: string | undefined;
  refused: string | undefined;
}

/** ingress-nginx's checks of values (`enable-annotation-validation`, the default from 1.12 on). */
const characters = String.raw`\-._~a-zA-Z0-9/:`;
export const valuePatterns = {
  path: new RegExp(`^/?[${characters}$]*$`),
  url: new RegExp(`^[${characters},?&=]*$`),
  urlWithVariables: new RegExp(`^[${characters}, ?&=$]*$`),
  name: new RegExp(`^[${characters}]*$`),
  serverName: new RegExp(String.raw`^[${characters}^$[\](){}*+?|&=\\]*$`),
  headerList: /^[A-Za-z0-9-_, ]*$/,
  integer: /^[+-]?\d+$/,
};

/** Reads values as ingress-nginx does, and says which of them it does not take. */
export class AnnotationReader {
  readonly problems: AnnotationProblem[] = [];

  constructor(readonly source: IngressSource) {}

  /** The value; undefined where there is none or an empty one. */
  text(name: string): string | undefined {
    const given = this.source.annotations[name];
    if (given === undefined) return undefined;
    const value = given
      .split('\n')
      .map((line) => line.trim())
      .join('\n');
    return value === '' ? undefined : value;
  }

  /** The value where it matches; undefined, and told with what happens instead, where not. */
  checked(name: string, pattern: RegExp, instead: string, hint = ''): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (pattern.test(value) && !/[\r\n]/.test(value)) return value;
    this.problem(
      name,
      `ingress-nginx does not take ${JSON.stringify(value)}${instead === '' ? '' : `: ${instead}`}`,
      hint,
    );
    return undefined;
  }

  /** Go's strconv.ParseBool. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.text(name);
    if (value === undefined) return otherwise;
    if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
    if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
    this.problem(
      name,
      `ingress-nginx does not take ${JSON.stringify(value)}: it is taken for ${otherwise}`,
      'Write "true" or "false"',
    );
    return otherwise;
  }

  integer(name: string): number | undefined {
    const value = this.checked(name, valuePatterns.integer, 'its default stands', 'Write a whole number in quotes');
    return value === undefined ? undefined : Number(value);
  }

  problem(annotation: string, message: string, hint: string, where: AnnotationProblem['where'] = 'cluster'): void {
    this.problems.push({ annotation, where, message, hint });
  }

  /** A value with variables; those that are not known here are told. */
  withVariables(name: string, value: string, groups: Iterable<string> = []): NginxText {
    const text = readNginxText(value);
    for (const variable of unknownVariables(text, groups)) {
      this.problem(
        name,
        `$${variable} is not known here, it is taken for nothing`,
        'Variables that are: $host, $http_host, $request_uri, $uri, $args, $scheme, $request_method, $arg_NAME, $http_NAME, $cookie_NAME, $service_name, $namespace',
        'here',
      );
    }
    return text;
  }
}
