import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import express from 'express';

/**
 * Serves an app behind the guard on a free port. `whoami` below it answers with the user and the kind of the credential.
 *
 * @param {import('kapacitor-auth').KapacitorAuth} auth
 */
export async function serve(auth) {
  const app = express();
  app.use(auth);
  app.get('/whoami', (req, res) => res.json({ name: req.user.name, credential: auth.credentialOf(req)?.kind }));
  const server = createServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();

  /** Sends a request, with `name:password` or the value of an Authorization header. A body is sent as JSON. */
  async function send(method, path, { as, body, headers } = {}) {
    const authorization = as && { Authorization: as.startsWith('Bearer ') ? as : `Basic ${btoa(as)}` };
    const sent = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      headers: { ...authorization, ...headers },
    });
    sent.end(body && JSON.stringify(body));
    const [answer] = await once(sent, 'response');
    const text = await textOf(answer);
    return { status: answer.statusCode, headers: answer.headers, text, body: parse(text) };
  }

  /** Nothing of the package keeps the process alive afterwards. */
  async function close() {
    server.closeAllConnections();
    server.close();
    await auth.close();
  }

  return { server, port, send, close };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
