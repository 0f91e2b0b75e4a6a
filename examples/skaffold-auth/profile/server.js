// The profile of whoever asks: the Ingress says who it is.
import { createServer } from 'node:http';

const profiles = new Map();

const server = createServer(async (request, response) => {
  const send = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (request.url === '/health') return send(200, { status: 'OK' });
  const id = request.headers['x-user-id'];
  if (id === undefined) return send(401, { error: 'nobody' });
  if (request.method === 'PUT') {
    let text = '';
    for await (const chunk of request) text += chunk;
    profiles.set(id, JSON.parse(text));
  }
  send(200, { id, login: request.headers['x-user-name'], ...profiles.get(id) });
});
server.listen(Number(process.env.PORT ?? 8000));
process.on('SIGTERM', () => server.close());
