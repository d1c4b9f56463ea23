import connectHost from 'connect';
import express from 'express';
import type { User } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { API_USER, createAuth } from '../support/auth.js';
import { addHandlers, CONFIG_SPELLINGS, METHODS, sendRaw } from '../support/path-spellings.js';
import { serve } from '../support/server.js';

describe('a user with api and without config_api', () => {
  const auth = `${API_USER.name}:${API_USER.password}`;

  it.each(METHODS)('cannot reach the config with %s, however the path is written', async (method) => {
    const reached: string[] = [];
    const app = express();
    app.use(await createAuth());
    addHandlers(app, reached);
    const { port } = await serve(app);
    for (const path of CONFIG_SPELLINGS) {
      const status = await sendRaw(port, `${method} ${path}`, auth);
      expect([400, 403], `${method} ${path}`).toContain(status);
    }
    expect(reached).toEqual([]);
  });

  it('cannot reach the config of an app that is mounted below another path', async () => {
    const reached: string[] = [];
    const inner = express();
    inner.use(await createAuth());
    addHandlers(inner, reached);
    const app = express();
    app.use('/x', inner);
    const { port } = await serve(app);
    for (const path of CONFIG_SPELLINGS.filter((spelling) => spelling.startsWith('/'))) {
      await sendRaw(port, `GET /x${path}`, auth);
    }
    expect(reached).toEqual([]);
  });

  it('cannot reach the config of an app with the guard mounted in between', async () => {
    const reached: string[] = [];
    const inner = express();
    inner.use('/kapacitor', await createAuth());
    addHandlers(inner, reached);
    const app = express();
    app.use('/x', inner);
    const { port } = await serve(app);
    expect(await sendRaw(port, 'GET /x/kapacitor/v1/config', auth)).toBe(403);
    expect(reached).toEqual([]);
  });

  it('cannot reach the config with the guard mounted on it', async () => {
    const reached: string[] = [];
    const app = express();
    app.use('/kapacitor/v1/config', await createAuth());
    addHandlers(app, reached);
    const { port } = await serve(app);
    expect(await sendRaw(port, 'GET /kapacitor/v1/config', auth)).toBe(403);
    expect(await sendRaw(port, 'GET /kapacitor/v1/config/influxdb', auth)).toBe(403);
    expect(reached).toEqual([]);
  });

  it.each([
    '/inner/config',
    '/inner/config/x',
    'http://h/inner/config',
    'http://h/inner/config/x',
    'HTTP://h:80/inner/CONFIG/',
  ])('cannot reach the config of a router in a router with the guard mounted on it: %s', async (target) => {
    const guard = await createAuth();
    const router = express.Router().use('/config', guard, (_req, res) => {
      res.sendStatus(299);
    });
    const handler = connectHost().use('/config', guard);
    handler.use('/config', (_req, res) => {
      res.writeHead(299).end();
    });
    for (const app of [express().use('/inner', router), connectHost().use('/inner', handler)]) {
      const { port } = await serve(app);
      expect(await sendRaw(port, `GET ${target}`, auth)).toBe(403);
      expect(await sendRaw(port, `GET ${target}`, 'root:r00t')).toBe(299);
    }
  });

  it('cannot reach the config if a middleware before the guard rewrites the path', async () => {
    const reached: string[] = [];
    const app = express();
    app.use((req, _res, next) => {
      req.url = req.url.replace('/alias', '/kapacitor/v1/config');
      next();
    });
    app.use(await createAuth());
    addHandlers(app, reached);
    const { port } = await serve(app);
    expect(await sendRaw(port, 'GET /alias', auth)).toBe(403);
    expect(reached).toEqual([]);
  });

  it('reaches every permitted resource by any honest path', async () => {
    const app = express();
    app.use(await createAuth());
    app.use((_req, res) => {
      res.sendStatus(299);
    });
    const { port } = await serve(app);
    for (const path of [
      '/kapacitor/v1/tasks/a%20b',
      '/kapacitor/v1/configuration',
      '/kapacitor/v1/tasks/Gr%C3%B6%C3%9Fe',
      '/',
      'http://localhost:9092/kapacitor/v1/tasks',
      'https://user@[::1]/kapacitor/v1/tasks',
      'http://localhost',
    ]) {
      expect(await sendRaw(port, `GET ${path}`, auth), path).toBe(299);
    }
  });
});

describe('a path over 2 KiB', () => {
  it('is open to admins only, and is refused unread', async () => {
    const app = express();
    app.use(await createAuth());
    app.use((_req, res) => {
      res.sendStatus(299);
    });
    const { port } = await serve(app);
    const longest = `/${'x'.repeat(2_047)}`;
    expect(await sendRaw(port, `GET ${longest}?${'x'.repeat(2_000)}`, `${API_USER.name}:pw`)).toBe(299);
    expect(await sendRaw(port, `GET ${longest}x`, `${API_USER.name}:pw`)).toBe(403);
    expect(await sendRaw(port, `GET ${longest}x`, 'root:r00t')).toBe(299);
  });

  it('takes a normal user no longer than a short one', async () => {
    const auth = await createAuth();
    const path = `/${'%2e%2E/;x\\A//'.repeat(1_150)}`;
    const user = (await auth.users.get('api')) as User;
    const start = process.cpuUsage();
    for (let time = 0; time < 1_000; time += 1) expect(auth.can(user, 'GET', path)).toBe(false);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(1_000);
  });
});

describe('a user who may read the API', () => {
  it.each(['POST', 'PATCH', 'DELETE', 'PUT', 'PROPFIND'])(
    'cannot manage users of an app behind the guard with %s',
    async (method) => {
      const reached: string[] = [];
      const app = express();
      app.use(await createAuth());
      app.use((req, res) => {
        reached.push(req.originalUrl);
        res.sendStatus(200);
      });
      const { port } = await serve(app);
      const spellings = [
        '/kapacitor/v1/%75sers',
        '/kapacitor/v1//users',
        '/kapacitor/v1/x/../users/root',
        '/users',
        '/USERS/root',
        'http://h/kapacitor/v1/users',
      ];
      for (const path of spellings)
        expect(await sendRaw(port, `${method} ${path}`, `${API_USER.name}:pw`), path).toBe(403);
      expect(reached).toEqual([]);
    },
  );
});
