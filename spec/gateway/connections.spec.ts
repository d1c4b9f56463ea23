import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { Connections } from '../../lib/gateway/connections.js';
import { send } from '../support/server.js';
import { handshakeText } from '../support/upgrade.js';

const NEVER = 2 ** 31 - 1;

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A connection on which these bytes are sent, and everything that comes back until it is closed. */
function begin(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => {}).write(bytes);
  return new Promise((resolve) => text(socket).then(resolve, () => resolve('cut')));
}

it('draining waits for a running request, and not for the next one on its connection', async () => {
  let drained: Promise<void> | undefined;
  const server = createServer((_req, res) => {
    drained = connections.drain(NEVER);
    res.end('done');
  });
  const connections = new Connections(server);
  const port = await listening(server);
  expect(await begin(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(/done$/);
  await drained;
  await expect(send(port, { path: '/' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('draining waits no longer than its patience, whether for a request or for a WebSocket', async () => {
  let arrived: () => void = () => {};
  const upgraded = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const server = createServer(() => {});
  server.on('upgrade', () => arrived());
  const requested = new Promise<void>((resolve) => server.once('request', () => resolve()));
  const connections = new Connections(server);
  const port = await listening(server);
  const request = begin(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const webSocket = begin(port, handshakeText({}));
  await Promise.all([upgraded, requested]);
  await connections.drain(0);
  expect(await Promise.all([request, webSocket])).toEqual(['', '']);
});
