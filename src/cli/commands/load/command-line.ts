import { placeholder, shownUrl } from '../../kernel/secrets.js';
import { Mask } from '../../scenario/tell/mask.js';

const headerFlags = new Set(['--header', '--add-header', '-H']);
const secretFlags = new Set(['--passphrase', '--ssl-client-passphrase']);
const bodyFlags = new Set(['--body', '--other-body', '--data', '-d']);
/** A URL or a path, alone or after `--flag=`: its parameters may hold blanks and quotes. */
const urlWord = /^(--[\w-]+=)?((?:[a-z][a-z0-9+.-]*:\/\/|\/).*)$/is;
const attached = /^(--header|--add-header|--body|--other-body|--data)=(.*)$|^(-H|-d)(.+)$/s;

/**
 * The words of a command line as a report may show them: values of headers that sign in, secrets of queries and bodies and
 * passwords of URLs are masked. `hwctl` stands first.
 */
export function maskedCommandLine(argv: readonly string[]): string[] {
  const mask = new Mask([]);
  const wordsOf = (flag: string, value: string): string => {
    if (bodyFlags.has(flag)) return mask.body(value);
    const colon = value.indexOf(':');
    if (colon < 0) return mask.text(value);
    const name = value.slice(0, colon).trim();
    return `${value.slice(0, colon)}: ${mask.header(name, value.slice(colon + 1).trim())}`;
  };
  const words = argv.map((word, i) => {
    const before = argv[i - 1] ?? '';
    if (secretFlags.has(before)) return placeholder;
    const [flag = ''] = word.split('=', 1);
    if (secretFlags.has(flag)) return word === flag ? word : `${flag}=${placeholder}`;
    if (headerFlags.has(before) || bodyFlags.has(before)) return wordsOf(before, word);
    const match = attached.exec(word);
    if (match === null) return mask.text(word.replace(urlWord, (_, flag = '', url) => `${flag}${shownUrl(url)}`));
    const [, long, longValue = '', short, shortValue = ''] = match;
    return long === undefined ? `${short}${wordsOf(short!, shortValue)}` : `${long}=${wordsOf(long, longValue)}`;
  });
  return ['hwctl', ...words];
}
