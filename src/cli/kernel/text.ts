import { randomBytes } from 'node:crypto';

/**
 * What strangers wrote (a server, a file, a cluster), made safe for the medium it goes to. Nothing reaches a stream or a
 * report's file but through one of these.
 *
 * What acts instead of being seen: C0, DEL and C1 controls (ECMA-48), line and paragraph separators, the controls of
 * bidirectional text (Unicode UAX 9; CVE-2021-42574), and halves of surrogate pairs, which no encoding has.
 */
const active =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const activeOrMarkup = new RegExp(`${active.source}|[&<>"']`, 'g');

/** Text on one line of a terminal: a name, a title, a message. What acts is shown as its picture (U+2400 block) or as U+FFFD. */
export function oneLine(text: string): string {
  return text.replace(active, picture);
}

/** As `oneLine` for a text of several lines, a body: line ends (LF, CR LF) and tabs stay. */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(active, (char) => (char === '\n' || char === '\t' ? char : picture(char)));
}

function picture(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}

/** A copy of a value in which each string, keys too, is on one line; those under a key of `bodies` may have several. */
export function shown<T>(value: T, bodies: readonly string[] = []): T {
  return copy(value, bodies, false) as T;
}

function copy(value: unknown, bodies: readonly string[], body: boolean): unknown {
  if (typeof value === 'string') return body ? printable(value) : oneLine(value);
  if (Array.isArray(value)) return value.map((each) => copy(each, bodies, body));
  // Histograms and other arrays of numbers hold no text.
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [oneLine(key), copy(each, bodies, bodies.includes(key))]),
  );
}

/** Nobody outside this process knows it: what carries it is ours. */
const secret = randomBytes(9).toString('base64url');
const mark = new RegExp(`\\u001b${secret}([\\d;]+)m`, 'g');

/** Text between two select-graphic-rendition codes (ECMA-48 8.3.117), marked as ours for `terminalText`. */
export function painted(text: string, open: number, close: number): string {
  return `\u001b${secret}${open}m${text}\u001b${secret}${close}m`;
}

/** The last step before a terminal, a pipe or a log: our own colours become escapes, and no other one passes. */
export function terminalText(text: string): string {
  const parts = text.split(mark);
  return parts.map((part, i) => (i % 2 === 1 ? `\u001b[${part}m` : printable(part))).join('');
}

/** Where a CI runner finds a command anywhere on a line: `##[error]` (GitHub), `##vso[...]` (Azure), `##teamcity[...]`. */
const runnerCommand = /##(?=\w*\[)/g;

/**
 * A JSON document that means the same and acts neither on a terminal that it is printed to nor on a CI runner. Throws
 * TypeError for what JSON cannot say.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent)
    .replace(active, (char) => (char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`))
    .replace(runnerCommand, '#\\u0023');
}

/** Text in XML 1.0, also in an attribute: references for what has a meaning or acts, U+FFFD for what XML forbids. */
export function xmlText(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(activeOrMarkup, (char) => (char === '\n' ? char : `&#${char.charCodeAt(0)};`))
    .replace(runnerCommand, '#&#35;');
}

/** Text in HTML, also in an attribute; what acts is shown. */
export function htmlText(text: string): string {
  return printable(text)
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(runnerCommand, '#&#35;');
}

/**
 * Text within a line of GitHub's Markdown, also in a cell of a table, as code: in code nothing of it is a mention, a link, an
 * image, a formula, emphasis or HTML. Where a code span could not hold it (a backquote, blanks at its ends) or readers of
 * tables do not agree (a pipe), each sign of ASCII is a reference within `<code>`.
 */
export function markdownCode(text: string): string {
  const line = oneLine(text);
  if (line !== '' && !/[`|]|^\s|\s$|##\w*\[/.test(line)) return `\`${line}\``;
  return `<code>${line.replace(/[!-/:-@[-`{-~]/g, (char) => `&#${char.charCodeAt(0)};`)}</code>`;
}

/** What GitHub makes links, pictures or formulas of, wherever it stands in a text and however it is escaped. */
const livesInMarkdown = /[@$]|#\w|:\/\/|www\.|:(?!\d\d:)[\w+-]+:|\bGH-\d/i;

/** A sentence within a line of GitHub's Markdown, as it is; one with an address or a mention in it stands as code. */
export function markdownText(text: string): string {
  const line = oneLine(text).trim();
  if (livesInMarkdown.test(line)) return markdownCode(line);
  return line
    .replace(/[&<>|\\]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/[`*_[\]~]/g, '\\$&')
    .replace(/^([-+=:#]|\d+[.)])/, (mark) => `${mark.slice(0, -1)}&#${mark.charCodeAt(mark.length - 1)};`);
}

/** Text of several lines as a block of code in Markdown; its fence is longer than any run of backquotes within. */
export function markdownBlock(text: string): string {
  const body = runnerText(printable(text), true);
  const longest = Math.max(2, ...(body.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${body}\n${fence}`;
}

/** A description or the reason of a directive in TAP 14: one line that begins no directive. */
export function tapText(text: string): string {
  return oneLine(text.trim()).replace(/[\\#]/g, '\\$&');
}

/** The message of a GitHub workflow command, which may have several lines. */
export function annotationText(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\n', '%0A');
}

/** A property of a GitHub workflow command. */
export function annotationProperty(text: string): string {
  return annotationText(oneLine(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * Text in the log of a CI runner: no line of it is a command, neither by `##` nor by `::` at its beginning (GitHub).
 * `atLineStart`: nothing but blanks stands before the text.
 */
export function runnerText(text: string, atLineStart: boolean): string {
  return text
    .replace(runnerCommand, '# #')
    .replace(/(^|\n)([^\S\n]*)::/g, (all, end: string, blanks: string) =>
      end === '' && !atLineStart ? all : `${end}${blanks}: :`,
    );
}
