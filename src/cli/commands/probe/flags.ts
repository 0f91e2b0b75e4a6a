import { header } from '../load/values.js';
import { connectionOptions } from '../options/connection-options.js';
import { mandatory, type OptionsOf, option, repeated } from '../options/option.js';
import { scenarioOptions } from '../options/scenario-options.js';
import { targetOptions } from '../options/target-options.js';
import { count, duration, milliseconds, name } from '../options/values.js';
import { body, fieldPath, headerName, jsonPath, keyTemplate, readingLine } from './values.js';

/** The flags of `hwctl probe idempotency`. */
export const idempotencyOptions = {
  effects: mandatory('--effects <request>', 'the GET that shows what the request does, to be judged by', readingLine),
  effectsCount: option('--effects-count <jsonpath>', 'the number, or the list, that counts there', jsonPath),
  header: option('--header <name>', 'the key is in this header (default Idempotency-Key)', headerName),
  field: option('--field <member>', 'the key is in this field of the body, dotted or as a JSON Pointer', fieldPath),
  ifMatch: option('--if-match <request>', 'the key is the ETag of this GET, in If-Match', readingLine),
  keyTemplate: option('--key-template <template>', 'what keys look like', keyTemplate, '{{$uuid}}'),
  body: option('-d, --body <text>', 'the request’s body, JSON or another text, or @FILE', body),
  otherBody: option('--other-body <text>', 'another body that is valid, too (default: one value is changed)', body),
  addHeader: repeated('-H, --add-header <header>', "a header of every request, 'Name: value'; several times", header),
  setup: option('--setup <scenario>', 'a scenario that is run before: its cookies and variables are used', name),
  var: scenarioOptions.var,
  duplicates: option('--duplicates <n>', 'requests at once', count(2, 200, 20), '20'),
  rounds: option('--rounds <n>', 'how often each race is run: not each is won', count(1, 20, 3), '3'),
  kill: option('--kill <service>', 'kill this workload of what is up in the midst of a request', name),
  settle: option(
    '--settle <duration>',
    'effects have come to rest when nothing changed for so long',
    duration,
    '500ms',
  ),
  within: option('--within <duration>', 'how long an answer or an effect is waited for', duration, '10s'),
  timeoutRequest: option('--timeout-request <ms>', 'for one request', milliseconds, '30s'),
  ...connectionOptions,
  ...targetOptions,
};

/** What `idempotencyOptions` give. */
export type IdempotencyOptions = OptionsOf<typeof idempotencyOptions> & { json?: boolean };
