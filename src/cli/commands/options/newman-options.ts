/** Options of newman 6 that `hwctl test` does not have, without values: what does the same here, or why nothing does. */
const instead: Readonly<Record<string, string>> = {
  '--bail': 'Use --bail alone: it ends at the first failure, as newman does with --bail failure',
  '--color': 'Set NO_COLOR=1 for none, or FORCE_COLOR=1 for colours where no terminal reads',
  '--cookie-jar': 'No counterpart: each run starts with no cookies. Let a request of the collection sign in',
  '--disable-unicode': 'Use -r tap, whose marks are plain words: ok and not ok',
  '--export-collection': 'No counterpart: a run does not change the collection. --har FILE holds what was sent',
  '--export-cookie-jar': 'No counterpart: cookies end with the run. --har FILE holds those that were set, masked',
  '--export-environment': 'No counterpart: variables end with the run. console.log in a script shows one',
  '--export-globals': 'No counterpart: variables end with the run. console.log in a script shows one',
  '--postman-api-key': 'No counterpart: hwctl test reads files. Export the collection from Postman, and give its path',
  '--silent': 'Use -r json=FILE with >/dev/null: the exit code says whether it passed',
  '--ssl-client-cert-list': 'Use --cert FILE and --key FILE: one certificate for a run',
  '--verbose': 'Use --debug, which prints every exchange',
};

/** `--reporter-json-export`, and whatever else a reporter of newman takes. */
const reporterOption = /^--reporter-(?:([a-z]+)-export$|)/;

/** The cure for an option of newman that `hwctl test` does not know; undefined for one that newman does not have either. */
export function newmanCounterpart(option: string): string | undefined {
  if (Object.hasOwn(instead, option)) return instead[option];
  const reporter = reporterOption.exec(option);
  if (reporter === null) return undefined;
  const [, name] = reporter;
  if (name === undefined) return 'No counterpart: reporters take no options but -r NAME=FILE';
  return `Use -r ${name}=FILE: it writes that report to the file`;
}
