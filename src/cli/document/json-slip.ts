/** Where a text stops being JSON (RFC 8259), and what should stand there. */
export interface Slip {
  offset: number;
  message: string;
}

const token =
  /[{}[\],:]|"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\u0000-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;
const space = /[ \t\r\n]*/y;

const wanted = {
  value: 'a value',
  valueOrEnd: 'a value or ]',
  name: 'a name in double quotes',
  nameOrEnd: 'a name in double quotes or }',
  colon: ':',
  commaInList: ', or ]',
  commaInObject: ', or }',
  nothing: 'the end of the file',
};
type Expected = keyof typeof wanted;

/** The first slip; undefined for sound JSON. JSON.parse says no position for many, and its words differ by version. */
export function jsonSlip(text: string): Slip | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let offset = 0;
  for (;;) {
    space.lastIndex = offset;
    offset += space.exec(text)![0].length;
    token.lastIndex = offset;
    const [found] = token.exec(text) ?? [];
    const next: Expected | undefined = found === undefined ? undefined : after(found, expected, open);
    if (next === undefined) {
      if (offset === text.length && expected === 'nothing') return undefined;
      return { offset, message: `expected ${wanted[expected]}, found ${found ?? shown(text, offset)}` };
    }
    expected = next;
    offset += found!.length;
  }
}

/** What is expected after a token; undefined where the token itself was not. */
function after(found: string, expected: Expected, open: ('{' | '[')[]): Expected | undefined {
  const ended = (): Expected => (open.length === 0 ? 'nothing' : open.at(-1) === '{' ? 'commaInObject' : 'commaInList');
  const closes = (bracket: '{' | '[', ...when: Expected[]) => {
    if (open.at(-1) !== bracket || !when.includes(expected)) return undefined;
    open.pop();
    return ended();
  };
  const isValue = expected === 'value' || expected === 'valueOrEnd';
  switch (found[0]) {
    case '{':
    case '[':
      if (!isValue) return undefined;
      open.push(found as '{' | '[');
      return found === '{' ? 'nameOrEnd' : 'valueOrEnd';
    case '}':
      return closes('{', 'nameOrEnd', 'commaInObject');
    case ']':
      return closes('[', 'valueOrEnd', 'commaInList');
    case ',':
      return expected === 'commaInList' ? 'value' : expected === 'commaInObject' ? 'name' : undefined;
    case ':':
      return expected === 'colon' ? 'value' : undefined;
    default:
      if (found.startsWith('"') && (expected === 'name' || expected === 'nameOrEnd')) return 'colon';
      return isValue ? ended() : undefined;
  }
}

function shown(text: string, offset: number): string {
  if (offset === text.length) return 'the end of the file';
  const word = /^(?:"[^\n]{0,20}|[\w.+-]{1,20}|[^\n]{1,2})/u.exec(text.slice(offset))?.[0] ?? text[offset]!;
  return JSON.stringify(word);
}

/** Where sound JSON first has more than `max` brackets open; undefined where it never has. */
export function tooDeepAt(text: string, max: number): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    if (depth > max) return at;
  }
  return undefined;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
