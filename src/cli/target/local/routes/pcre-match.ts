import { type Assertion, type ByteSet, type PcreNode, PcreProblem, parsePcre } from './pcre-syntax.js';

type Instruction =
  | { op: 'set'; set: ByteSet }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'save'; slot: number }
  /** Again, unless nothing was read since the slot was saved: an empty round is the last one. */
  | { op: 'again'; slot: number; loop: number; leave: number }
  | { op: 'assert'; kind: Assertion }
  /** What is looked for begins after it and ends with `found`; it goes on at `next`. */
  | { op: 'look'; isNegative: boolean; next: number }
  | { op: 'found' };

/** Instructions of one expression; counted repetitions are written out. */
const mostInstructions = 2000;
/** Steps of one match: far more than a path that a person writes needs, and less than 0.1 s. */
const mostSteps = 1_000_000;
/** States that are marked in a table of bytes; more of them in a set, which holds those alone that were tried. */
const mostMarks = 1_000_000;

/** Thrown where a match takes too many steps; PCRE has such a limit, too, and nginx answers 500 there. */
export class PcreLimit extends Error {}

/** What matched: the whole at 0, the groups after it; undefined for a group that had no part in it. */
export type PcreGroups = (string | undefined)[];

/**
 * A regular expression as nginx takes it for a location (`~*`): PCRE's meaning, the first branch that leads to a match
 * wins. No state is tried twice at one place of the text, so that the time is bounded by the product of their lengths
 * whatever the expression (`(a+)+$` is as harmless as `a`): strangers write these.
 */
export class Pcre {
  readonly names: Map<string, number>;
  /** Lower case; what every match begins with. */
  readonly literal: string;
  readonly #program: Instruction[] = [];
  /** Two for each group; after them one for each loop, for where its round began. */
  #slots: number;
  readonly #groups: number;

  /** Throws PcreProblem. `source` is one byte a character. */
  constructor(
    readonly source: string,
    { regardsCase = false } = {},
  ) {
    const { root, groups, names } = regardsCase ? parsePcre(source, (set) => set) : parsePcre(source);
    this.names = names;
    this.#groups = groups + 1;
    this.#slots = 2 * this.#groups;
    this.#emit(root);
    this.#add({ op: 'found' });
    this.literal = literalOf(this.#program);
  }

  /** The first match at `from` or, unless it `isAnchored`, after it. Throws PcreLimit. */
  exec(text: string, isAnchored = false): PcreGroups | undefined {
    const run = new Run(this.#program, text);
    for (let start = 0; start <= text.length; start++) {
      const saves = new Int32Array(this.#slots).fill(-1);
      const end = run.from(0, start, saves);
      if (end >= 0) {
        saves[0] = start;
        saves[1] = end;
        return Array.from({ length: this.#groups }, (_, i) =>
          saves[2 * i + 1]! < 0 ? undefined : text.slice(saves[2 * i], saves[2 * i + 1]),
        );
      }
      if (isAnchored) return undefined;
    }
    return undefined;
  }

  #add(instruction: Instruction): number {
    if (this.#program.length >= mostInstructions)
      throw new PcreProblem('it is too long once repetitions are written out');
    return this.#program.push(instruction) - 1;
  }

  #emit(node: PcreNode): void {
    switch (node.type) {
      case 'set':
        this.#add({ op: 'set', set: node.set });
        break;
      case 'sequence':
        for (const item of node.items) this.#emit(item);
        break;
      case 'choice':
        this.#emitChoice(node.branches);
        break;
      case 'group':
        this.#add({ op: 'save', slot: 2 * node.index });
        this.#emit(node.item);
        this.#add({ op: 'save', slot: 2 * node.index + 1 });
        break;
      case 'assertion':
        this.#add({ op: 'assert', kind: node.kind });
        break;
      case 'look': {
        const look = this.#add({ op: 'look', isNegative: node.isNegative, next: 0 });
        this.#emit(node.item);
        this.#add({ op: 'found' });
        this.#program[look] = { op: 'look', isNegative: node.isNegative, next: this.#program.length };
        break;
      }
      case 'repeat':
        this.#emitRepeat(node);
        break;
    }
  }

  #emitChoice(branches: PcreNode[]): void {
    const jumps: number[] = [];
    for (const [i, branch] of branches.entries()) {
      if (i === branches.length - 1) {
        this.#emit(branch);
        break;
      }
      const split = this.#add({ op: 'jump', to: 0 });
      this.#emit(branch);
      jumps.push(this.#add({ op: 'jump', to: 0 }));
      this.#program[split] = { op: 'split', first: split + 1, second: this.#program.length };
    }
    for (const jump of jumps) this.#program[jump] = { op: 'jump', to: this.#program.length };
  }

  #emitRepeat({ item, least, most, isGreedy }: PcreNode & { type: 'repeat' }): void {
    const split = (enter: number, leave: number): Instruction =>
      isGreedy ? { op: 'split', first: enter, second: leave } : { op: 'split', first: leave, second: enter };
    for (let i = 0; i < least; i++) this.#emit(item);
    if (most === Number.POSITIVE_INFINITY) {
      const loop = this.#add({ op: 'jump', to: 0 });
      const slot = this.#slots++;
      if (mayBeEmpty(item)) this.#add({ op: 'save', slot });
      this.#emit(item);
      const leave = this.#program.length + 1;
      this.#add(mayBeEmpty(item) ? { op: 'again', slot, loop, leave } : { op: 'jump', to: loop });
      this.#program[loop] = split(loop + 1, leave);
      return;
    }
    const optional: number[] = [];
    for (let i = least; i < most; i++) {
      optional.push(this.#add({ op: 'jump', to: 0 }));
      this.#emit(item);
    }
    for (const place of optional) this.#program[place] = split(place + 1, this.#program.length);
  }
}

/** One match: what has been tried, and how many steps it took. */
class Run {
  #steps = 0;
  readonly #tried: Set<number> | Uint8Array;

  constructor(
    readonly program: readonly Instruction[],
    readonly text: string,
  ) {
    this.#tried = this.#marks();
  }

  #marks(): Set<number> | Uint8Array {
    const states = this.program.length * (this.text.length + 1);
    return states > mostMarks ? new Set() : new Uint8Array(states);
  }

  /** Where a match that begins with an instruction at a place ends; -1 where there is none. */
  from(instruction: number, place: number, saves: Int32Array): number {
    return this.#search(instruction, place, saves, this.#tried);
  }

  #search(instruction: number, place: number, saves: Int32Array, tried: Set<number> | Uint8Array): number {
    const { program, text } = this;
    // Ways that are left, last first: an instruction and a place, or (negative) a slot and what it held before.
    const ways = [instruction, place];
    while (ways.length > 0) {
      let at = ways.pop()!;
      let pc = ways.pop()!;
      if (pc < 0) {
        saves[-1 - pc] = at;
        continue;
      }
      for (;;) {
        if (++this.#steps > mostSteps) throw new PcreLimit();
        const state = pc * (text.length + 1) + at;
        if (hasTried(tried, state)) break;
        const step = program[pc]!;
        if (step.op === 'found') return at;
        if (step.op === 'set') {
          if (at >= text.length || step.set[text.charCodeAt(at) & 0xff] === 0) break;
          at++;
          pc++;
        } else if (step.op === 'jump') pc = step.to;
        else if (step.op === 'split') {
          ways.push(step.second, at);
          pc = step.first;
        } else if (step.op === 'save') {
          ways.push(-1 - step.slot, saves[step.slot]!);
          saves[step.slot] = at;
          pc++;
        } else if (step.op === 'again') {
          pc = saves[step.slot] === at ? step.leave : step.loop;
        } else if (step.op === 'assert') {
          if (!holds(step.kind, text, at)) break;
          pc++;
        } else {
          // What it tries is its own: it ends elsewhere than the whole.
          const inner = saves.slice();
          const isThere = this.#search(pc + 1, at, inner, this.#marks()) >= 0;
          if (isThere === step.isNegative) break;
          if (isThere) keep(inner, saves, ways);
          pc = step.next;
        }
      }
    }
    return -1;
  }
}

function mayBeEmpty(node: PcreNode): boolean {
  switch (node.type) {
    case 'set':
      return false;
    case 'sequence':
      return node.items.every(mayBeEmpty);
    case 'choice':
      return node.branches.some(mayBeEmpty);
    case 'group':
      return mayBeEmpty(node.item);
    case 'repeat':
      return node.least === 0 || mayBeEmpty(node.item);
    default:
      return true;
  }
}

/** Takes groups over, and has them taken back where the search comes back to before. */
function keep(inner: Int32Array, saves: Int32Array, ways: number[]): void {
  for (const [slot, value] of inner.entries()) {
    if (value === saves[slot]) continue;
    ways.push(-1 - slot, saves[slot]!);
    saves[slot] = value;
  }
}

/** Whether a state has been tried; it has from now on. */
function hasTried(tried: Set<number> | Uint8Array, state: number): boolean {
  if (tried instanceof Uint8Array) {
    if (tried[state] === 1) return true;
    tried[state] = 1;
    return false;
  }
  if (tried.has(state)) return true;
  tried.add(state);
  return false;
}

function holds(kind: Assertion, text: string, at: number): boolean {
  switch (kind) {
    case 'start':
      return at === 0;
    case 'very-end':
      return at === text.length;
    case 'end':
      return at === text.length || (at === text.length - 1 && text[at] === '\n');
    default:
      return (isWord(text[at - 1]) !== isWord(text[at])) === (kind === 'word');
  }
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /\w/.test(character);
}

function literalOf(program: readonly Instruction[]): string {
  let literal = '';
  for (const step of program) {
    if (step.op === 'save' || (step.op === 'assert' && step.kind === 'start')) continue;
    if (step.op !== 'set') break;
    const bytes = [...step.set.keys()].filter((byte) => step.set[byte] === 1);
    const lower = new Set(bytes.map((byte) => String.fromCharCode(byte).toLowerCase()));
    const [only] = lower;
    if (only === undefined || lower.size > 1) break;
    literal += only;
  }
  return literal;
}
