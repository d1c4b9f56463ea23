import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { basic } from '../support/server.js';
import { type Handshake, handshakeText } from '../support/upgrade.js';
import { startGateway } from './start.js';
import { startEcho, startRaw, startUpstream } from './upstream.js';

const PATH = '/kapacitor/v1/stream';
const API = { Authorization: basic('api:apiPassword') };

/** Asks for an upgrade, and gives everything that the gateway sends until it closes the connection. */
function ask(port: number, handshake: Handshake): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => {
    socket.destroy();
  });
  socket.write(handshakeText({ path: PATH, ...handshake }));
  socket.on('end', () => socket.end());
  return text(socket);
}

describe('a WebSocket through the gateway', () => {
  it('reaches the upstream, which is told the user and no password', async () => {
    const upstream = await startEcho();
    const gateway = await startGateway(upstream.url);
    const headers = { ...API, 'X-Forwarded-User': 'root', X_Forwarded_User: 'root', 'X-Forwarded-For': '192.0.2.1' };
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${PATH}?limit=1`, { headers });
    const answer = await new Promise((resolve, reject) => {
      socket.on('error', reject).on('open', () => socket.send('hello'));
      socket.on('message', (message) => resolve(String(message)));
    });
    expect(answer).toBe('echo: hello');
    const [handshake] = upstream.handshakes;
    expect(handshake?.url).toBe(`${PATH}?limit=1`);
    expect(handshake?.headers).toMatchObject({ 'x-forwarded-user': 'api', 'x-forwarded-for': '127.0.0.1' });
    expect(handshake?.headers).not.toHaveProperty('authorization');
    expect(handshake?.headers).not.toHaveProperty('x_forwarded_user');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.close();
    await closed;
  });

  it.each<[string, Handshake, number]>([
    ['no credentials', {}, 401],
    ['a wrong password', { auth: 'api:wrong' }, 401],
    ['no right', { auth: 'api:apiPassword', path: '/kapacitor/v1/config' }, 403],
    ['no right to one reading of the path', { auth: 'api:apiPassword', path: '/kapacitor/v1/x/..%2fconfig' }, 403],
  ])('never reaches the upstream with %s', async (_, handshake, status) => {
    const upstream = await startEcho();
    const gateway = await startGateway(upstream.url);
    expect(await ask(gateway.port, handshake)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(upstream.handshakes).toEqual([]);
  });

  it.each<[string, Handshake]>([
    ['HTTP/2', { headers: { Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABk' } }],
    ['another protocol', { headers: { Upgrade: 'tcp' } }],
    ['one of several protocols', { headers: { Upgrade: 'h2c, websocket' } }],
    ['a WebSocket with a POST', { method: 'POST' }],
    ['a WebSocket with a body', { headers: { 'Content-Length': '10' } }],
    ['a WebSocket with chunks', { headers: { 'Transfer-Encoding': 'chunked' } }],
  ])('is the only upgrade: %s gets 400', async (_, handshake) => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const answer = await ask(gateway.port, { auth: 'root:rootPassword', ...handshake });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('only WebSockets are passed on: leave out the header Upgrade');
    expect(upstream.received).toEqual([]);
  });

  it('that the upstream refuses is no tunnel: a request behind the handshake goes nowhere', async () => {
    const refusal =
      'HTTP/1.1 426 Upgrade Required\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n2\r\nno\r\n0\r\n\r\n';
    const upstream = await startRaw(refusal);
    const gateway = await startGateway(upstream.url);
    const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => {
      socket.destroy();
    });
    socket.write(handshakeText({ path: PATH, auth: 'api:apiPassword', headers: { 'Sec-WebSocket-Version': '99' } }));
    socket.write('GET /kapacitor/v1/config HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(answer).toMatch(/connection: close\r\n\r\nno$/i);
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(upstream.connections).toHaveLength(1);
    expect(upstream.connections[0]?.text).not.toContain('/kapacitor/v1/config');
  });

  it("is answered with 502 and Kapacitor's body if the upstream is down", async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    await upstream.close();
    const answer = await ask(gateway.port, { auth: 'api:apiPassword' });
    const message = 'the upstream does not answer';
    expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(answer.endsWith(`\r\n\r\n${JSON.stringify({ error: message, message })}`)).toBe(true);
  });

  it('ends without further bytes if the upstream is cut', async () => {
    const upstream = await startRaw(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    const gateway = await startGateway(upstream.url);
    const socket = connect({ port: gateway.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    let received = '';
    socket.on('data', (chunk) => {
      received += String(chunk);
      upstream.connections[0]?.socket.resetAndDestroy();
    });
    socket.write(handshakeText({ path: PATH, auth: 'api:apiPassword' }));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(received).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n.*\r\n\r\n$/s);
    expect(received).not.toContain('502');
  });
});
