import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SqliteStore } from '../../../src/server/store/sqlite.js';

t.test('databases are for their owner alone, those of an older release too', async (t) => {
  const file = join(t.testdir(), 'data', 'auth.db');
  const open = async () => {
    const store = new SqliteStore({ file, synchronous: 'NORMAL' });
    store.migrate([{ name: 'a', statements: ['CREATE TABLE IF NOT EXISTS a (b)'] }]);
    for (const path of [file, `${file}-wal`, `${file}-shm`]) t.equal(statSync(path).mode & 0o777, 0o600, path);
    await store.close();
  };
  await open();
  chmodSync(file, 0o644);
  await open();
});

t.test('what is no database is named', async (t) => {
  const file = join(t.testdir(), 'auth.db');
  writeFileSync(file, 'x'.repeat(5_000));
  t.throws(() => new SqliteStore({ file, synchronous: 'NORMAL' }), { message: /auth\.db: file is not a database/ });
});
