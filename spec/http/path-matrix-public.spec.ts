import express from 'express';
import type { HttpConfig, KapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { addHandlers, SECRET_SPELLINGS, sendRaw } from '../support/path-spellings.js';
import { serve } from '../support/server.js';

const PUBLIC: HttpConfig = { public: ['/orders/public', '/tasks', '/kapacitor/v1/assets', 'GET /orders/secret2'] };

/** Ways to `/orders/secret` that begin with a public path, or look like one. */
const DETOURS: readonly string[] = [
  ...['/orders/public', '/assets', '/tasks', '/kapacitor/v1/tasks'].flatMap((start) =>
    ['/..', '/%2e%2e', '%2f..', '/%252e%252e', '/.%2E', '\\..', '%5c..', '/..;x', '/%u002e%u002e', '//..'].flatMap(
      (up) => [
        `${start}${up}/secret`,
        `${start}${up}${up}/orders/secret`,
        `${start}${up}${up}${up}${up}/kapacitor/v1/orders/secret`,
      ],
    ),
  ),
  '/orders/public/../secret',
  '//tasks/orders/secret',
  'http://tasks/orders/secret',
  'http://h/tasks/../orders/secret',
  '/tasks/..//orders/secret',
  '/orders/secret#/tasks',
  '/orders/secret;/tasks',
  '/orders/secret?/tasks',
  '/orders/secret%00/tasks',
];

describe('a public path beside one that is not', () => {
  it.each(['GET', 'HEAD', 'POST', 'PROPFIND'])(
    'opens nothing else for %s, however the path is written',
    async (method) => {
      const reached: string[] = [];
      const app = express();
      app.use(await createAuth({ http: PUBLIC }));
      addHandlers(app, reached, 'secret', '/orders');
      const { port } = await serve(app);
      for (const path of [...SECRET_SPELLINGS, ...DETOURS]) {
        expect([400, 401], `${method} ${path}`).toContain(await sendRaw(port, `${method} ${path}`));
      }
      expect(reached).toEqual([]);
    },
  );

  it.each(['/x', '/orders', '/orders/public', '/tasks', '/kapacitor/v1'])(
    'opens nothing else with the guard mounted on %s',
    async (mount) => {
      const reached: string[] = [];
      const inner = express();
      inner.use(await createAuth({ http: { public: [...(PUBLIC.public ?? []), `${mount}/tasks`] } }));
      addHandlers(inner, reached, 'secret', '/orders');
      const { port } = await serve(express().use(mount, inner));
      for (const path of [...SECRET_SPELLINGS, ...DETOURS].filter((each) => each.startsWith('/'))) {
        await sendRaw(port, `GET ${mount}${path}`);
      }
      // Below these two, everything is public.
      if (mount === '/orders/public' || mount === '/tasks') expect(reached).not.toEqual([]);
      else expect(reached).toEqual([]);
    },
  );

  it('opens no path that a middleware has made of it', async () => {
    const app = express();
    app.use((req, _res, next) => {
      req.url = req.url.replace('/tasks', '/orders');
      next();
    });
    app.use(await createAuth({ http: PUBLIC }), (_req, res) => void res.sendStatus(299));
    const { port } = await serve(app);
    expect(await sendRaw(port, 'GET /tasks')).toBe(401);
    expect(await sendRaw(port, 'GET /tasks/public')).toBe(299);
  });
});

describe('the endpoints of this package', () => {
  it.each(['/kapacitor/v1', '/auth', '/'])('are not public at %s, however the path is written', async (apiPath) => {
    const auth: KapacitorAuth = await createAuth({ http: { apiPath, public: ['/'] } });
    const app = express().use(auth, (_req, res) => void res.sendStatus(299));
    const { port } = await serve(app);
    const base = apiPath === '/' ? '' : apiPath;
    for (const name of ['users', 'users/root', 'me', 'permissions']) {
      const upper = name.toUpperCase();
      for (const path of [name, `${name}/`, `${name}?x`, upper, `${name}?/../tasks`, `${name}/?u=root`]) {
        for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PROPFIND']) {
          for (const origin of ['', 'http://localhost', 'HTTP://LOCALHOST:80', 'http://a@b']) {
            const line = `${method} ${origin}${base}/${path}`;
            expect(await sendRaw(port, line), line).toBe(401);
          }
        }
      }
    }
    expect(await sendRaw(port, `GET ${base}/orders`)).toBe(299);
  });
});
