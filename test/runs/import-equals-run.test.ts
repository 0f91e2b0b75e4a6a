// A collection that is imported and run sends what Postman's own runtime sends of it, request by request; or the difference
// is among the losses that the import lists. The collections are generated: sign-in at three levels, addresses of every
// shape, each mode of a body, headers, variables.
import fc from 'fast-check';
import t from 'tap';
import { anyCollection } from '../scenario/convert/any-collection.js';
import { bothWays, recordingServer, type Sent } from '../scenario/convert/both-ways.js';
import { carried } from '../scenario/convert/scripts.js';
import { cases } from '../scenario/postman/collections.js';

t.setTimeout(300_000);

const seed = 20_261_127;

/** What differs, request by request, with what the import told of that request; `excused` where it told something. */
function differences(theirs: Sent[], ours: Sent[], losses: readonly string[]) {
  const items = [...new Set([...theirs, ...ours].map(({ item }) => item))];
  return items.flatMap((item) => {
    const of = (sent: Sent[]) => JSON.stringify(sent.filter((each) => each.item === item));
    if (of(theirs) === of(ours)) return [];
    const told = losses.filter((loss) => loss.startsWith(`"${item}": `));
    return [{ runtime: of(theirs), hwctl: of(ours), told }];
  });
}

t.test('generated collections: imported and run is run', async (t) => {
  const server = await recordingServer(t);
  let compared = 0;
  let told = 0;
  const property = fc.asyncProperty(anyCollection(server.url), async (collection) => {
    const { theirs, ours, losses, text } = await bothWays(collection, server);
    compared += theirs.length;
    const all = differences(theirs, ours, losses);
    const wrong = all.filter((each) => each.told.length === 0);
    told += all.length - wrong.length;
    if (process.env.SHOW_TOLD) for (const each of all.filter((each) => each.told.length > 0)) console.error(each);
    if (wrong.length > 0) throw new Error(`${JSON.stringify(wrong, null, 1)}\n${process.env.SHOW ? text : ''}`);
  });
  await fc.assert(property, { seed, numRuns: Number(process.env.RUNS ?? 25), endOnFailure: true });
  t.comment(`seed ${seed}: ${compared} requests, ${told} of them differ as the import told`);
  t.ok(compared > 200, `${compared} requests compared`);
});

/** What was sent, random values replaced: each run has its own. */
const fixed = (sent: Sent[]) => JSON.stringify(sent).replace(/[\da-f]{8}-[\da-f-]{27}|(?<=n=)\d+/g, 'RANDOM');

t.test('collections at hand: imported and run is run', async (t) => {
  const server = await recordingServer(t);
  for (const each of cases) {
    const { name } = each.collection.info as { name: string };
    const variable = [
      { key: 'base', value: server.url },
      ...((each.collection.variable as object[] | undefined) ?? []),
    ];
    const { theirs, ours, losses } = await bothWays({ ...each.collection, variable }, server);
    const wrong = fixed(theirs) === fixed(ours) ? [] : [theirs, ours];
    t.ok(wrong.length === 0 || losses.length > 0, name, { wrong, losses });
  }
});

t.test('tests that are carried over pass and fail as they do in the runtime', async (t) => {
  const server = await recordingServer(t);
  const item = carried.map(({ script }, i) => ({
    name: `r${i}`,
    event: [{ listen: 'test', script: { exec: script.split('\n') } }],
    request: { method: 'GET', url: `${server.url}/`, header: [{ key: 'X-Item', value: `r${i}` }] },
  }));
  const { failed, losses } = await bothWays({ info: { name: 'scripts' }, item }, server);
  t.same(losses, []);
  for (const [i, { script }] of carried.entries())
    t.equal(failed.ours.has(`r${i}`), failed.theirs.has(`r${i}`), script, { fails: failed.theirs.has(`r${i}`) });
});
