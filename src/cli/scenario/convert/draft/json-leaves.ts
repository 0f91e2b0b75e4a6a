/** One text, number or word of a JSON text, and the name of the member that it is, or stands in. */
export interface Leaf {
  name: string;
  value: unknown;
  /** Where it stands in the text. */
  start: number;
  end: number;
}

const token = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+)/y;

/** All leaves of a sound JSON text, in order. Every byte between them is left alone by who replaces some. */
export function jsonLeaves(text: string): Leaf[] {
  const leaves: Leaf[] = [];
  /** The name of each object and list that is open, and whether it is an object. */
  const open: { name: string; isObject: boolean }[] = [];
  let name = '';
  let isKey = false;
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const word = match[1]!;
    const end = token.lastIndex;
    const around = open.at(-1);
    if (word === '{' || word === '[') {
      open.push({ name, isObject: word === '{' });
      isKey = word === '{';
    } else if (word === '}' || word === ']') open.pop();
    else if (word === ',') {
      isKey = around?.isObject === true;
      name = around?.name ?? '';
    } else if (word !== ':') {
      if (isKey) name = JSON.parse(word) as string;
      else leaves.push({ name, value: JSON.parse(word), start: end - word.length, end });
      isKey = false;
    }
  }
  return leaves;
}
