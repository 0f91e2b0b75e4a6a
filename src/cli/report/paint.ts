import { painted } from '../kernel/text.js';

/** Colours for plain text; each call gives the text unchanged where colours are unwelcome. Words always say the same. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
  /** The word that introduces a cure. */
  cure(text: string): string;
}

/** Colours that the last step before the stream knows as ours (`terminalText`), or none. */
export function createPaint(color: boolean): Paint {
  const wrap = (open: number, close: number) => (text: string) =>
    color && text !== '' ? painted(text, open, close) : text;
  return {
    good: wrap(32, 39),
    bad: wrap(31, 39),
    warn: wrap(33, 39),
    strong: wrap(1, 22),
    faint: wrap(2, 22),
    cure: wrap(36, 39),
  };
}
