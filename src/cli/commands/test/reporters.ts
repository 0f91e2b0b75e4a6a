import { nearest } from '../../kernel/nearest.js';
import type { FileReport } from '../../report/scenario/collect.js';
import { type ValueKind, Wrong } from '../options/value-kind.js';

/** The reports that are written when all is over, by their names; each is loaded where it is wanted. */
export const fileReports = {
  json: async () => (await import('../../report/scenario/json.js')).jsonReport,
  junit: async () => (await import('../../report/scenario/junit.js')).junitReport,
  tap: async () => (await import('../../report/scenario/tap.js')).tapReport,
  html: async () => (await import('../../report/scenario/html.js')).htmlReport,
  markdown: async () => (await import('../../report/scenario/markdown.js')).markdownReport,
  github: async () => (await import('../../report/scenario/github.js')).githubReport,
} satisfies Record<string, () => Promise<FileReport>>;

/** A report by its name; `cli` is what is shown as it happens. */
export type ReporterName = 'cli' | keyof typeof fileReports;

/** What `--reporters` takes. */
export const reporterNames: readonly ReporterName[] = ['cli', ...(Object.keys(fileReports) as ReporterName[])];

/** A report that was asked for, and the file it goes to. */
export interface Reporter {
  name: ReporterName;
  file?: string;
}

/** `cli,junit=report.xml`: names between commas, each with a file or without. */
export const reporterList: ValueKind<Reporter[]> = {
  code: 'unknown-reporter',
  wanted: `a list of reporters (${reporterNames.join(', ')}), each alone or as NAME=FILE`,
  example: 'cli,junit=report.xml',
  read(text) {
    const reporters: Reporter[] = [];
    for (const entry of entriesOf(text)) {
      const [word = '', ...rest] = entry.split('=');
      const name = reporterNames.find((known) => known === word);
      if (name === undefined) return new Wrong(`there is no reporter ${JSON.stringify(word)}`);
      if (rest.length > 0 && rest.join('=') === '') return new Wrong(`${name}= names no file`);
      reporters.push({ name, file: rest.length === 0 ? undefined : rest.join('=') });
    }
    return reporters.length === 0 ? undefined : reporters;
  },
  near: (text) => [
    entriesOf(text)
      .map((entry) => entry.replace(/^[^=]*/, (word) => nearest(word, reporterNames) ?? word))
      .join(','),
  ],
};

function entriesOf(text: string): string[] {
  return text.split(',').filter((entry) => entry !== '');
}
