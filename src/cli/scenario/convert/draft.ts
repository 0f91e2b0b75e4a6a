import { stringify } from 'yaml';
import type { Converted } from './to-postman.js';

/** A scenario as it is written to YAML: the fields of the format, by their names. */
export interface Draft {
  name: string;
  why?: string;
  url?: string;
  variables?: Record<string, unknown>;
  headers?: Record<string, string>;
  auth?: unknown;
  steps: DraftStep[];
}

export type DraftStep = Record<string, unknown> & { name?: string };

/** The YAML text of a draft; fields without a value are left out. */
export function draftYaml(draft: Draft, losses: string[]): Converted {
  const text = stringify(draft, { lineWidth: 110, defaultStringType: 'PLAIN', aliasDuplicateObjects: false });
  const head = ['# Made by hwctl scenario import.'];
  for (const loss of losses) head.push(`# not carried over: ${loss.replace(/\s+/g, ' ')}`);
  return { text: `${head.join('\n')}\n${text}`, losses };
}

/** A name that the format takes for a variable. */
export function variableName(name: string): string {
  const safe = name.replace(/\W+/g, '_');
  return /^[A-Za-z_]/.test(safe) ? safe : `_${safe}`;
}
