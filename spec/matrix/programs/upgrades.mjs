import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { kapacitorAuth } from 'kapacitor-auth';
import { serve } from './served.mjs';

const admin = { name: 'admin', password: 'adminPassword' };
const auth = kapacitorAuth({ auth: { store: 'memory:', bcryptCost: 4, admin } });
await auth.ready;
await auth.users.create({ name: 'jane', password: 'janePassword', permissions: ['api'] });
await auth.users.create({ name: 'kim', password: 'kimPassword' });
const { server, port, close } = await serve(auth);
server.on('upgrade', async (req, socket) => {
  const user = await auth.authorizeUpgrade(req, socket);
  if (user) socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: hello\r\n\r\n${user.name}`);
});

assert.match(await upgrade(), /^HTTP\/1\.1 401 /);
assert.match(await upgrade('kim:kimPassword'), /^HTTP\/1\.1 403 /);
assert.match(await upgrade('jane:janePassword'), /^HTTP\/1\.1 101 .+\r\n\r\njane$/s);
await close();

/** The whole answer to a request for another protocol. */
async function upgrade(credentials) {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  const authorization = credentials === undefined ? '' : `Authorization: Basic ${btoa(credentials)}\r\n`;
  socket.write(
    `GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: hello\r\n${authorization}\r\n`,
  );
  await once(socket, 'close');
  return answer;
}
