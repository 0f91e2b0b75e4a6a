import type { Check, Condition } from '../scenario.js';
import { Unresolved } from '../variables/template.js';
import { type CheckContext, type Finding, findingsOf } from './condition.js';
import type { Exchange } from './exchange.js';

/** A check of a step, judged. */
export interface JudgedCheck {
  check: Check;
  /** Its name with the variables as they were when it was judged. */
  name: string;
  /** What does not hold; undefined where the check is skipped. */
  findings: Finding[] | undefined;
}

/** Judges a check; a variable without a value is a finding. */
export function judgeCheck(check: Check, exchange: Exchange, around: CheckContext): JudgedCheck {
  const findings = check.skip === false ? safeFindings(check.condition, exchange, around) : undefined;
  return { check, name: shownName(check.name, around), findings };
}

/** The name of a check with its variables; as it is written where one has no value. */
export function shownName(name: string, { expand }: CheckContext): string {
  if (!name.includes('{{')) return name;
  try {
    return String(expand(name));
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return name;
  }
}

/** As findingsOf; a variable without a value is a finding, not an end. */
export function safeFindings(condition: Condition, exchange: Exchange, around: CheckContext): Finding[] {
  try {
    return findingsOf(condition, exchange, around);
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return [{ what: 'check', line: condition.at.line, expected: 'a value to compare with', actual: error.message }];
  }
}

/** What findings say, a sentence each. */
export function messagesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ what, expected, actual }) => `${what}: expected ${expected}, found ${actual}`);
}
