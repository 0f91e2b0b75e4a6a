/**
 * Text of a URL as it is sent: what may not stand in one (space, control characters, `"`, `<`, `>`, other than ASCII) is
 * percent-encoded, line ends and tabs are left out (WHATWG URL). Works character by character, so that a part of a URL can
 * be recognised in it.
 */
export function asInUrl(text: string): string {
  return text
    .replace(/[\t\r\n]/g, '')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[^!#-;=?-~]/gu, (character) => encodeURIComponent(character));
}
