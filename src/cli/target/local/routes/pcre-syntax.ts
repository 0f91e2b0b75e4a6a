/** A regular expression of an Ingress path, taken apart; `text` is one byte a character, as nginx reads it. */
export type PcreNode =
  | { type: 'set'; set: ByteSet }
  | { type: 'sequence'; items: PcreNode[] }
  | { type: 'choice'; branches: PcreNode[] }
  | { type: 'repeat'; item: PcreNode; least: number; most: number; isGreedy: boolean }
  | { type: 'group'; index: number; item: PcreNode }
  | { type: 'look'; isNegative: boolean; item: PcreNode }
  | { type: 'assertion'; kind: Assertion };

export type Assertion = 'start' | 'end' | 'very-end' | 'word' | 'no-word';

/** Which of the 256 bytes match: 1 where one does. */
export type ByteSet = Uint8Array;

export interface PcreTree {
  root: PcreNode;
  /** Groups that capture, without the whole match. */
  groups: number;
  names: Map<string, number>;
}

/** Why a path is no regular expression that can be matched here. */
export class PcreProblem extends Error {}

const mostGroups = 50;
const mostDepth = 50;
/** What a repetition may say: the program that is made of it repeats its item as often. */
const mostRepeats = 1000;

const word = setOf((c) => /\w/.test(c));
const digit = setOf((c) => /\d/.test(c));
/** Without \v until Perl 5.18, with it in PCRE2: as PCRE2 has it. */
const space = setOf((c) => '\t\n\v\f\r '.includes(c));
const classEscapes: Record<string, ByteSet> = {
  d: digit,
  D: inverted(digit),
  w: word,
  W: inverted(word),
  s: space,
  S: inverted(space),
  h: setOf((c) => '\t \xa0'.includes(c)),
  H: inverted(setOf((c) => '\t \xa0'.includes(c))),
  N: inverted(setOf((c) => c === '\n')),
};
const oneByteEscapes: Record<string, string> = { a: '\x07', e: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t' };
const assertionEscapes: Record<string, Assertion> = {
  b: 'word',
  B: 'no-word',
  A: 'start',
  z: 'very-end',
  Z: 'end',
};
const posixClasses: Record<string, RegExp> = {
  alpha: /[A-Za-z]/,
  digit: /\d/,
  alnum: /[A-Za-z\d]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /[\t\n\v\f\r ]/,
  blank: /[\t ]/,
  punct: /[!-/:-@[-`{-~]/,
  xdigit: /[\dA-Fa-f]/,
  word: /\w/,
  cntrl: /[\0-\x1f\x7f]/,
  print: /[ -~]/,
  graph: /[!-~]/,
};

function setOf(has: (character: string) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, byte) => (has(String.fromCharCode(byte)) ? 1 : 0));
}

function inverted(set: ByteSet): ByteSet {
  return set.map((has) => 1 - has);
}

/** nginx's `~*`: letters of ASCII match in either case. */
function folded(set: ByteSet): ByteSet {
  const both = set.slice();
  for (let upper = 65; upper <= 90; upper++) {
    if (set[upper] === 1 || set[upper + 32] === 1) both[upper] = both[upper + 32] = 1;
  }
  return both;
}

/**
 * Reads what regular paths use of PCRE (https://www.pcre.org/current/doc/html/pcre2pattern.html), without regard to case
 * unless told otherwise. Throws PcreProblem for what is no regular expression, and for what cannot be matched in bounded time: references to
 * groups, looking behind, atomic groups, recursion, conditions.
 */
export function parsePcre(text: string, fold = folded): PcreTree {
  return new Parser(text, fold).parse();
}

class Parser {
  #at = 0;
  #groups = 0;
  readonly #names = new Map<string, number>();

  constructor(
    readonly text: string,
    readonly fold: (set: ByteSet) => ByteSet,
  ) {}

  parse(): PcreTree {
    const root = this.#choice(0);
    if (this.#at < this.text.length) throw new PcreProblem('there is a ) without its (');
    return { root, groups: this.#groups, names: this.#names };
  }

  #takes(literal: string): boolean {
    if (!this.text.startsWith(literal, this.#at)) return false;
    this.#at += literal.length;
    return true;
  }

  #matches(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #choice(depth: number): PcreNode {
    if (depth > mostDepth) throw new PcreProblem(`groups are nested more than ${mostDepth} deep`);
    const branches = [this.#sequence(depth)];
    while (this.#takes('|')) branches.push(this.#sequence(depth));
    return branches.length === 1 ? branches[0]! : { type: 'choice', branches };
  }

  #sequence(depth: number): PcreNode {
    const items: PcreNode[] = [];
    while (this.#at < this.text.length && this.text[this.#at] !== '|' && this.text[this.#at] !== ')') {
      const item = this.#item(depth);
      if (item !== undefined) items.push(this.#repeated(item));
    }
    return items.length === 1 ? items[0]! : { type: 'sequence', items };
  }

  #repeated(item: PcreNode): PcreNode {
    const bounds = this.#bounds();
    if (bounds === undefined) return item;
    if (item.type === 'assertion' || item.type === 'look') throw new PcreProblem('an assertion is repeated');
    const [least, most] = bounds;
    if (least > most) throw new PcreProblem(`{${least},${most}} has its numbers in the wrong order`);
    if (least > mostRepeats || (most > mostRepeats && most !== Number.POSITIVE_INFINITY)) {
      throw new PcreProblem(`a repetition says more than ${mostRepeats}`);
    }
    const isGreedy = !this.#takes('?');
    if (isGreedy && this.#takes('+')) throw new PcreProblem('possessive repetitions (++, *+, ?+) are not known here');
    return { type: 'repeat', item, least, most, isGreedy };
  }

  #bounds(): [number, number] | undefined {
    if (this.#takes('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#takes('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#takes('?')) return [0, 1];
    // Any other brace stands for itself.
    const braces = this.#matches(/\{(\d+)(?:(,)(\d*))?\}/y);
    if (braces === null) return undefined;
    const least = Number(braces[1]);
    if (braces[2] === undefined) return [least, least];
    return [least, braces[3] === '' ? Number.POSITIVE_INFINITY : Number(braces[3])];
  }

  #item(depth: number): PcreNode | undefined {
    const character = this.text[this.#at]!;
    if (character === '(') return this.#group(depth);
    if (character === '[') return this.#class();
    if (character === '\\') return this.#escape();
    if ('*+?'.includes(character)) throw new PcreProblem(`there is nothing that ${character} could repeat`);
    this.#at++;
    if (character === '^') return { type: 'assertion', kind: 'start' };
    if (character === '$') return { type: 'assertion', kind: 'end' };
    if (character === '.') return { type: 'set', set: classEscapes.N! };
    return { type: 'set', set: this.fold(byteSet(character.charCodeAt(0) & 0xff)) };
  }

  #group(depth: number): PcreNode | undefined {
    this.#at++;
    const close = (item: PcreNode): PcreNode => {
      if (!this.#takes(')')) throw new PcreProblem('there is a ( without its )');
      return item;
    };
    if (this.text[this.#at] === '*') throw new PcreProblem('(*VERB) is not known here');
    if (!this.#takes('?')) return close(this.#capture(depth));
    if (this.#takes(':')) return close(this.#choice(depth + 1));
    if (this.#takes('=')) return close({ type: 'look', isNegative: false, item: this.#choice(depth + 1) });
    if (this.#takes('!')) return close({ type: 'look', isNegative: true, item: this.#choice(depth + 1) });
    if (this.#matches(/#[^)]*/y) !== null) return void close({ type: 'sequence', items: [] });
    // Case is not regarded as it is.
    if (this.#takes('i)')) return undefined;
    if (this.#takes('i:')) return close(this.#choice(depth + 1));
    const named = this.#matches(/P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'/y);
    const name = named?.[1] ?? named?.[2];
    if (name === undefined) {
      throw new PcreProblem(`(?${this.text.slice(this.#at, this.#at + 2)} is not known here`);
    }
    if (this.#names.has(name)) throw new PcreProblem(`two groups are called ${name}`);
    this.#names.set(name, this.#groups + 1);
    return close(this.#capture(depth));
  }

  #capture(depth: number): PcreNode {
    const index = ++this.#groups;
    if (index > mostGroups) throw new PcreProblem(`there are more than ${mostGroups} groups`);
    return { type: 'group', index, item: this.#choice(depth + 1) };
  }

  #escape(): PcreNode {
    this.#at++;
    const character = this.text[this.#at];
    if (character === undefined) throw new PcreProblem('it ends with a \\');
    const kind = assertionEscapes[character];
    if (kind !== undefined) {
      this.#at++;
      return { type: 'assertion', kind };
    }
    if (/[1-9gk]/.test(character)) throw new PcreProblem(`\\${character} refers to a group, which is not known here`);
    return { type: 'set', set: this.fold(this.#escapedSet()) };
  }

  /** What a backslash and what follows it stand for, within a class and without. */
  #escapedSet(): ByteSet {
    const hex = this.#matches(/x(?:([\da-f]{1,2})|\{([\da-f]{1,2})\})/iy);
    if (hex !== null) return byteSet(Number.parseInt(hex[1] ?? hex[2] ?? '0', 16));
    if (this.#takes('0')) return byteSet(0);
    const character = this.text[this.#at++]!;
    const set = classEscapes[character];
    if (set !== undefined) return set;
    if (oneByteEscapes[character] !== undefined) return byteSet(oneByteEscapes[character].charCodeAt(0));
    if (/[A-Za-z\d]/.test(character)) throw new PcreProblem(`\\${character} is not known here`);
    return byteSet(character.charCodeAt(0));
  }

  #class(): PcreNode {
    this.#at++;
    const isInverted = this.#takes('^');
    const set = new Uint8Array(256);
    for (let isFirst = true; isFirst || this.text[this.#at] !== ']'; isFirst = false) {
      const low = this.#classItem();
      if (typeof low === 'object') {
        for (let byte = 0; byte < 256; byte++) if (low[byte] === 1) set[byte] = 1;
        continue;
      }
      // A dash at the end of the class stands for itself, as does one after a range.
      const isRange = this.text[this.#at] === '-' && this.text[this.#at + 1] !== ']';
      if (isRange) this.#at++;
      const high = isRange ? this.#classItem() : low;
      if (typeof high === 'object') throw new PcreProblem('a range of a class ends with a class');
      if (high < low) throw new PcreProblem('a range of a class has its ends in the wrong order');
      set.fill(1, low, high + 1);
    }
    this.#at++;
    const both = this.fold(set);
    return { type: 'set', set: isInverted ? inverted(both) : both };
  }

  /** One byte, or what stands for several. */
  #classItem(): number | ByteSet {
    const character = this.text[this.#at];
    if (character === undefined) throw new PcreProblem('there is a [ without its ]');
    const posix = this.#matches(/\[:(\^?)([a-z]+):\]/y);
    if (posix !== null) {
      const of = posixClasses[posix[2]!];
      if (of === undefined) throw new PcreProblem(`[:${posix[2]}:] is no class`);
      const set = setOf((c) => of.test(c));
      return posix[1] === '^' ? inverted(set) : set;
    }
    this.#at++;
    if (character !== '\\') return character.charCodeAt(0);
    if (this.text[this.#at] === undefined) throw new PcreProblem('there is a [ without its ]');
    if (this.#takes('b')) return 8;
    const set = this.#escapedSet();
    const bytes = [...set.keys()].filter((byte) => set[byte] === 1);
    return bytes.length === 1 ? bytes[0]! : set;
  }
}

function byteSet(byte: number): ByteSet {
  const set = new Uint8Array(256);
  set[byte] = 1;
  return set;
}
