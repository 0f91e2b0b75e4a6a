/** Ends the process once what was written to stdout has left it: a pipe takes what it holds, and the rest later. */
export function exitDrained(code) {
  process.stdout.write('', () => process.exit(code));
}
