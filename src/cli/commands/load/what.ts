import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isTestRun } from '../../k6/is-test-run.js';
import { Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import { shownUrl } from '../../kernel/secrets.js';
import { listProfiles } from '../../load/plan/profile.js';
import { isCollection } from '../../scenario/postman/is-collection.js';
import type { Context } from '../context/context.js';
import { meansSomething } from '../options/option-meanings.js';
import { readValue } from '../options/value-kind.js';
import { url as urlKind } from '../options/values.js';

/** What the words behind `hwctl load` name. */
export interface LoadWords {
  profile?: string;
  /** A k6 script, or a TestRun that names one. */
  script?: string;
  /** A locustfile. */
  locust?: string;
  /** A Postman collection. */
  collection?: string;
  url?: string;
}

interface Given {
  url?: string;
  profile?: string;
  target?: string;
}

/**
 * Tells a URL from a profile among the words of `hwctl load`; a profile and the URL that it is to load may stand side by
 * side. Throws Failure for what is neither, with the command that was meant.
 */
export function readLoadWords(words: readonly string[], given: Given, context: Context): LoadWords {
  refuseClusterName(given, context);
  const isUrl = (word: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(word);
  const urls = words.filter(isUrl);
  const profiles = words.filter((word) => !isUrl(word));
  if (given.url !== undefined) urls.push(given.url);
  if (urls.length > 1 || profiles.length > 1) {
    const what = urls.length > 1 ? ['servers', urls.map(shownUrl)] : ['profiles', profiles];
    throw new Failure({
      code: 'conflict',
      message: `a load has one profile and one URL, and here are ${urls.length > 1 ? urls.length : profiles.length} ${what[0]}: ${(what[1] as string[]).join(', ')}`,
      hint: 'hwctl load URL, hwctl load PROFILE, or hwctl load PROFILE URL',
    });
  }
  const [profile] = profiles;
  const kind = profile === undefined ? 'profile' : fileOf(profile, context);
  const [url] = urls;
  return {
    [kind]: profile,
    url: url === undefined ? undefined : readValue(urlKind, 'URL', url, context, 'hwctl load'),
  };
}

/** `--profile` names a cluster in every command that knows a target; where it names a load's profile that was meant. */
function refuseClusterName({ profile, target }: Given, { root, cwd }: Context): void {
  if (profile === undefined || meansSomething('profile', target)) return;
  const isOurs = listProfiles(root).some(({ name }) => name === profile);
  const isFile = /\.ya?ml$/.test(profile) && existsSync(resolve(cwd, profile));
  if (!isOurs && !isFile) return;
  throw new Failure({
    code: 'profile-flag',
    message: `--profile names a cluster, and ${JSON.stringify(profile)} is a profile of a load`,
    hint: `hwctl load ${profile}`,
  });
}

/** Whether a word names a script; of a file that is neither that nor a profile, but something else that hwctl knows, says what to do with it. */
function fileOf(word: string, { cwd }: Context): 'script' | 'locust' | 'collection' | 'profile' {
  const isFile = /[\\/]|\.[a-z]+$/i.test(word) || existsSync(resolve(cwd, word));
  if (!isFile) {
    if (!/^[\w.-]+:\d+$/.test(word)) return 'profile';
    throw new Failure({
      code: 'bad-url',
      message: `${JSON.stringify(word)} is no profile, and a URL begins with its scheme`,
      hint: `hwctl load http://${word}`,
    });
  }
  const path = resolve(cwd, word);
  // A URL without its scheme: `127.0.0.1:8080/health`, `shop.test/price`.
  const isHost = /^(\[[0-9a-f:.]+\]|localhost|[\w-]+(\.[\w-]+)+)(:\d+)?(\/|$)/i.test(word);
  if (isHost && !existsSync(path) && !/\.(ya?ml|json|har|js|ts|py)$/i.test(word)) {
    throw new Failure({
      code: 'bad-url',
      message: `${JSON.stringify(shownUrl(word))} is neither a file nor a URL: a URL begins with its scheme`,
      hint: `hwctl load http://${shownUrl(word)}`,
    });
  }
  const hint = 'Give the path of a load profile (YAML), the name of a built-in one, or a URL';
  const text = readText(path, { shown: word, hint });
  if (/\.[cm]?[jt]s$/.test(word)) return 'script';
  if (/\.py$/.test(word)) return 'locust';
  if (/\.ya?ml$/.test(word) && isTestRun(text)) return 'script';
  if (isCollection(text)) return 'collection';
  const kind = kindOf(word, text);
  if (kind === undefined) return 'profile';
  throw new Failure({
    code: 'not-a-profile',
    message: `${word} is ${kind.what}, and hwctl load runs a URL, a load profile (YAML) or a scenario`,
    hint: kind.hint(word),
  });
}

interface OtherFile {
  what: string;
  hint(word: string): string;
}

const asScenario = (word: string) =>
  `hwctl scenario import ${word} -o scenario.yaml, then hwctl load --scenario ./scenario.yaml`;

/** What a file is by its name and content; undefined for a profile and for what is not known. */
function kindOf(file: string, text: string): OtherFile | undefined {
  const has = (field: string) => new RegExp(`^(?:[{\\s]*)["']?${field}["']?\\s*:`, 'm').test(text);
  if (/\.ya?ml$/.test(file)) {
    if (has('openapi') || has('swagger')) return { what: 'an OpenAPI document', hint: asScenario };
    if (!has('arrivals') && has('steps')) {
      return { what: 'a scenario', hint: (word) => `hwctl load --scenario ${word}` };
    }
    return undefined;
  }
  const data = parsed(text);
  if (data === undefined) return undefined;
  if (data.log !== undefined) return { what: 'a recording of a browser (HAR)', hint: asScenario };
  if (data.openapi !== undefined || data.swagger !== undefined)
    return { what: 'an OpenAPI document', hint: asScenario };
  if (String(data.schema).startsWith('hwctl.dev/load-result')) {
    return { what: 'the result of a load', hint: (word) => `hwctl load compare EARLIER.json ${word}` };
  }
  return { what: 'a JSON file', hint: () => 'hwctl load --help shows what it takes' };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return data !== null && typeof data === 'object' ? (data as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
