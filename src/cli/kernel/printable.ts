const controls = /[\u0000-\u001f\u007f-\u009f]/g;

/** Control characters would act on a terminal: they are shown as their pictures (U+2400 block). Line ends and tabs stay. */
export function printable(text: string): string {
  return text.replace(controls, (char) => ('\n\r\t'.includes(char) ? char : picture(char)));
}

/** As `printable`, for what must stay on its line: a name, a title. */
export function oneLine(text: string): string {
  return text.replace(controls, picture);
}

function picture(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}
