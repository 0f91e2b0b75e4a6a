import { formatDuration, parseDurationMs } from '../../kernel/duration.js';
import { Failure } from '../../kernel/failure.js';
import { didYouMean, nearest } from '../../kernel/nearest.js';

/** What is done on purpose to a workload while a load runs. */
export interface LoadFault {
  kind: 'kill' | 'stop' | 'restart' | 'scale' | 'delete-pod';
  workload: string;
  /** Milliseconds since the first arrival was due: the axis of the charts. */
  atMs: number;
  /** Of `scale`. */
  replicas?: number;
  /** Of what is undone (stop, scale): after so many milliseconds; where left out, when the load is over. */
  forMs?: number;
}

/** What must come of every fault of a run: `recovers<10s`. */
export interface Objective {
  /** As the user wrote it. */
  text: string;
  operator: '<' | '<=';
  boundMs: number;
}

const forms: Record<LoadFault['kind'], string> = {
  kill: 'kill orders at 30s',
  stop: 'stop orders for 5s at 30s',
  restart: 'restart orders at 30s',
  scale: 'scale orders to 3 at 20s',
  'delete-pod': 'delete pod orders at 30s',
};
const kinds = Object.keys(forms) as LoadFault['kind'][];

/** Words of others for the same. */
const alsoCalled: Record<string, LoadFault['kind']> = {
  freeze: 'stop',
  pause: 'stop',
  suspend: 'stop',
  continue: 'stop',
  terminate: 'kill',
  crash: 'kill',
  lose: 'kill',
  reboot: 'restart',
  rollout: 'restart',
  resize: 'scale',
};

/** A text that is no fault, or no objective. */
export class BadFault extends Failure {
  constructor(
    what: { code: 'bad-fault' | 'bad-objective'; noun: string; hint: string },
    text: string,
    readonly why: string,
  ) {
    super({ code: what.code, message: `${what.noun} ${JSON.stringify(text)}: ${why}`, hint: what.hint });
  }
}

const ofFault = {
  code: 'bad-fault',
  noun: 'fault',
  hint: `Write for example ${kinds.map((kind) => `'${forms[kind]}'`).join(', ')}`,
} as const;
const ofObjective = { code: 'bad-objective', noun: 'objective', hint: "Write for example 'recovers<10s'" } as const;

const longestName = 253;
const workloadName = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const mostReplicas = 1000;

/** Reads a fault: `VERB WORKLOAD [to N] [for DURATION] at MOMENT`, the last three in any order. Throws BadFault. */
export function parseFault(text: string): LoadFault {
  const bad = (why: string) => new BadFault(ofFault, text, why);
  const words = text.trim().split(/\s+/);
  const kind = kindOf(words, bad);
  const rest = words.slice(kind === 'delete-pod' ? 2 : 1);
  const workload = rest.shift();
  if (workload === undefined || isPhrase(workload)) throw bad(`it does not say which workload: '${forms[kind]}'`);
  if (!workloadName.test(workload) || workload.length > longestName)
    throw bad(`${JSON.stringify(workload)} is no name of a workload`);
  const said = phrasesOf(rest, bad);
  if (said.at === undefined) throw bad(`it does not say when: '${[...words, 'at 30s'].join(' ')}'`);
  const fault: LoadFault = { kind, workload, atMs: durationIn(said.at, 'at', bad) };
  if (kind === 'scale') {
    if (said.to === undefined) throw bad(`it does not say to how many: '${forms.scale}'`);
    if (!/^\d{1,4}$/.test(said.to) || Number(said.to) > mostReplicas)
      throw bad(`${JSON.stringify(said.to)} is no number of replicas from 0 to ${mostReplicas}`);
    fault.replicas = Number(said.to);
  } else if (said.to !== undefined) throw bad(`to ${said.to} belongs to scale`);
  if (said.for !== undefined) {
    if (kind !== 'stop' && kind !== 'scale')
      throw bad(`for ${said.for} belongs to stop and scale: nothing undoes a ${verb(kind)}`);
    fault.forMs = durationIn(said.for, 'for', bad);
    if (fault.forMs === 0) throw bad('for 0s is no time at all');
  }
  return fault;
}

function kindOf([first = '', second = '']: string[], bad: (why: string) => Failure): LoadFault['kind'] {
  const said = first.toLowerCase();
  if (said === 'delete' && second.toLowerCase() === 'pod') return 'delete-pod';
  const kind = kinds.find((one) => one === said && one !== 'delete-pod');
  if (kind !== undefined) return kind;
  if (said === '') throw bad('it says nothing');
  if (said === 'delete') throw bad(`what is deleted is a pod: '${forms['delete-pod']}'`);
  const verbs = kinds.map(verb);
  const meant = alsoCalled[said] ?? nearest(said, verbs);
  const near =
    meant === undefined
      ? didYouMean(said, verbs)
      : `. Did you mean ${JSON.stringify(verb(meant as LoadFault['kind']))}?`;
  throw bad(`${JSON.stringify(first)} is none of ${verbs.join(', ')}${near}`);
}

function verb(kind: LoadFault['kind']): string {
  return kind === 'delete-pod' ? 'delete pod' : kind;
}

const phrases = ['at', 'to', 'for'] as const;
type Phrase = (typeof phrases)[number];

function isPhrase(word: string): word is Phrase {
  return (phrases as readonly string[]).includes(word.toLowerCase());
}

function phrasesOf(words: string[], bad: (why: string) => Failure): Partial<Record<Phrase, string>> {
  const said: Partial<Record<Phrase, string>> = {};
  for (let i = 0; i < words.length; i += 2) {
    const [word, value] = [words[i]!, words[i + 1]];
    if (!isPhrase(word))
      throw bad(`${JSON.stringify(word)} is none of ${phrases.join(', ')}${didYouMean(word, phrases)}`);
    const phrase = word.toLowerCase() as Phrase;
    if (value === undefined) throw bad(`nothing follows ${phrase}`);
    if (said[phrase] !== undefined) throw bad(`it says ${phrase} twice`);
    said[phrase] = value;
  }
  return said;
}

function durationIn(value: string, phrase: Phrase | 'recovers', bad: (why: string) => Failure): number {
  try {
    return parseDurationMs(value, phrase);
  } catch (error) {
    const bare = /^\d+(\.\d+)?$/.test(value);
    if (error instanceof Failure)
      throw bad(
        `${phrase} ${JSON.stringify(value)} is not a duration${bare ? `: it has no unit, as ${value}s has` : ''}`,
      );
    throw error;
  }
}

/** A fault as it is told, its moment left out: `scale orders to 3`, `stop orders for 5.0s`. */
export function faultWords({ kind, workload, replicas, forMs }: LoadFault): string {
  const to = replicas === undefined ? '' : ` to ${replicas}`;
  const lasting = forMs === undefined ? '' : ` for ${formatDuration(forMs)}`;
  return `${verb(kind)} ${workload}${to}${lasting}`;
}

/** Reads an objective: `recovers<10s`. Throws BadFault. */
export function parseObjective(text: string): Objective {
  const bad = (why: string) => new BadFault(ofObjective, text, why);
  const [, word, operator, value] = /^\s*([a-z_]+)\s*(<=|>=|==|!=|<|>|=)\s*(\S.*?)\s*$/i.exec(text) ?? [];
  if (word === undefined || operator === undefined || value === undefined)
    throw bad('it is not of the form recovers<DURATION');
  if (word.toLowerCase() !== 'recovers') {
    const near = /^recover/i.test(word) ? '. Did you mean "recovers"?' : didYouMean(word, ['recovers']);
    throw bad(`there is no objective ${JSON.stringify(word)}, only recovers${near}`);
  }
  if (operator !== '<' && operator !== '<=') throw bad(`a recovery is to be short: recovers<${value}`);
  const boundMs = durationIn(value, 'recovers', bad);
  if (boundMs === 0) throw bad('nothing recovers within no time');
  return { text: text.trim(), operator, boundMs };
}

/** What is wrong with the faults of a load that lasts so long (Infinity: as long as its requests take); empty where nothing is. */
export function faultProblems(faults: readonly LoadFault[], durationMs: number): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const fault of faults) {
    const told = `${faultWords(fault)} at ${formatDuration(fault.atMs)}`;
    if (fault.atMs >= durationMs)
      problems.push(`${told}: the load is over by then, after ${formatDuration(durationMs)}`);
    const moment = `${fault.workload} ${fault.atMs}`;
    if (seen.has(moment)) problems.push(`${told}: another fault harms ${fault.workload} at the same moment`);
    seen.add(moment);
  }
  return problems;
}
