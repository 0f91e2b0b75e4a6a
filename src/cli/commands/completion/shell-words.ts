/**
 * A word of a command line as the command gets it: quotes and backslashes taken off as in POSIX shells (XCU 2.2), also where
 * the closing quote is not typed yet. Undefined where only the shell knows: variables and command substitutions.
 */
export function plainWord(typed: string): string | undefined {
  let plain = '';
  let quote = '';
  for (let at = 0; at < typed.length; at += 1) {
    const char = typed.charAt(at);
    if (quote === "'") {
      if (char === "'") quote = '';
      else plain += char;
    } else if (char === '\\') {
      const next = typed.charAt(at + 1);
      // Between double quotes a backslash means something before these alone.
      if (quote === '"' && !/["\\$`\n]/.test(next)) plain += char;
      plain += next;
      at += 1;
    } else if (char === '$' || char === '`') return undefined;
    else if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else plain += char;
  }
  return plain;
}
