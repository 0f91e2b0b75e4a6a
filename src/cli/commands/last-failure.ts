import { readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { makeFolders } from '../kernel/folders.js';
import { replaceFile } from '../kernel/replacement.js';
import { isSecretName, placeholder } from '../kernel/secrets.js';
import { stateHome } from '../kernel/state-home.js';
import type { Context } from './context/context.js';
import { withoutSecrets } from './context/failure-text.js';
import { maskedCommandLine } from './load/command-line.js';

/** The last failure, as it is kept for `hwctl explain`: what was told, without secrets and bounded. */
export interface KeptFailure {
  /** RFC 3339. */
  at: string;
  command: string[];
  code: string;
  message: string;
  hint?: string;
  details: string[];
  exitCode: number;
}

const mostDetails = 100;
const mostWords = 200;
const longestText = 2_000;
const mostBytes = 1024 * 1024;

type Place = Pick<Context, 'env'>;

function fileOf({ env }: Place): string {
  return join(stateHome(env), 'last-failure.json');
}

/** Keeps a failure in place of the one before. Where that cannot be written, the one before is all there is. */
export function keepFailure(failure: Failure, { argv, env, clock }: Pick<Context, 'argv' | 'env' | 'clock'>): void {
  const { code, message, hint, details, exitCode } = withoutSecrets(failure);
  const more = details.length - mostDetails;
  const kept: KeptFailure = {
    at: new Date(clock.now()).toISOString(),
    command: maskedCommandLine(argv.slice(0, mostWords)).map(withoutSecretValue).map(shortened),
    code,
    message: shortened(message),
    ...(hint === undefined ? {} : { hint: shortened(hint) }),
    details: [...details.slice(0, mostDetails).map(shortened), ...(more > 0 ? [`and ${more} more`] : [])],
    exitCode,
  };
  try {
    const path = fileOf({ env });
    makeFolders(dirname(path));
    replaceFile(path, JSON.stringify(kept), { mode: 0o600 });
  } catch {
    // Whoever cannot be helped twice was told once.
  }
}

/** The failure that is kept; undefined where none is, or none that can be read. */
export function keptFailure(place: Place): KeptFailure | undefined {
  try {
    const text = readFileSync(fileOf(place), 'utf8');
    const kept = text.length > mostBytes ? undefined : (JSON.parse(text) as Partial<KeptFailure> | null);
    const isOurs =
      [kept?.at, kept?.code, kept?.message].every((each) => typeof each === 'string') &&
      [kept?.command, kept?.details].every(isTexts) &&
      ['string', 'undefined'].includes(typeof kept?.hint) &&
      !Number.isNaN(Date.parse(kept?.at ?? ''));
    return isOurs ? (kept as KeptFailure) : undefined;
  } catch {
    return undefined;
  }
}

/** After everything was taken down nothing of hwctl is left, this file neither. */
export function forgetFailure(place: Place): void {
  try {
    rmSync(fileOf(place), { force: true });
    rmdirSync(dirname(fileOf(place)));
  } catch {
    // Not empty, or not there: both are fine.
  }
}

/** The failure again, for whoever shows failures. */
export function asFailure({ code, message, hint, details, exitCode }: KeptFailure): Failure {
  return new Failure({ code, message, hint, details, exitCode });
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** `--var password=x`, `password=x`. */
function withoutSecretValue(word: string): string {
  const [, head, name = ''] = /^((?:--[\w-]+=)?([\w.-]+)=)./s.exec(word) ?? [];
  return head !== undefined && isSecretName(name) ? `${head}${placeholder}` : word;
}

function shortened(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}
