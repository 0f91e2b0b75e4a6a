import { annotationProperty, annotationText } from '../../kernel/text.js';
import type { ScenarioResult } from '../../scenario/result.js';
import type { FileReport } from './collect.js';

/** The annotations as a file, one a line: `cat` of it in a later step of the job shows them. */
export const githubReport: FileReport = (runs) =>
  runs
    .map(({ result }) =>
      githubAnnotations(result)
        .map((line) => `${line}\n`)
        .join(''),
    )
    .join('');

/** Workflow commands that make GitHub show each failure at its line (docs.github.com, workflow commands). */
export function githubAnnotations(result: ScenarioResult): string[] {
  return result.failures.map(({ where, name, messages, step }) => {
    const cut = where.lastIndexOf(':');
    const properties = {
      file: where.slice(0, cut),
      line: where.slice(cut + 1),
      title: `${[result.name, ...step.path, step.name].join(' / ')}: ${name}`,
    };
    const list = Object.entries(properties).map(([key, value]) => `${key}=${annotationProperty(value)}`);
    return `::error ${list.join(',')}::${annotationText(messages.join('\n') || name)}`;
  });
}
