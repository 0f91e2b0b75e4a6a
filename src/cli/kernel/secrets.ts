/** Stands for a secret. */
export const placeholder = '••••••';

const secretWord = /passwo?r?d|pass(?:phrase|code)|pass$|secret|token|api[_-]?key|credential/i;
/** What is of a secret and none itself: `token_type`, `secretName`. */
const ofSecret =
  /(?:type|names?|count|ur[il]|endpoint|length|size|limit|ttl|hint|policy|expir\w*|expires_?(?:in|at))$/i;
const credentialHeaders = new Set(['authorization', 'proxy-authorization', 'x-api-key', 'cookie', 'set-cookie']);
/** Names that are ordinary in a body, and sign a request in a URL: signed URLs, API keys of maps, sessions in the path. */
const secretParameter =
  /^(?:key|sig|x-\w+-signature|signature|auth|authorization|jwt|pwd|pin|otp|(?:j|php)?sess(?:ion)?_?id|sid)$/i;

/** Whether some text can hold a name that makes its value a secret; cheaper than to look for names. */
export function mentionsSecret(text: string): boolean {
  return secretWord.test(text);
}

/** Whether the value of a variable, member, field or header of this name is a secret. */
export function isSecretName(name: string): boolean {
  return secretWord.test(name) && !ofSecret.test(name) && name.toLowerCase() !== 'postman-token';
}

/** Whether the value of this header signs a request in, or may. */
export function isSecretHeader(name: string): boolean {
  return credentialHeaders.has(name.toLowerCase()) || isSecretName(name);
}

/**
 * `scheme://user:password@`; one slash is left of two where a path was made of a URL. The scheme is bounded, so that text of
 * a stranger is read in linear time.
 */
const userInfo = /\b([a-z][a-z0-9+.-]{0,20}:\/{1,2})((?:[^\s/?#"'<>\\]|\\.)+)@/gi;
/** `?name=value`, and where else a URL has parameters: `;jsessionid=` in the path, `#access_token=`. */
const parameter = /([?&;#])([^\s=&?;#"'<>]+)=([^\s&#"'<>]*)/g;
const parameterOfUrl = /([?&;#])([^=&?;#]+)=([^&#]*)/g;

/** A URL, or text with URLs, without what gives access: the password before the host (a name that stands alone, too). */
export function withoutUserInfo(text: string): string {
  return text.replace(userInfo, (_, scheme: string, user: string) => `${scheme}${shownUser(user)}@`);
}

/** `user:password` with the user alone; where there is but one word, it is what gives access. */
function shownUser(user: string): string {
  return `${user.slice(0, user.indexOf(':') + 1)}${placeholder}`;
}

/** The same, and without the values of parameters whose name says that they are secret. */
export function withoutUrlSecrets(text: string): string {
  return hideParameters(withoutUserInfo(text), parameter);
}

/**
 * What was given as one URL, however broken, as it may be shown: where it is none, all before its last `@` may be a
 * password.
 */
export function shownUrl(text: string): string {
  const [scheme] = /^(?:\w[\w+.-]*:[\\/]+|https?:)?/i.exec(text)!;
  const host = text.lastIndexOf('@') + 1;
  const hasUser = host > scheme.length && !isWithoutUser(text);
  const whole = hasUser ? `${scheme}${shownUser(text.slice(scheme.length, host - 1))}@${text.slice(host)}` : text;
  return hideParameters(whole, parameterOfUrl);
}

/** Its `@` stands in path or query. */
function isWithoutUser(text: string): boolean {
  if (!/^(?:https?|wss?):/i.test(text) || !URL.canParse(text)) return /^\/(?!\/)/.test(text);
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

/** Whether the value of this parameter of a URL gives access. */
export function isSecretParameter(name: string): boolean {
  return isSecretName(name) || secretParameter.test(name);
}

function hideParameters(text: string, pattern: RegExp): string {
  return text.replace(pattern, (all, before: string, name: string) => {
    const plain = decoded(name);
    return isSecretParameter(plain) ? `${before}${name}=${placeholder}` : all;
  });
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
