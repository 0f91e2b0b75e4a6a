import { isSecretHeader, isSecretName, isSecretParameter } from '../../../kernel/secrets.js';
import { isVariableName } from '../../variables/generated.js';
import { variableName } from '../draft/draft.js';
import { jsonLeaves } from '../draft/json-leaves.js';
import { literal } from '../draft/literal.js';

/** Headers that sign in, beside those whose names say so. */
const credentialHeader = /auth|api-?key|session|csrf|xsrf|signature|jwt|cookie|^x-amz-|^x-goog-/i;
/** Members, fields and parameters that are as good as a password, beside those whose names say so. */
const credentialField =
  /^(?:j?session_?(?:id)?|sid|jwt|otp|pin|sig|signature|hmac|cvc|cvv2?|card_?number|auth|authorization|code_verifier|client_assertion|saml(?:response|request))$/i;

/** Takes the secrets out of what was recorded: each becomes a variable without a value, which is told. */
export class Secrets {
  readonly #names = new Map<string, string>();
  readonly #taken = new Map<string, number>();

  /** The variables, in the order in which they came up. */
  get variables(): string[] {
    return [...this.#names.values()];
  }

  isHeader(name: string): boolean {
    return isSecretHeader(name) || credentialHeader.test(name);
  }

  isParameter(name: string): boolean {
    return isSecretParameter(name) || credentialField.test(name);
  }

  isField(name: string): boolean {
    return isSecretName(name) || credentialField.test(name);
  }

  /** A reference to the variable for this value; the same value of the same name has one variable, and is told once. */
  put(name: string, value: string, losses: string[]): string {
    const wanted = variableName(name)
      .replace(/^_+(?=[A-Za-z])/, '')
      .toLowerCase();
    const key = JSON.stringify([wanted, value]);
    let own = this.#names.get(key);
    if (own === undefined) {
      const count = (this.#taken.get(wanted) ?? 0) + 1;
      this.#taken.set(wanted, count);
      own = count === 1 ? wanted : `${wanted}_${count}`;
      if (!isVariableName(own)) own = `_${own}`;
      this.#names.set(key, own);
      losses.push(`the value of ${name}: set the variable ${own}`);
    }
    return `{{${own}}}`;
  }

  /** A JSON text as a template: each leaf under a telling name is a reference, all else as it was recorded. */
  inJson(text: string, losses: string[]): string {
    let rest = 0;
    let written = '';
    for (const { name, value, start, end } of jsonLeaves(text)) {
      if (!this.isField(name) || value === null || typeof value === 'boolean' || value === '') continue;
      const reference = this.put(name, String(value), losses);
      written += literal(text.slice(rest, start)) + (typeof value === 'string' ? `"${reference}"` : reference);
      rest = end;
    }
    return written + literal(text.slice(rest));
  }

  /** A text of another kind (XML, lines of name=value) as a template. */
  inText(text: string, losses: string[]): string {
    let rest = 0;
    let written = '';
    for (const match of text.matchAll(
      /<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>([^<>]+)<\/|(?<![\w.$-])([\w.$-]+)\s*=\s*"?([^\s&"<>;,]+)/g,
    )) {
      const [all, element, content, key, given] = match;
      const value = (content ?? given)!;
      if (!this.isField((element ?? key)!)) continue;
      const start = match.index + all.lastIndexOf(value);
      written += literal(text.slice(rest, start)) + this.put((element ?? key)!, value, losses);
      rest = start + value.length;
    }
    return written + literal(text.slice(rest));
  }
}
