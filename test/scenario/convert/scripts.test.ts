// Scripts of a collection, as they are carried over: what is parsed as JavaScript, and only that, becomes checks and captures.
import t from 'tap';
import { fromPostman } from '../../../src/cli/scenario/convert/postman/from-postman.js';
import { captured, carried, lost, type ScriptCase } from './scripts.js';

type Step = { check?: unknown[]; capture?: Record<string, unknown>; set?: Record<string, unknown> };

async function read(script: string, listen = 'test') {
  const item = { name: 'r', event: [{ listen, script: { exec: script.split('\n') } }], request: 'http://server/' };
  const { draft, losses } = await fromPostman({ info: { name: 'x' }, item: [item] });
  return { step: draft.steps[0] as Step, losses };
}

for (const [name, list] of Object.entries({ carried, captured, lost }))
  t.test(name, async (t) => {
    for (const each of list as ScriptCase[]) {
      const { step, losses } = await read(each.script);
      const console = /console/.test(each.script) ? 1 : 0;
      const found = { checks: step.check?.length ?? 0, captures: step.capture ?? {}, lost: losses.length - console };
      t.same(found, { checks: each.checks, captures: each.captures ?? {}, lost: each.lost ?? 0 }, each.script, {
        step,
        losses,
      });
    }
  });

t.test('before the request', async (t) => {
  const { step, losses } = await read(
    "pm.environment.set('a', 'x{{$guid}}'); pm.variables.set('b', Date.now()); postman.setGlobalVariable('c', 5);" +
      " pm.collectionVariables.set('d', pm.variables.replaceIn('{{a}}-{{$randomInt}}')); pm.environment.set('e', Math.random());",
    'prerequest',
  );
  t.same(step.set, { a: 'x{{$uuid}}', b: '{{$timestampMs}}', c: 5, d: '{{a}}-{{$int}}' });
  t.same(losses, [`"r": of the prerequest script: pm.environment.set('e', Math.random());`]);
});

t.test('scripts of folders and of the collection are those of each request', async (t) => {
  const event = (exec: string) => [{ listen: 'test', script: { exec } }];
  const { draft, losses } = await fromPostman({
    info: { name: 'x' },
    event: event("pm.test('collection', () => pm.response.to.be.ok); pm.sendRequest('http://x');"),
    item: [
      {
        name: 'F',
        event: event("pm.test('folder', () => pm.response.to.be.ok);"),
        item: [{ name: 'r', event: event("pm.test('own', () => pm.response.to.be.ok);"), request: 'http://server/' }],
      },
    ],
  });
  const [folder] = draft.steps as unknown as [{ steps: [{ check: { name: string }[] }] }];
  t.same(
    folder.steps[0].check.map(({ name }) => name),
    ['collection', 'folder', 'own'],
  );
  t.same(losses, [`"r": of the test script of "x": pm.sendRequest('http://x');`]);
});

t.test('a scope below one that is set is not seen', async (t) => {
  const script = "pm.environment.set('a', pm.response.json().id); pm.globals.set('a', pm.response.json().name);";
  const { step, losses } = await read(script);
  t.same(step.capture, { a: '$.id' });
  t.same(losses, [`"r": of the test script: pm.globals.set('a', pm.response.json().name);`]);
});
