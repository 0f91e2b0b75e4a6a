/** Text that holds no reference: where it has two braces, the format gets a template that makes them. */
export function literal(text: string): string {
  return text.replaceAll('{{', '{{$repeat({,2)}}');
}

/** As `literal`, for all texts of a value. */
export function literalValue(value: unknown): unknown {
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return value.map(literalValue);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [literal(key), literalValue(each)]));
}
