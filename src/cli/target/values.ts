/** Reads `--set` and `--values`. */
export async function readValues(
  _options: { set?: string[]; values?: string[] },
  _cwd: string,
): Promise<Record<string, unknown>> {
  return {};
}
