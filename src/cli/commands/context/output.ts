import { randomUUID } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { jsonText, oneLine, printable, runnerText, terminalText } from '../../kernel/text.js';

/** What goes to the user: the one way to the streams, so that no text acts on a terminal or a CI runner. */
export interface Output {
  /**
   * Writes lines to stdout. A text is one line: a line end in it, like all else that acts on a terminal, is shown as a
   * picture; so what a stranger wrote cannot begin a line. With --json nothing but the document may go to stdout.
   */
  print(lines: string | readonly string[]): void;
  /** As `print`, to stderr: progress, notes, warnings. */
  note(lines: string | readonly string[]): void;
  /** Writes a report to stdout, line ends and all: what made it (src/cli/report) has put strangers' texts on one line each. */
  write(text: string): void;
  /** Writes a file's text to stdout: exactly as it is, unless a terminal shows it. */
  document(text: string): void;
  /** Writes a JSON document and a line end to stdout. */
  json(value: unknown): void;
  /** What follows on stdout is a report: GitHub's runner is told to take no line of it for a command. */
  beginReport(): void;
  /** Writes workflow commands for GitHub's runner, after the report. */
  annotate(lines: readonly string[]): void;
  /** Ends the report; harmless where there is none. */
  endReport(): void;
}

type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY'> & { fd?: number };

/** The output of a process whose environment is `env`. */
export function createOutput(
  streams: { stdout: Stream; stderr: Stream },
  env: Readonly<Record<string, string | undefined>>,
): Output {
  // Runners that read commands from the log: GitHub's, Azure's, TeamCity's.
  const runner = [env.GITHUB_ACTIONS, env.TF_BUILD, env.TEAMCITY_VERSION].some((value) => (value ?? '') !== '');
  const out = new Medium(streams.stdout, runner);
  const err = new Medium(streams.stderr, runner);
  let reporting = false;
  let token: string | undefined;
  const endReport = () => {
    if (token !== undefined) out.raw(`::${token}::\n`);
    token = undefined;
  };
  return {
    print: (lines) => out.lines(lines),
    note: (lines) => err.lines(lines),
    write: (text) => out.text(terminalText(text)),
    document: (text) => (streams.stdout.isTTY === true ? out.text(printable(text)) : out.raw(text)),
    json: (value) => out.raw(`${jsonText(value)}\n`),
    beginReport() {
      if (env.GITHUB_ACTIONS !== 'true' || token !== undefined || isFile(streams.stdout)) return;
      reporting = true;
      token = randomUUID();
      out.raw(`::stop-commands::${token}\n`);
    },
    annotate(lines) {
      endReport();
      // The runner reads the two streams on their own: commands come after the report only where they are in the same one.
      for (const line of lines) (reporting ? out : err).raw(`${oneLine(line)}\n`);
    },
    endReport,
  };
}

class Medium {
  /** Nothing but blanks stands on the line so far. */
  #atLineStart = true;

  constructor(
    private readonly stream: Stream,
    private readonly runner: boolean,
  ) {}

  lines(lines: string | readonly string[]): void {
    const all = typeof lines === 'string' ? [lines] : lines;
    if (all.length > 0) this.text(`${all.map((line) => terminalText(line).replaceAll('\n', '\u240a')).join('\n')}\n`);
  }

  text(text: string): void {
    const safe = this.runner ? runnerText(text, this.#atLineStart) : text;
    const last = safe.slice(safe.lastIndexOf('\n') + 1);
    this.#atLineStart = (safe.includes('\n') || this.#atLineStart) && last.trim() === '';
    this.stream.write(safe);
  }

  raw(text: string): void {
    this.stream.write(text);
    this.#atLineStart = text.endsWith('\n');
  }
}

/** A runner does not read what goes to a file. */
function isFile({ fd }: Stream): boolean {
  try {
    return fd !== undefined && fstatSync(fd).isFile();
  } catch {
    return false;
  }
}
