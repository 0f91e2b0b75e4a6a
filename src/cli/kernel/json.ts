/** Levels of a JSON document that hwctl reads; what walks through it recurses once a level or more. */
export const deepestJson = 1000;

/** A JSON document with more levels than `deepestJson`. */
export class TooDeep extends Error {
  constructor() {
    super(`JSON nested more than ${deepestJson} levels deep`);
  }
}

/** JSON of a stranger as a value. Throws SyntaxError, or TooDeep for what would exhaust the stack of all that looks at it. */
export function parseJson(text: string): unknown {
  // Each level takes a character at its begin and one at its end.
  if (text.length > 2 * deepestJson && isDeeper(text)) throw new TooDeep();
  return JSON.parse(text);
}

function isDeeper(text: string): boolean {
  let level = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      // To the end of the string.
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
    } else if (code === 0x5b || code === 0x7b) {
      if (++level > deepestJson) return true;
    } else if (code === 0x5d || code === 0x7d) level--;
  }
  return false;
}

/** What a YAML reader complains of; its stack is what ends first in a document that is nested deep. */
export function syntaxMessage(message: string): string {
  return message.replace('Maximum call stack size exceeded', 'nested too deep to be read');
}
