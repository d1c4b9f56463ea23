import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { KapacitorAuth, UpgradeOptions, User } from 'kapacitor-auth';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { basic } from './server.js';

export interface Handshake {
  readonly method?: string;
  readonly path?: string;
  /** `name:password`. */
  readonly auth?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server of WebSockets, and what came of the upgrades it was asked for. */
export interface UpgradeServer {
  readonly server: Server;
  readonly port: number;
  /** The outcome of each upgrade, in order. */
  readonly outcomes: (User | undefined)[];
  /** The requests whose connections are open. */
  readonly opened: IncomingMessage[];
  /** Asks for a WebSocket, and gives everything that the server sends until it closes, or says hello. */
  ask(handshake?: Handshake): Promise<string>;
  /** A connection on which the request for a WebSocket has been sent. */
  begin(handshake?: Handshake): Socket;
}

/** Serves WebSockets that say hello to their users, until the test is over. */
export async function serveUpgrades(auth: KapacitorAuth, options?: UpgradeOptions): Promise<UpgradeServer> {
  const server = createServer((_req, res) => res.end('no upgrade'));
  const sockets = new WebSocketServer({ noServer: true });
  const outcomes: (User | undefined)[] = [];
  const opened: IncomingMessage[] = [];
  sockets.on('connection', (socket: WebSocket, req: IncomingMessage) => {
    opened.push(req);
    socket.send(`hello, ${(req as { user?: User }).user?.name}`);
  });
  server.on('upgrade', async (req, socket, head) => {
    const user = await auth.authorizeUpgrade(req, socket, options);
    outcomes.push(user);
    if (!user) return;
    sockets.handleUpgrade(req, socket, head, (webSocket) => sockets.emit('connection', webSocket, req));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const begin = (handshake: Handshake = {}) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(handshakeText(handshake));
    onTestFinished(() => {
      socket.destroy();
    });
    return socket;
  };
  return { server, port, outcomes, opened, begin, ask: (handshake) => answerOn(begin(handshake)) };
}

/** The bytes of a request for a WebSocket. */
export function handshakeText({ method = 'GET', path = '/stream', auth, headers = {} }: Handshake): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(auth !== undefined && { Authorization: basic(auth) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

async function answerOn(socket: Socket): Promise<string> {
  socket.on('data', (chunk: Buffer) => {
    if (chunk.includes('hello, ')) socket.end();
  });
  const answer = await text(socket);
  socket.end();
  return answer;
}
