import t from 'tap';
import { imported, wholeCollection, wholeHar, wholeOpenApi } from '../../scenario/convert/imported.js';

t.setTimeout(120_000);

/** Each document that has one value replaced, with the path of that value. */
function* mutants(document: unknown): Generator<[path: string, mutant: unknown]> {
  const paths: (string | number)[][] = [];
  const gather = (value: unknown, path: (string | number)[]) => {
    if (path.length > 0) paths.push(path);
    if (value !== null && typeof value === 'object')
      for (const key of Object.keys(value)) gather((value as Record<string, unknown>)[key], [...path, key]);
  };
  gather(document, []);
  // Two of five a value: each kind of wrong meets each kind of place, in seconds.
  const bads = [null, 5, '{{x}}\n{{', [null, 5], {}];
  for (const [i, path] of paths.entries())
    for (const bad of [bads[i % 5], bads[(i + 2) % 5]]) {
      const mutant = structuredClone(document) as Record<string, unknown>;
      let at = mutant;
      for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
      at[path.at(-1)!] = bad;
      yield [`${path.join('.')} = ${JSON.stringify(bad)}`, mutant];
    }
}

for (const [name, document] of Object.entries({ har: wholeHar, openApi: wholeOpenApi, collection: wholeCollection })) {
  t.test(`${name}: a wrong value anywhere is refused or left out`, async (t) => {
    const whole = await imported(document);
    t.equal(whole.refused, '');
    const wrong: string[] = [];
    let tried = 0;
    for (const [what, mutant] of mutants(document)) {
      tried++;
      await imported(mutant).catch((error: Error) => wrong.push(`${what}: ${error.message}`));
    }
    t.same(wrong, []);
    t.ok(tried > 40, `${tried} documents`);
  });
}
