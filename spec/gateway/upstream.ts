import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { serve } from '../support/server.js';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server without authentication, which keeps what came through to it. */
export async function startUpstream() {
  const received: Received[] = [];
  const server = await serve(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    received.push({ method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() });
    res.setHeader('X-Upstream', 'yes');
    res.end('from the upstream');
  });
  return { url: server.url, received, close: server.close };
}

/** A server of WebSockets without authentication, which sends each message back, and keeps the handshakes. */
export async function startEcho() {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const handshakes: IncomingMessage[] = [];
  sockets.on('connection', (socket: WebSocket, req: IncomingMessage) => {
    handshakes.push(req);
    socket.on('message', (message) => socket.send(`echo: ${String(message)}`));
  });
  await new Promise((resolve) => sockets.once('listening', resolve));
  onTestFinished(async () => {
    for (const client of sockets.clients) client.terminate();
    await new Promise((resolve) => sockets.close(resolve));
  });
  const { port } = sockets.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, handshakes };
}

/** A server that keeps the bytes of each connection, and gives each the same answer once. */
export async function startRaw(answer: string) {
  const connections: { readonly socket: Socket; text: string }[] = [];
  const server = createServer((socket) => {
    const connection = { socket, text: '' };
    connections.push(connection);
    socket.setEncoding('latin1').on('error', () => {});
    socket.on('data', (chunk: string) => {
      const isFirst = connection.text === '';
      connection.text += chunk;
      if (isFirst) socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const { socket } of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections };
}
