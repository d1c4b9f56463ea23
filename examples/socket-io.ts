import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { kapacitorAuth, type User } from 'kapacitor-auth';
import { Server } from 'socket.io';

const auth = kapacitorAuth('kapacitor.conf');
await auth.ready;

const server = createServer();
const io = new Server(server, {
  // A browser sends the user's credentials with the WebSockets of other sites as well. Clients without Origin are no browsers.
  allowRequest: ({ headers: { origin, host } }, decide) => {
    decide(null, origin === undefined || (URL.canParse(origin) && new URL(origin).host === host));
  },
});

// Runs for each request of a handshake, for polling and for WebSockets. It decides about the path /socket.io/.
io.engine.use(auth);

io.on('connection', (socket) => {
  const { user } = socket.request as IncomingMessage & { readonly user: User };
  socket.emit('hello', user.name);
  // The user is asked for again, because a connection lives long, and the user may have changed meanwhile.
  socket.on('report', async (answer: (report: string) => void) => {
    const current = await auth.users.get(user.name);
    answer(auth.can(current, 'GET', '/kapacitor/v1/reports') ? 'the report' : 'not allowed');
  });
});

server.listen(process.env['PORT'] ?? 9092, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
