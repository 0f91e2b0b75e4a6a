/** Whether a text is a Postman collection by what it says of itself, as exported or as Postman's API wraps it. */
export function isCollection(text: string): boolean {
  if (!/^\uFEFF?\s*\{/.test(text) && !/^\u00EF\u00BB\u00BF\s*\{/.test(text)) return false;
  if (/getpostman\.com\/json\/collection/.test(text)) return true;
  try {
    const json = JSON.parse(text) as { info?: unknown; item?: unknown; collection?: { info?: unknown } } | null;
    return (json?.info !== undefined && json.item !== undefined) || json?.collection?.info !== undefined;
  } catch {
    return false;
  }
}
