import { Failure } from '../../kernel/failure.js';

/** What keeps a release from being rendered, and what is to be told although nothing does; of all releases at once. */
export class Gathering {
  /** `PLACE: what`. */
  readonly problems: string[] = [];
  /** What a program or a server said: already whole, with its own code and cure. */
  readonly failures: Failure[] = [];
  readonly notes: string[] = [];

  /** Tells once what several releases have in common. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** Throws where anything was found: the one failure as it is, or all that there is as one `bad-manifests`. */
  throwIfAny(): void {
    const [first, ...others] = this.failures;
    if (this.problems.length === 0 && first === undefined) return;
    if (first !== undefined && others.length === 0 && this.problems.length === 0) throw first;
    const lines = [...this.problems, ...this.failures.flatMap(linesOf)];
    const hints = new Set(this.failures.flatMap(({ hint }) => hint ?? []));
    throw new Failure({
      code: this.problems.length > 0 ? 'bad-manifests' : (first?.code ?? 'bad-manifests'),
      message: `what is to be deployed cannot be used: ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}`,
      details: lines
        .slice(0, mostLines)
        .concat(lines.length > mostLines ? [`and ${lines.length - mostLines} more`] : []),
      hint: hints.size > 0 ? [...hints].join('. ') : 'Edit the lines above',
    });
  }
}

const mostLines = 100;

function linesOf({ message, details }: Failure): string[] {
  return [message, ...details];
}
