import type { ScenarioResult } from '../../scenario/result.js';

/** Workflow commands that make GitHub show each failure at its line (docs.github.com, workflow commands). */
export function githubAnnotations(result: ScenarioResult): string[] {
  return result.failures.map(({ where, name, messages, step }) => {
    const cut = where.lastIndexOf(':');
    const properties = {
      file: where.slice(0, cut),
      line: where.slice(cut + 1),
      title: `${[result.name, ...step.path, step.name].join(' / ')}: ${name}`,
    };
    const list = Object.entries(properties).map(([key, value]) => `${key}=${property(value)}`);
    return `::error ${list.join(',')}::${data(messages.join('\n') || name)}`;
  });
}

function data(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function property(text: string): string {
  return data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
