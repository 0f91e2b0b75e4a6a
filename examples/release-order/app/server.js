// What the shop sells, from its database (PGHOST, PGDATABASE; POSTGRES_USER, POSTGRES_PASSWORD).
import { createServer } from 'node:http';
import pg from 'pg';

const { POSTGRES_USER, POSTGRES_PASSWORD, PORT = '8000' } = process.env;
const pool = new pg.Pool({ user: POSTGRES_USER, password: POSTGRES_PASSWORD, max: 4 });
pool.on('error', (error) => console.error(error.message));

async function answer({ method, url }, body) {
  const { pathname } = new URL(url, 'http://localhost');
  if (pathname === '/health') return [200, { status: 'OK' }];
  if (pathname === '/items' && method === 'GET') {
    const { rows } = await pool.query('SELECT id::int, name, price FROM items ORDER BY id LIMIT 50');
    return [200, rows];
  }
  if (pathname === '/items' && method === 'POST') {
    const { name, price } = JSON.parse(body);
    const { rows } = await pool.query(
      'INSERT INTO items (name, price) VALUES ($1, $2) RETURNING id::int, name, price',
      [name, price],
    );
    return [201, rows[0]];
  }
  const id = /^\/items\/(\d{1,9})$/.exec(pathname)?.[1];
  if (id === undefined) return [404, { error: 'not found' }];
  const { rows } = await pool.query('SELECT id::int, name, price FROM items WHERE id = $1', [id]);
  return rows.length === 0 ? [404, { error: 'no such item' }] : [200, rows[0]];
}

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const [status, value] = await answer(request, body).catch((error) => [500, { error: error.message }]);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
});
server.listen(Number(PORT));
process.on('SIGTERM', () => server.close());
