import type { Context } from '../context/context.js';
import { plainWord } from './shell-words.js';
import type { Candidate } from './sources.js';

/** The hidden command that the completion scripts ask; no user types it, so it stands in no list. */
export const completeCommand = '__complete';

/**
 * `hwctl __complete [--quoted] -- WORD...`: what may stand in place of the last word. With --quoted the words are as the
 * user typed them, else as a command gets them. The first line of the answer is for the shell: `words`, `files` (names of
 * the file system among them) or `shell` (what only the shell can expand: it may complete files itself), and `nospace`
 * where the word goes on behind a candidate. Then one candidate a line, and its description behind a tab. Never fails: a
 * key press has no place for an error.
 */
export async function answerShell(argv: readonly string[], context: Context): Promise<void> {
  try {
    const cut = argv.indexOf('--');
    const words = cut < 0 ? [] : argv.slice(cut + 1);
    const quoted = cut >= 0 && argv.slice(0, cut).includes('--quoted');
    context.document(await answer(quoted ? words.map(plainWord) : words, context));
  } catch {
    context.document('words\n');
  }
}

/** A word that only the shell can read is undefined. */
async function answer(words: readonly (string | undefined)[], context: Context): Promise<string> {
  if (words.at(-1) === undefined && words.length > 0) return 'shell\n';
  const { completeWords } = await import('./words.js');
  const plain = words.map((word) => word ?? '');
  const found = await completeWords(plain, context);
  const goesOn = found.length > 0 && found.every(({ word }) => /[=/.]$/.test(word));
  const directive = `${found.some(({ file }) => file) ? 'files' : 'words'}${goesOn ? ' nospace' : ''}`;
  return [directive, ...found.map(line), ''].join('\n');
}

function line({ word, description }: Candidate): string {
  const what = description?.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return what ? `${word}\t${what}` : word;
}
