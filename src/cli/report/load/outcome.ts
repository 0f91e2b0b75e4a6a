import { faultTrouble } from './faults.js';
import type { LoadReport } from './timeline.js';

/** What came of a run: a word, the sentences behind it, and whether it is good news. */
interface Outcome {
  word: 'PASSED' | 'FAILED' | 'VOID' | 'INTERRUPTED';
  sentence: string;
  mood: 'good' | 'bad';
}

/** What came of the run, in the order of the exit codes: void beats broken off, that beats failed, failed beats passed. */
export function outcomeOf(result: LoadReport): Outcome {
  const broken = result.thresholds.filter(({ passed }) => !passed);
  const bad = (word: Outcome['word'], sentences: string[]): Outcome => ({
    word,
    sentence: sentences.join(' '),
    mood: 'bad',
  });
  const limits = [
    ...(broken.length === 0
      ? []
      : [
          `${broken.length} of ${result.thresholds.length} thresholds failed: ${broken.map(({ text, message }) => `${text} (${message})`).join('; ')}.`,
        ]),
    ...faultTrouble(result),
  ];
  const answer = result.findMax === undefined ? [] : [result.findMax.sentence];
  const compared = result.comparison?.state === 'REGRESSION' ? ['It is a regression against the baseline.'] : [];
  if (result.verdict.state === 'VOID') return bad('VOID', ['These numbers prove nothing.', ...answer, ...limits]);
  if (result.ended === 'interrupted' || result.ended === 'aborted')
    return bad('INTERRUPTED', ['The run was ended early; this is what it saw.', ...answer, ...limits]);
  if (!result.passed) return bad('FAILED', [...answer, ...limits, ...compared]);
  const held =
    result.thresholds.length > 0 ? `All ${result.thresholds.length} thresholds hold.` : 'No threshold was set.';
  return { word: 'PASSED', sentence: answer[0] ?? held, mood: 'good' };
}

/** Words as a shell takes them. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./•-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
