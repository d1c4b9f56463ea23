import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import express, { Router } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuth } from '../support/auth.js';
import { basic, serve } from '../support/server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** The requests that docs/security.md calls unprotected, and its advice. */
const UPGRADE = { Connection: 'Upgrade', Upgrade: 'websocket' };

/** Lets everybody in, as `ws` does. */
function acceptUpgrade(socket: Duplex): void {
  socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The status of a request; 101 is an upgrade. */
function ask(port: number, path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest({ port, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('upgrade', ({ statusCode }, socket) => {
        socket.destroy();
        resolve(statusCode);
      })
      .on('error', reject)
      .end();
  });
}

const authorized = { Authorization: basic('api:pw') };

describe('an upgrade', () => {
  it('does not reach the guard of an app on the same server', async () => {
    const server = createServer(express().use(await createAuth()) as RequestListener);
    server.on('upgrade', (_req, socket) => acceptUpgrade(socket));
    const port = await listen(server);
    expect(await ask(port, '/x')).toBe(401);
    expect(await ask(port, '/x', UPGRADE)).toBe(101);
  });

  it('is passed on by http-proxy-middleware with `ws: true` from the first request on', async () => {
    const upstream = createServer((_req, res) => res.end());
    upstream.on('upgrade', (_req, socket) => acceptUpgrade(socket));
    const target = `http://127.0.0.1:${await listen(upstream)}`;
    const app = express().use(await createAuth(), createProxyMiddleware({ target, ws: true }));
    const port = await listen(createServer(app as RequestListener));
    expect(await ask(port, '/x', UPGRADE)).toBe(401);
    expect(await ask(port, '/x', authorized)).toBe(200);
    expect(await ask(port, '/x', UPGRADE)).toBe(101);
  });

  it('can be passed to the guard with a response on its socket', async () => {
    const auth = await createAuth();
    const server = createServer(express().use(auth) as RequestListener);
    server.on('upgrade', (req, socket) => {
      const res = new ServerResponse(req);
      res.assignSocket(socket as never);
      res.on('finish', () => socket.end());
      auth(req, res, () => {
        res.detachSocket(socket as never);
        acceptUpgrade(socket);
      });
    });
    const port = await listen(server);
    expect(await ask(port, '/kapacitor/v1/tasks', UPGRADE)).toBe(401);
    expect(await ask(port, '/kapacitor/v1/tasks', { ...UPGRADE, Authorization: basic('api:wrong') })).toBe(401);
    expect(await ask(port, '/kapacitor/v1/config', { ...UPGRADE, ...authorized })).toBe(403);
    expect(await ask(port, '/kapacitor/v1/tasks', { ...UPGRADE, ...authorized })).toBe(101);
  });
});

describe('a change of the request after the decision', () => {
  it('causes no second decision, for another path or another method', async () => {
    const app = express();
    app.use(await createAuth());
    app.use((req, _res, next) => {
      if (req.url === '/alias') req.url = '/kapacitor/v1/config';
      if (req.url === '/remove') req.method = 'DELETE';
      next();
    });
    app.get('/kapacitor/v1/config', (_req, res) => res.status(299).end());
    app.delete('/remove', (_req, res) => res.status(299).end());
    const { send } = await serve(app);
    expect((await send({ path: '/kapacitor/v1/config', auth: 'api:pw' })).status).toBe(403);
    expect((await send({ path: '/alias', auth: 'api:pw' })).status).toBe(299);
    expect((await send({ path: '/remove', auth: 'api:pw' })).status).toBe(299);
  });
});

describe('a router that is mounted twice', () => {
  it('is unprotected where it is mounted before the guard', async () => {
    const router = Router().get('/x', (_req, res) => res.status(299).end());
    const app = express()
      .use('/early', router)
      .use(await createAuth())
      .use('/late', router);
    const { send } = await serve(app as RequestListener);
    expect((await send({ path: '/late/x' })).status).toBe(401);
    expect((await send({ path: '/early/x' })).status).toBe(299);
  });
});

describe('a guard with a path', () => {
  it.each([
    ['/admin/x', 401, 401],
    ['/ADMIN/x', 401, 299],
    ['/admin/page.txt', 401, 401],
    ['/%61dmin/page.txt', 200, 200],
    ['//admin/page.txt', 200, 200],
    ['/x/../admin/page.txt', 200, 200],
  ])('guards every path that Express matches with it: %s', async (path, insensitive, sensitive) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'admin'));
    writeFileSync(join(folder, 'admin', 'page.txt'), 'a page');
    const auth = await createAuth();
    for (const isSensitive of [false, true]) {
      const app = express();
      app.set('case sensitive routing', isSensitive);
      app.use('/admin', auth);
      app.use(Router().get('/admin/x', (_req, res) => res.status(299).end()));
      app.use(express.static(folder));
      const { port } = await serve(app as RequestListener);
      expect(await ask(port, path)).toBe(isSensitive ? sensitive : insensitive);
    }
  });
});
