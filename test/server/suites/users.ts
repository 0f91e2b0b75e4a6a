import type { Test } from 'tap';
import type { Platform } from '../platform.js';

/** users' literal contract. */
export async function usersSuite(t: Test, { send }: Platform): Promise<void> {
  await t.test('creates, reads, updates, deletes', async (t) => {
    t.match((await send('GET', '/user/1')).json, { id: 1, username: String }, 'the record of the migration');
    const created = await send('POST', '/user', { body: { username: 'bob', email: 'bob@example.org' } });
    t.equal(`${created.status} ${created.text}`, '200 user created');
    const path = String(created.headers.location);
    t.match((await send('GET', path)).json, { username: 'bob', email: 'bob@example.org', phone: null });
    const updated = await send('PUT', path, { body: { phone: '123' } });
    t.equal(`${updated.status} ${updated.text}`, '200 user updated');
    t.match((await send('GET', path)).json, { username: 'bob', phone: '123' });
    const deleted = await send('DELETE', path);
    t.equal(`${deleted.status} ${deleted.text}`, '200 user deleted');
    for (const method of ['GET', 'DELETE'])
      t.match(await send(method, path), { status: 500, text: 'internal server error' });
    t.match(await send('PUT', path, { body: { phone: '1' } }), { status: 500, text: 'internal server error' });
  });

  await t.test('says internal server error to whatever it cannot process', async (t) => {
    for (const raw of ['{', '{}', '[]', '{"username":7}', `{"username":"${'x'.repeat(300)}"}`])
      t.match(await send('POST', '/user', { raw }), { status: 500, text: 'internal server error' }, raw.slice(0, 20));
    for (const id of ['x', '0', '99999999999999999999'])
      t.match(await send('GET', `/user/${id}`), { status: 500, text: 'internal server error' }, id);
  });
}
