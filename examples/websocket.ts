import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { kapacitorAuth, type User } from 'kapacitor-auth';
import { type WebSocket, WebSocketServer } from 'ws';

const auth = kapacitorAuth('kapacitor.conf');
await auth.ready;

const app = express();
app.use(auth);
app.get('/', (req, res) => res.send(`Hello, ${req.user.name}`));

const server = createServer(app);
const sockets = new WebSocketServer({ noServer: true });

// An upgrade does not pass the middlewares of an app. Behind a proxy, give the app: authorizeUpgrade(req, socket, { app }).
server.on('upgrade', async (req, socket, head) => {
  const user = await auth.authorizeUpgrade(req, socket);
  if (!user) return;
  sockets.handleUpgrade(req, socket, head, (webSocket) => sockets.emit('connection', webSocket, req, user));
});

sockets.on('connection', (webSocket: WebSocket, req: IncomingMessage, user: User) => {
  webSocket.on('error', () => webSocket.terminate());
  webSocket.send(`Hello, ${user.name}: this is ${req.url}`);
});

server.listen(process.env['PORT'] ?? 9092, () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
