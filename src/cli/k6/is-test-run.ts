/** Whether a YAML text holds a TestRun. */
export function isTestRun(text: string): boolean {
  return /^\s*apiVersion:\s*["']?k6\.io\//m.test(text) && /^\s*kind:\s*["']?(TestRun|K6)\b/m.test(text);
}
