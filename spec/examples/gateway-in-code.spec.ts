import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createGateway } from '../../examples/gateway/gateway.js';
import { basic, send, serve } from '../support/server.js';
import { Example, temporaryFolder } from './child.js';

const GATEWAY = new URL('../../examples/gateway/gateway.ts', import.meta.url);

/** A server without authentication, which keeps what came through to it. */
async function startUpstream() {
  const received: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[] = [];
  const server = createServer(({ method, url, headers }, res) => {
    received.push({ method, url, headers });
    res.end('from the upstream');
  });
  new WebSocketServer({ server }).on('connection', (socket, { method, url, headers }) => {
    received.push({ method, url, headers });
    socket.send('from the upstream');
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, received };
}

async function startGateway(upstream: string): Promise<number> {
  const { server, auth } = createGateway({ auth: { store: 'memory:', bcryptCost: 4 } }, upstream);
  onTestFinished(() => auth.close());
  await auth.users.create({ name: 'api', password: 'apiPassword', permissions: ['api'] });
  await auth.users.create({ name: 'Größe', password: 'größePassword', permissions: ['api'] });
  return listen(server);
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('examples/gateway/gateway.ts', () => {
  it('lets through only what the permissions open, without the password and with the name', async () => {
    const upstream = await startUpstream();
    const port = await startGateway(upstream.url);
    const status = async (method: string, path: string, auth?: string) =>
      (await send(port, { method, path, ...(auth && { auth }) })).status;
    expect(await status('GET', '/kapacitor/v1/tasks')).toBe(401);
    expect(await status('GET', '/kapacitor/v1/tasks/../config', 'api:apiPassword')).toBe(403);
    expect(await status('POST', '/kapacitor/v1/%75sers', 'api:apiPassword')).toBe(403);
    expect(await status('GET', '/kapacitor/v1/tasks?u=api&p=apiPassword')).toBe(401);
    expect(upstream.received).toEqual([]);

    const headers = { X_Forwarded_User: 'root', Connection: 'X-Forwarded-User' };
    const answer = await send(port, { path: '/kapacitor/v1/tasks?limit=1', auth: 'Größe:größePassword', headers });
    expect(answer).toMatchObject({ status: 200, text: 'from the upstream' });
    const [received] = upstream.received;
    expect(received).toMatchObject({ url: '/kapacitor/v1/tasks?limit=1' });
    expect(received?.headers).toMatchObject({ 'x-forwarded-user': 'Gr%C3%B6%C3%9Fe', connection: 'close' });
    expect(received?.headers).not.toHaveProperty('authorization');
    expect(received?.headers).not.toHaveProperty('x_forwarded_user');
  });

  it('passes WebSockets on for users who may read the path, and for nobody else', async () => {
    const upstream = await startUpstream();
    const port = await startGateway(upstream.url);
    const open = (path: string, headers: Record<string, string>) =>
      new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    const refusal = async (socket: WebSocket) => {
      const [, response] = await once(socket, 'unexpected-response');
      await once(response.resume(), 'end');
      return response.statusCode;
    };
    const Authorization = basic('api:apiPassword');
    expect(await refusal(open('/stream', {}))).toBe(401);
    expect(await refusal(open('/stream', { Authorization: basic('api:wrong') }))).toBe(401);
    expect(await refusal(open('/%63onfig', { Authorization }))).toBe(403);
    expect(await refusal(open('/stream', { Authorization, Origin: 'http://evil.example' }))).toBe(403);
    expect(upstream.received).toEqual([]);

    const socket = open('/stream', { Authorization, 'X-Forwarded-User': 'root' });
    expect(String((await once(socket, 'message'))[0])).toBe('from the upstream');
    socket.close();
    expect(upstream.received).toMatchObject([{ url: '/stream', headers: { 'x-forwarded-user': 'api' } }]);
    expect(upstream.received[0]?.headers).not.toHaveProperty('authorization');
  });

  it('refuses what could hide a second request, and says that the upstream is down', async () => {
    const upstream = await serve((_req, res) => {
      res.end();
    });
    const port = await startGateway(upstream.url);
    const hidden = {
      method: 'DELETE',
      path: '/x',
      auth: 'api:apiPassword',
      headers: { 'Transfer-Encoding': 'chunked' },
    };
    expect((await send(port, hidden)).status).toBe(411);
    await upstream.close();
    const message = 'the upstream does not answer';
    expect(await send(port, { path: '/kapacitor/v1/tasks', auth: 'api:apiPassword' })).toMatchObject({
      status: 502,
      body: { error: message, message },
    });
  });

  it('runs as a program in front of UPSTREAM, counts failed logins by client, and stops on a signal', async () => {
    const upstream = await startUpstream();
    const gateway = new Example(GATEWAY, {
      cwd: temporaryFolder(),
      env: {
        UPSTREAM: upstream.url,
        TRUST_PROXY: 'loopback',
        KAPACITOR_HTTP_BIND_ADDRESS: '127.0.0.1:0',
        KAPACITOR_HTTP_PUBLIC: '/health',
        KAPACITOR_AUTH_STORE: 'memory:',
        KAPACITOR_AUTH_BCRYPT_COST: '4',
        KAPACITOR_AUTH_FAILURE_LIMIT: '1',
      },
    });
    const [, port] = await gateway.printed(/^http:\S+:(\d+) passes requests on to http:\S+\n/);
    const failFrom = async (client: string) =>
      (await send(Number(port), { path: '/', auth: 'api:wrong', headers: { 'X-Forwarded-For': client } })).status;
    expect(await failFrom('192.0.2.1')).toBe(401);
    expect(await failFrom('192.0.2.2')).toBe(401);
    expect(await failFrom('192.0.2.1')).toBe(429);
    expect((await send(Number(port), { path: '/health' })).text).toBe('from the upstream');
    expect(upstream.received[0]?.headers).not.toHaveProperty('x-forwarded-user');
    expect(await gateway.stop()).toBe(0);
  });
});
