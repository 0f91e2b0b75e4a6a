/** A value that is not there, as opposed to null. */
export const absent = Symbol('absent');

/** A value in a message: JSON, cut at 200 characters. */
export function show(value: unknown): string {
  if (value === absent || value === undefined) return 'nothing';
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
