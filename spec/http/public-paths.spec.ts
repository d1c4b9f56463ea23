import express, { type RequestHandler } from 'express';
import type { HttpConfig, KapacitorAuth, User } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { appBehind, showUser } from '../support/app-behind.js';
import { listen, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';
import { serveUpgrades } from '../support/upgrade.js';

const PUBLIC: HttpConfig = { public: ['/health', 'GET /status'] };

async function servePublic(http: HttpConfig = PUBLIC, make: (auth: KapacitorAuth) => RequestHandler = (auth) => auth) {
  const auth = await createAuth({ http });
  return { auth, ...(await serve(appBehind(make(auth)))) };
}

describe('http.public', () => {
  it('needs no credentials at and below its paths, and has no user then', async () => {
    const { send } = await servePublic();
    for (const path of ['/health', '/health/db', '/status']) {
      expect(await send({ path }), path).toMatchObject({ status: 200, text: 'null' });
    }
    for (const path of ['/', '/other', '/healthy', '/health/../other', '//health', '/HEALTH']) {
      expect((await send({ path })).status, path).toBe(401);
    }
  });

  it('is for one method where it names one: HEAD belongs to GET', async () => {
    const { send } = await servePublic();
    const statuses = async (path: string) =>
      Promise.all(['GET', 'HEAD', 'POST', 'OPTIONS'].map(async (method) => (await send({ method, path })).status));
    expect(await statuses('/health')).toEqual([200, 200, 200, 200]);
    // The guard answers a preflight.
    expect(await statuses('/status')).toEqual([200, 200, 401, 204]);
  });

  it('verifies credentials that come anyway, and asks for no privilege', async () => {
    const { send } = await servePublic();
    expect((await send({ path: '/health', auth: 'api:pw' })).body).toMatchObject({ name: 'api' });
    expect((await send({ path: '/health', auth: 'nobody:pw' })).body).toMatchObject({ name: 'nobody' });
    expect((await send({ path: '/health', auth: 'api:wrong' })).status).toBe(401);
    expect((await send({ path: '/health', headers: { Authorization: 'Bearer x' } })).status).toBe(401);
    expect((await send({ path: '/other', auth: 'nobody:pw' })).status).toBe(403);
  });

  it('is what can and explain say: for nobody, and for users without a privilege', async () => {
    const { auth, send } = await servePublic({ public: ['/health', 'GET /status', '/kapacitor/v1/tasks'] });
    const users = { nobody: await auth.users.get('nobody'), api: await auth.users.get('api') };
    for (const path of ['/health', '/health/db', '/status', '/kapacitor/v1/tasks', '/other', '//health', '/HEALTH']) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const asked = `${method} ${path}`;
        expect((await send({ method, path })).status === 200, asked).toBe(auth.can(undefined, method, path));
        for (const [name, user] of Object.entries(users)) {
          const { status } = await send({ method, path, auth: `${name}:pw` });
          expect(status === 200, `${name}: ${asked}`).toBe(auth.can(user, method, path));
        }
      }
    }
    for (const path of ['/kapacitor/v1/users', '/kapacitor/v1/me', '/kapacitor/v1/permissions', '/users']) {
      expect(auth.can(undefined, 'GET', path), path).toBe(false);
    }
    expect(auth.explain(users.nobody as User, 'GET', '/health/db?x')).toEqual({
      allowed: true,
      privilege: 'read',
      resource: '/api/health/db',
      reason: '/health/db is public, and needs no credentials',
    });
    // Wrong credentials are refused everywhere, and so are those of a disabled user.
    const disabled = await auth.users.update('nobody', { enabled: false });
    expect(auth.can(disabled, 'GET', '/health')).toBe(false);
    expect((await send({ path: '/health', auth: 'nobody:pw' })).status).toBe(401);
  });

  it.each([['/'], ['/kapacitor/v1/users'], ['/kapacitor/v1'], ['/users']])(
    'never has the endpoints of this package: %s',
    async (entry) => {
      const { send } = await servePublic({ public: [entry] });
      const paths = ['users', 'users/', 'users/root', 'USERS', 'me', 'me/', 'permissions'].flatMap((name) => [
        `/kapacitor/v1/${name}`,
        `/kapacitor/v1preview/${name}`,
        `http://localhost/kapacitor/v1/${name}`,
      ]);
      for (const path of [...paths, '//kapacitor/v1/users', '/kapacitor/v1/%75sers', '/kapacitor//v1/users']) {
        const answer = await send({ path });
        expect(answer.status, path).toBe(401);
      }
      expect((await send({ method: 'POST', path: '/kapacitor/v1/users', body: '{}' })).status).toBe(401);
      expect((await send({ path: '/kapacitor/v1/me', auth: 'nobody:pw' })).body).toMatchObject({ name: 'nobody' });
    },
  );

  it('never has them below a mount either', async () => {
    const { send } = await servePublic({ public: ['/', '/x'] }, (auth) => express.Router().use('/x', auth));
    expect((await send({ path: '/x/kapacitor/v1/users' })).status).toBe(401);
    expect((await send({ path: '/x/kapacitor/v1/me' })).status).toBe(401);
    expect((await send({ path: '/x/other' })).status).toBe(200);
    // Not the endpoint of this package, but a page of the app's with such a name.
    expect((await send({ path: '/x/about/me' })).status).toBe(200);
  });

  it('does not open what a middleware of a route requires', async () => {
    for (const name of ['authenticate', 'requireAdmin', 'usersRouter'] as const) {
      const { send } = await servePublic(PUBLIC, (auth) => auth[name]);
      expect((await send({ path: '/health' })).status, name).toBe(401);
    }
    const { send } = await servePublic(PUBLIC, (auth) => auth.requirePrivilege());
    expect((await send({ path: '/health' })).status).toBe(401);
  });

  it('asks for an allowed host all the same', async () => {
    const { send } = await servePublic({ ...PUBLIC, allowedHosts: ['example.com'] });
    expect((await send({ path: '/health' })).status).toBe(421);
    expect((await send({ path: '/health', headers: { Host: 'example.com' } })).status).toBe(200);
  });

  it('has ADMIN_USER while authentication is off', async () => {
    const { auth, send } = await servePublic();
    auth.authEnabled = false;
    expect((await send({ path: '/health' })).body).toMatchObject({ name: 'ADMIN_USER' });
  });

  it('does not hold for an upgrade: a connection belongs to a user', async () => {
    const { ask, opened } = await serveUpgrades(await createAuth({ http: { public: ['/'] } }));
    expect(await ask({ path: '/stream' })).toMatch(/^HTTP\/1\.1 401 /);
    expect(await ask({ path: '/stream', auth: 'nobody:pw' })).toMatch(/^HTTP\/1\.1 403 /);
    expect(opened).toEqual([]);
  });

  it('is not audited as a refusal', async () => {
    const { auth, send } = await servePublic();
    const told = listen(auth);
    await send({ path: '/health' });
    await send({ path: '/health', auth: 'nobody:pw' });
    await untilTold();
    expect(told.map(([event]) => event)).toEqual(['login']);
  });
});

describe('shared caches', () => {
  it.each([undefined, 'api:pw'])('keep public answers apart by the credentials: %s', async (credentials) => {
    const { send } = await servePublic();
    const { headers } = await send({ path: '/health', ...(credentials !== undefined && { auth: credentials }) });
    expect(headers.vary).toBe('Authorization');
    expect(headers['cache-control']).toBeUndefined();
  });

  it.each([
    ['Accept-Encoding', 'Accept-Encoding, Authorization'],
    [['Accept-Encoding', 'Origin'], 'Accept-Encoding, Origin, Authorization'],
    ['authorization', 'authorization'],
    ['*', '*'],
  ])('are told besides what the app has said: %s', async (said, vary) => {
    const auth = await createAuth({ http: PUBLIC });
    const before: RequestHandler = (_req, res, next) => {
      res.setHeader('Vary', said);
      next();
    };
    const { send } = await serve(express().use(before, auth, showUser));
    expect((await send({ path: '/health' })).headers.vary).toBe(vary);
  });

  it('are not told about other answers', async () => {
    const { send } = await servePublic();
    expect((await send({ path: '/other', auth: 'api:pw' })).headers.vary).toBeUndefined();
    expect((await send({ path: '/other' })).headers.vary).toBeUndefined();
  });

  it('are not told any more once the app has answered', async () => {
    const auth = await createAuth({ http: PUBLIC });
    const reached = vi.fn((_req, _res, next) => next());
    const answered: RequestHandler = (_req, res, next) => {
      res.end('answered');
      next();
    };
    const { send } = await serve(express().use(answered, auth, reached));
    expect((await send({ path: '/health' })).text).toBe('answered');
    await vi.waitFor(() => expect(reached).toHaveBeenCalledOnce());
  });
});

it.each<[string, (auth: KapacitorAuth) => RequestHandler]>([
  ['auth', (auth) => auth],
  ['auth.optional', (auth) => auth.optional],
])('a request without credentials has no user that another middleware has set: %s', async (_what, make) => {
  const auth = await createAuth({ http: PUBLIC });
  const impostor: RequestHandler = (req, _res, next) => {
    Object.assign(req, { user: { name: 'impostor', type: 'admin' } });
    next();
  };
  const { send } = await serve(express().use(impostor, make(auth), showUser));
  expect((await send({ path: '/health' })).text).toBe('null');
});

describe('auth.optional', () => {
  it('says who it is, if anybody', async () => {
    const { send } = await servePublic({}, (auth) => auth.optional);
    expect(await send({ path: '/x' })).toMatchObject({ status: 200, text: 'null', headers: { vary: 'Authorization' } });
    expect((await send({ path: '/x', auth: 'nobody:pw' })).body).toMatchObject({ name: 'nobody' });
    expect((await send({ path: '/x', auth: 'nobody:wrong' })).status).toBe(401);
    expect((await send({ method: 'OPTIONS', path: '/x' })).text).toBe('null');
  });

  it('asks for an allowed host, and knows the toggle', async () => {
    const { auth, send } = await servePublic({ allowedHosts: ['127.0.0.1'] }, (each) => each.optional);
    expect((await send({ path: '/x', headers: { Host: 'evil.example' } })).status).toBe(421);
    auth.authEnabled = false;
    expect((await send({ path: '/x' })).body).toMatchObject({ name: 'ADMIN_USER' });
  });

  it('refuses to be called', async () => {
    const auth = await createAuth({}, []);
    expect(() => (auth.optional as unknown as () => void)()).toThrow('write app.use(auth.optional)');
  });
});
