import { asInUrl } from '../send/url-text.js';
import { isVariableName } from '../variables/generated.js';
import { asText, type Reference, referencesOf } from '../variables/template.js';
import type { Losses } from './script-js.js';

/** A part of a shell word: text as it is, or an expression that the shell expands within double quotes. */
type Part = { text: string } | Expression;

interface Expression {
  shell: string;
  /** What its value is made of. `plain`: characters that neither JSON nor a URL escapes; `bare`: a number or boolean. */
  kind: 'bare' | 'plain' | 'any';
}

type Pair = { known: string } | { later: string };

const functions: Record<string, string> = {
  uuid: '{ cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen; }',
  int: '{ echo $(($1 + $(od -An -N4 -tu4 /dev/urandom) % ($2 - $1 + 1))); }',
  float: '{ awk "BEGIN { print $1 + ($2 - $1) * $(int 0 999999) / 1000000 }"; }',
  letters: '{ LC_ALL=C tr -dc \'a-z0-9\' </dev/urandom | head -c "$1"; }',
  hex: '{ od -An -v -tx1 -N"$1" /dev/urandom | tr -d \' \\n\' | head -c "$1"; }',
  pick: '{ shift "$(int 0 $(($# - 1)))"; printf %s "$1"; }',
  add: '{ printf "%s\\n" "$@" | awk \'{ sum += $1 } END { print sum }\'; }',
  json: '{ printf %s "$1" | sed \'s/[\\\\"]/\\\\&/g\' | awk \'{ printf "%s%s", (NR > 1 ? "\\\\n" : ""), $0 }\'; }',
  header: '{ case $2 in "") printf "%s;" "$1" ;; *) printf "%s: %s" "$1" "$2" ;; esac; }',
  address:
    '{ case $1 in http://* | https://*) printf %s "$1" ;; /*) printf %s "$base$1" ;; *) printf %s "$base/$1" ;; esac; }',
};

/** Shell functions that a script uses, for its head. */
export function shellFunctions(lines: readonly string[]): string[] {
  const text = lines.join('\n');
  const used = Object.keys(functions).filter((name) => text.includes(`$(${name}`));
  if (used.some((name) => name === 'float' || name === 'pick') && !used.includes('int')) used.push('int');
  return used.map((name) => `${name}() ${functions[name]}`);
}

/**
 * The variables of a scenario while its script is written: what is known then stands in the script as it is, each place
 * quoted as it needs; what only the run can tell is a shell variable.
 */
export class ShellWords {
  readonly #known = new Map<string, unknown>();
  readonly #kinds = new Map<string, Expression['kind']>();

  /** The assignment of a variable; undefined where it cannot be a shell variable because it is data, which stands where it is used. */
  assign(name: string, value: unknown, losses: Losses): string {
    const known = this.known(value);
    if (known !== undefined) {
      this.#known.set(name, known.value);
      return `${variable(name)}=${quoted([{ text: asText(known.value) }])}`;
    }
    this.#known.delete(name);
    if (typeof value !== 'string') {
      losses.push(
        `the variable ${name}: a ${Array.isArray(value) ? 'list' : 'mapping'} of generated values stands as text`,
      );
      this.#kinds.set(name, 'any');
      return `${variable(name)}=${this.json(value, losses)}`;
    }
    const parts = this.#parts(value, losses);
    const kinds = parts.map((part) => ('text' in part ? (/^[\w.-]*$/.test(part.text) ? 'plain' : 'any') : part.kind));
    this.#kinds.set(name, kinds.length === 1 ? kinds[0]! : kinds.includes('any') ? 'any' : 'plain');
    return `${variable(name)}=${quoted(parts)}`;
  }

  /** From here on the variable is what the user reads in a response. */
  forget(name: string): void {
    this.#known.delete(name);
    this.#kinds.set(name, 'any');
  }

  /** The value of a template, where nothing in it waits for the run. */
  known(value: unknown): { value: unknown } | undefined {
    if (typeof value === 'string') return this.#knownText(value);
    if (value === null || typeof value !== 'object') return { value };
    const entries = Object.entries(value).map(([key, each]) => [this.#knownText(key), this.known(each)] as const);
    if (entries.some(([key, each]) => key === undefined || each === undefined)) return undefined;
    if (Array.isArray(value)) return { value: entries.map(([, each]) => each!.value) };
    return { value: Object.fromEntries(entries.map(([key, each]) => [asText(key!.value), each!.value])) };
  }

  /** Text as it is, in a header for example. */
  text(template: string, losses: Losses): string {
    return quoted(this.#parts(template, losses));
  }

  /** An address, whole or from its path on: as it is sent where it is known, else what a URL cannot hold is escaped. */
  url(template: string, losses: Losses): string {
    const known = this.#knownText(template);
    if (known !== undefined) return quoted([{ text: parsedUrl(asText(known.value)) }]);
    return quoted(this.#parts(template, losses).map((part) => ('text' in part ? { text: asInUrl(part.text) } : part)));
  }

  /** A value as JSON. */
  json(value: unknown, losses: Losses): string {
    return quoted(this.#jsonParts(value, losses));
  }

  /** Form fields or query parameters in order: encoded as hwctl does where they are known, else a word for curl to encode. */
  pairs(fields: Record<string, unknown>, losses: Losses): Pair[] {
    return Object.entries(fields).flatMap(([key, given]): Pair[] => {
      const name = this.#knownText(key);
      const all = this.known(given);
      if (name !== undefined && all !== undefined)
        return listOf(all.value).map((each) => ({
          known: new URLSearchParams([[asText(name.value), asText(each)]]).toString(),
        }));
      const encoded = new URLSearchParams([[asText(name?.value ?? key), '']]).toString();
      return listOf(given).map((each) => {
        const value = typeof each === 'string' ? this.#parts(each, losses) : this.#jsonParts(each, losses);
        return { later: quoted([{ text: encoded }, ...value]) };
      });
    });
  }

  #knownText(template: string): { value: unknown } | undefined {
    const { references } = referencesOf(template);
    const values = references.map((reference) => this.#knownReference(reference));
    if (values.includes(undefined)) return undefined;
    if (/^\{\{[^}]*\}\}$/.test(template) && values.length === 1) return values[0];
    const left = [...values];
    return {
      value: template.replace(/\{\{[^}]*\}\}/g, (part) =>
        referencesOf(part).references.length === 0 ? part : asText(left.shift()!.value),
      ),
    };
  }

  #knownReference(reference: Reference): { value: unknown } | undefined {
    if (reference.kind === 'generated') return knownGenerated(reference.name, reference.args, this.#known);
    if (!this.#known.has(reference.name)) return undefined;
    let value = this.#known.get(reference.name);
    for (const key of reference.path) {
      if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
      value = (value as Record<string, unknown>)[key];
    }
    return { value };
  }

  #parts(template: string, losses: Losses): Part[] {
    return template
      .split(/(\{\{[^}]*\}\})/)
      .filter((part) => part !== '')
      .map((part) => this.#part(part, losses));
  }

  #part(part: string, losses: Losses): Part {
    const [reference] = part.startsWith('{{') ? referencesOf(part).references : [];
    if (reference === undefined) return { text: part };
    if (reference.kind === 'generated') return generated(reference.name, reference.args, losses);
    // A plain variable stays one, so that it can be changed in the script.
    if (reference.path.length === 0) {
      const known = this.#known.has(reference.name);
      return {
        shell: `$${variable(reference.name)}`,
        kind: known ? 'any' : (this.#kinds.get(reference.name) ?? 'any'),
      };
    }
    const known = this.#knownReference(reference);
    if (known !== undefined) return { text: asText(known.value) };
    const name = [reference.name, ...reference.path].join('__').replace(/\W/g, '_');
    const path = [reference.name, ...reference.path].join('.');
    losses.push(`{{${path}}}: set ${variable(name)} to that value`);
    return { shell: `\${${variable(name)}:?set ${variable(name)} to ${path} of the responses above}`, kind: 'any' };
  }

  #jsonParts(value: unknown, losses: Losses): Part[] {
    const known = this.known(value);
    if (known !== undefined) return [{ text: JSON.stringify(known.value) }];
    if (typeof value === 'string') return this.#jsonText(value, losses);
    const list = Array.isArray(value);
    const members = Object.entries(value as object).map(([key, each]): Part[] =>
      list
        ? this.#jsonParts(each, losses)
        : [...this.#jsonKey(key, losses), { text: ':' }, ...this.#jsonParts(each, losses)],
    );
    const inner = members.flatMap((parts, i) => (i === 0 ? parts : [{ text: ',' }, ...parts]));
    return [{ text: list ? '[' : '{' }, ...inner, { text: list ? ']' : '}' }];
  }

  #jsonKey(key: string, losses: Losses): Part[] {
    const known = this.#knownText(key);
    return known === undefined
      ? this.#inQuotes(this.#parts(key, losses))
      : [{ text: JSON.stringify(asText(known.value)) }];
  }

  #jsonText(template: string, losses: Losses): Part[] {
    const parts = this.#parts(template, losses);
    const [only] = parts;
    if (parts.length === 1 && only !== undefined && 'shell' in only) {
      if (only.kind === 'bare') return [only];
      if (only.kind === 'any') losses.push(`${template} stands as text in the JSON body`);
    }
    return this.#inQuotes(parts);
  }

  #inQuotes(parts: Part[]): Part[] {
    const inner = parts.map((part): Part => {
      if ('text' in part) return { text: JSON.stringify(part.text).slice(1, -1) };
      return part.kind === 'any' ? { shell: `$(json "${part.shell}")`, kind: 'any' } : part;
    });
    return [{ text: '"' }, ...inner, { text: '"' }];
  }
}

/** As the URL parser writes it (WHATWG URL): it escapes other characters in a path than in a query. */
function parsedUrl(text: string): string {
  if (/^https?:/i.test(text)) return URL.canParse(text) ? new URL(text).href : asInUrl(text);
  const server = 'http://server';
  return new URL(server + (text.startsWith('/') ? '' : '/') + text).href.slice(server.length);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** The shell variable of a scenario's variable; the prefix keeps it from PATH and from the script's own. */
function variable(name: string): string {
  return `v_${name}`;
}

/** A shell word (POSIX): texts in single quotes, expressions in double quotes. */
export function quoted(parts: readonly Part[]): string {
  const runs: Part[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if ('text' in part && last !== undefined && 'text' in last) runs[runs.length - 1] = { text: last.text + part.text };
    else runs.push(part);
  }
  if (runs.length === 0) return "''";
  return runs.map((part) => ('text' in part ? `'${part.text.replaceAll("'", "'\\''")}'` : `"${part.shell}"`)).join('');
}

/** What the arguments alone decide. */
function knownGenerated(
  name: string,
  args: string[],
  variables: ReadonlyMap<string, unknown>,
): { value: unknown } | undefined {
  if (name === 'iteration') return { value: 1 };
  if (name === 'repeat') return { value: (args[0] ?? 'a').repeat(Number(args[1] ?? 1)) };
  if (name !== 'add') return undefined;
  const summands = args.map((arg) => (isVariableName(arg) ? variables.get(arg) : arg));
  return summands.includes(undefined)
    ? undefined
    : { value: summands.reduce<number>((sum, each) => sum + Number(asText(each)), 0) };
}

function generated(name: string, args: string[], losses: Losses): Part {
  const [first, second] = args;
  const bare = (shell: string): Part => ({ shell, kind: 'bare' });
  const plain = (shell: string): Part => ({ shell, kind: 'plain' });
  const count = (arg: string | undefined, otherwise: number) => Math.trunc(Number(arg ?? otherwise)) || 0;
  switch (name) {
    case 'uuid':
      return plain('$(uuid)');
    case 'timestamp':
      return bare('$(date +%s)');
    case 'timestampMs':
      return bare('$(date +%s)000');
    case 'isoTimestamp':
      return { shell: '$(date -u +%Y-%m-%dT%H:%M:%S.000Z)', kind: 'plain' };
    case 'int':
      return bare(`$(int ${count(first, 0)} ${count(second, 1000)})`);
    case 'float':
      return bare(`$(float ${Number(first ?? 0)} ${Number(second ?? 1)})`);
    case 'boolean':
      return bare('$(pick true false)');
    case 'text':
      return plain(`$(letters ${count(first, 10)})`);
    case 'password':
      return plain(`$(letters ${Math.max(8, count(first, 16))})`);
    case 'hex':
      return plain(`$(hex ${count(first, 16)})`);
    case 'pick':
      return { shell: `$(pick ${args.map((arg) => quoted([{ text: arg }])).join(' ')})`, kind: 'any' };
    case 'add':
      return bare(`$(add ${args.map((arg) => (isVariableName(arg) ? `"$${variable(arg)}"` : Number(arg))).join(' ')})`);
    case 'userName':
      return plain('user_$(letters 8)');
    case 'email':
      return plain('user.$(letters 8)@example.com');
    case 'iteration':
    case 'repeat':
      return { text: asText(knownGenerated(name, args, new Map())!.value) };
    default:
      losses.push(`{{$${name}}} became random letters`);
      return plain('$(letters 10)');
  }
}
