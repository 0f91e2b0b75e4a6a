import { isDeepStrictEqual } from 'node:util';
import { type Exchange, jsonOf } from '../check/exchange.js';

/** How many of what: `1 order`, `3 orders`, `no order`. */
export type Amount = (count: number) => string;

/**
 * Effects by the last word of the path that lists them (`GET /orders`: order, orders), where that is one in the plural and
 * each request makes one of them.
 */
export function amountsOf(path: string, unit: number): Amount {
  const [, many = ''] = /\/([a-z]{3,}s)\/?(?:[?#].*)?$/i.exec(path) ?? [];
  const isPlural = Math.abs(unit) === 1 && many !== '' && !/(?:ss|us|is|status|news)$/i.test(many);
  const [one, several] = isPlural ? [singular(many), many] : ['effect', 'effects'];
  return (count) =>
    count === 0 ? `no ${one}` : `${Number(count.toFixed(2))} ${Math.abs(count) === 1 ? one : several}`;
}

function singular(word: string): string {
  return word.replace(/ies$/i, 'y').replace(/s$/i, '');
}

/** How often each answer came, the most frequent first: `19 × 409`. */
export function census(exchanges: readonly Exchange[]): { answer: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { response, error } of exchanges) {
    const answer = response === undefined ? `no answer (${error?.code ?? 'failed'})` : String(response.status);
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return [...counts].map(([answer, count]) => ({ answer, count })).sort((a, b) => b.count - a.count);
}

/** The answers in words: `answers: 19 × 409, 1 × 200`. */
export function answersText(answers: readonly { answer: string; count: number }[]): string {
  if (answers.length === 0) return 'nothing was answered';
  return `answers: ${answers.map(({ answer, count }) => (count === 1 ? answer : `${count} × ${answer}`)).join(', ')}`;
}

/** ` (17, 18, 19)`: what came newly. */
export function addedText(added: readonly string[]): string {
  if (added.length === 0) return '';
  const shown = added.slice(0, 5).map((id) => (id.length > 40 ? `${id.slice(0, 39)}…` : id));
  return ` (${shown.join(', ')}${added.length > shown.length ? ', …' : ''})`;
}

/** Whether an answer has the body of another one: the same bytes, or the same JSON. */
export function sameBody(one: Exchange, other: Exchange): boolean {
  const [a, b] = [one.response, other.response];
  if (a === undefined || b === undefined) return false;
  if (a.body.equals(b.body)) return true;
  const [first, second] = [jsonOf(one), jsonOf(other)];
  return 'value' in first && 'value' in second && isDeepStrictEqual(first.value, second.value);
}

/** Whether it was answered with success. */
export function isDone({ response }: Exchange): boolean {
  return response !== undefined && response.status < 300;
}

/** Whether the server refused it: the client's fault, it says. */
export function isRefused({ response }: Exchange): boolean {
  return response !== undefined && response.status >= 400 && response.status < 500;
}
