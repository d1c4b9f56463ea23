import express, { type Express, type RequestHandler } from 'express';
import type { KapacitorAuth } from 'kapacitor-auth';
import passport from 'passport';
import { describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { basic, serve } from '../support/server.js';

const CHALLENGE = 'Basic realm="Kapacitor", charset="UTF-8"';

const showUser: RequestHandler = (req, res) => {
  res.json(req.user ?? null);
};

function appBehind(...handlers: RequestHandler[]): Express {
  const app = express();
  app.use(...handlers);
  app.use(showUser);
  return app;
}

describe('the guard', () => {
  it('sets req.user to the user, without the hash', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    const { status, body } = await send({ path: '/kapacitor/v1/tasks', auth: 'api:pw' });
    expect(status).toBe(200);
    expect(body).toEqual({ name: 'api', type: 'normal', permissions: ['api'] });
  });

  it.each([
    [undefined, 'unable to parse authentication credentials'],
    ['unknown:pw', 'authorization failed'],
    ['api:wrong', 'authorization failed'],
    [':pw', 'username required'],
  ])('answers 401 with the challenge to %s', async (auth, message) => {
    const { send } = await serve(appBehind(await createAuth()));
    const answer = await send({ path: '/x', ...(auth !== undefined && { auth }) });
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ error: message, message });
    expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('leaves the challenge out where a script asks, so that a browser shows no dialog', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    const answer = await send({ path: '/x', headers: { 'X-Requested-With': 'XMLHttpRequest' } });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  it('has the realm that is configured, escaped', async () => {
    const { send } = await serve(appBehind(await createAuth({ http: { realm: 'a "b" \\' } })));
    const { headers } = await send({ path: '/x' });
    expect(headers['www-authenticate']).toBe('Basic realm="a \\"b\\" \\\\", charset="UTF-8"');
  });

  it('takes credentials of the query where it is told to, and keeps such answers out of shared caches', async () => {
    const { send } = await serve(appBehind(await createAuth({ http: { queryCredentials: true } })));
    const answer = await send({ path: '/x?u=api&p=pw' });
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await send({ method: 'OPTIONS', path: '/x?u=api&p=wrong' })).status).toBe(401);
  });

  it('shows who lacks which privilege for what', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    const { status, body } = await send({ method: 'DELETE', path: '/kapacitor/v1/tasks/a%20b?x=1', auth: 'nobody:pw' });
    const message = 'user nobody does not have "delete" privilege for API endpoint "/kapacitor/v1/tasks/a%20b"';
    expect(status).toBe(403);
    expect(body).toEqual({ error: message, message });
  });

  it('gives an object of its own to each request, with permissions that cannot be changed', async () => {
    const auth = await createAuth();
    const seen: Express.User[] = [];
    const app = appBehind(auth, (req, _res, next) => {
      seen.push(req.user);
      next();
    });
    const { send } = await serve(app);
    await send({ path: '/x', auth: 'api:pw' });
    await send({ path: '/x', auth: 'api:pw' });
    expect(seen[0]).not.toBe(seen[1]);
    expect(() => ((seen[0] as Express.User).permissions as string[]).push('all')).toThrow(TypeError);
  });
});

describe('methods', () => {
  async function statusOf(method: string, auth?: string): Promise<number> {
    const reached: string[] = [];
    const app = express();
    app.use(await createAuth());
    app.use((req, res) => {
      reached.push(req.method);
      res.status(299).end();
    });
    const { send } = await serve(app);
    const { status } = await send({ method, path: '/kapacitor/v1/tasks', ...(auth !== undefined && { auth }) });
    expect(reached).toEqual(status === 299 ? [method] : []);
    return status;
  }

  it.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'PROPFIND', 'PURGE'])('%s needs a privilege', async (method) => {
    expect(await statusOf(method, 'nobody:pw')).toBe(403);
    expect(await statusOf(method, 'config:pw')).toBe(403);
    expect(await statusOf(method, 'api:wrong')).toBe(401);
    expect(await statusOf(method, 'api:pw')).toBe(299);
  });

  it('OPTIONS without credentials is answered, and does not reach the app', async () => {
    expect(await statusOf('OPTIONS')).toBe(204);
  });
});

describe('parts', () => {
  function appWith(auth: KapacitorAuth): Express {
    const app = express();
    app.use('/admin/users', auth.usersRouter);
    app.get('/open', showUser);
    app.get('/who', auth.authenticate, showUser);
    app.get('/read', auth.requirePrivilege(), showUser);
    app.delete('/reports/:id', auth.requirePrivilege('delete'), showUser);
    app.post('/points', auth.requirePrivilege('write', '/api/write'), showUser);
    app.get('/settings', auth.requirePrivilege('read', '/api/config'), showUser);
    app.get('/audit', auth.requireAdmin, showUser);
    app.get('/both', auth.authenticate, auth.requirePrivilege(), auth.requireAdmin, showUser);
    app.get('/kapacitor/v1/config', auth.requirePrivilege(), showUser);
    return app;
  }

  it.each([
    ['GET', '/open', undefined, 200],
    ['GET', '/who', undefined, 401],
    ['GET', '/who', 'nobody:pw', 200],
    ['GET', '/read', 'nobody:pw', 403],
    ['GET', '/read', 'api:pw', 200],
    ['DELETE', '/reports/7', undefined, 401],
    ['DELETE', '/reports/7', 'config:pw', 403],
    ['DELETE', '/reports/7', 'api:pw', 200],
    ['POST', '/points', 'api:pw', 403],
    ['POST', '/points', 'root:r00t', 200],
    ['GET', '/settings', 'config:pw', 200],
    ['GET', '/settings', 'api:pw', 403],
    ['GET', '/audit', undefined, 401],
    ['GET', '/audit', 'api:pw', 403],
    ['GET', '/audit', 'root:r00t', 200],
    ['GET', '/both', 'root:r00t', 200],
    ['GET', '/kapacitor/v1/config', 'api:pw', 403],
    ['GET', '/kapacitor/v1/config', 'config:pw', 200],
    ['GET', '/admin/users', undefined, 401],
    ['GET', '/admin/users', 'nobody:pw', 403],
    ['GET', '/admin/users', 'api:pw', 200],
    ['GET', '/admin/users/nobody', 'nobody:pw', 200],
    ['DELETE', '/admin/users/nobody', 'api:pw', 403],
    ['DELETE', '/admin/users/nobody', 'root:r00t', 204],
  ])('protect routes one by one: %s %s as %s', async (method, path, auth, status) => {
    const { send } = await serve(appWith(await createAuth()));
    expect((await send({ method, path, ...(auth !== undefined && { auth }) })).status).toBe(status);
  });

  it('say that an admin is required', async () => {
    const { send } = await serve(appWith(await createAuth()));
    const { body } = await send({ path: '/audit', auth: 'api:pw' });
    expect(body.error).toBe('user api may not do this: an admin is required');
  });

  it('name the resource that they were told to protect', async () => {
    const { send } = await serve(appWith(await createAuth()));
    const { body } = await send({ method: 'POST', path: '/points', auth: 'api:pw' });
    expect(body.error).toBe('user api does not have "write" privilege for API endpoint "/api/write"');
  });

  it('refuse a resource that is none when the route is made', async () => {
    const auth = await createAuth();
    expect(() => auth.requirePrivilege('read', '/write')).toThrow(
      'requirePrivilege: a resource begins with "/api", as "/api/write" does: /write',
    );
    expect(() => auth.requirePrivilege('read', '/apiary')).toThrow(/begins with/);
  });

  it('link to where the users router is mounted', async () => {
    const { send } = await serve(appWith(await createAuth()));
    const { body } = await send({ path: '/admin/users/api', auth: 'api:pw' });
    expect(body.link).toEqual({ rel: 'self', href: '/admin/users/api' });
  });
});

describe('an app with a Passport of its own', () => {
  async function appWithPassport(): Promise<{ app: Express; auth: KapacitorAuth }> {
    const auth = await createAuth();
    const own = new passport.Passport();
    own.use(auth.strategy);
    const app = express();
    app.get('/passport', own.authenticate('basic', { session: false }), showUser);
    app.get('/admin', own.authenticate('basic', { session: false }), auth.requireAdmin, showUser);
    app.use((req, _res, next) => {
      // Another strategy of the app's, with a user of another kind.
      req.user = { name: 'root', type: 'admin', permissions: [] };
      next();
    });
    app.get('/own', auth.requireAdmin, showUser);
    return { app, auth };
  }

  it('authenticates with the strategy', async () => {
    const { app } = await appWithPassport();
    const { send } = await serve(app);
    expect((await send({ path: '/passport', auth: 'api:pw' })).body).toMatchObject({ name: 'api' });
    const refused = await send({ path: '/passport', auth: 'api:wrong' });
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe(CHALLENGE);
  });

  it('goes on from there with our own checks', async () => {
    const { app } = await appWithPassport();
    const { send } = await serve(app);
    expect((await send({ path: '/admin', auth: 'root:r00t' })).status).toBe(200);
    expect((await send({ path: '/admin', auth: 'api:pw' })).status).toBe(403);
  });

  it('does not get in with a req.user that is not ours', async () => {
    const { app } = await appWithPassport();
    const { send } = await serve(app);
    expect((await send({ path: '/own' })).status).toBe(401);
    expect((await send({ path: '/own', auth: 'api:pw' })).status).toBe(403);
  });

  it('does not get in with the req.user of another request, or of another store', async () => {
    const auth = await createAuth();
    const other = await createAuth();
    let kept: Express.User | undefined;
    const app = express();
    app.get('/login', auth.authenticate, (req, res) => {
      kept = req.user;
      res.end();
    });
    app.get('/kept', (req, _res, next) => {
      req.user = kept as Express.User;
      next();
    });
    app.get('/kept', auth.requireAdmin, showUser);
    app.get('/other', auth.authenticate, other.authenticate, showUser);
    const { send } = await serve(app);
    await send({ path: '/login', auth: 'root:r00t' });
    expect((await send({ path: '/kept' })).status).toBe(401);
    await other.users.delete('api');
    expect((await send({ path: '/other', auth: 'api:pw' })).status).toBe(401);
  });

  it('cannot make itself more by changing req.user', async () => {
    const auth = await createAuth();
    const app = express();
    app.use(auth.authenticate, (req, _res, next) => {
      Object.assign(req.user, { name: 'root', type: 'admin' });
      next();
    });
    app.use(auth.requireAdmin, showUser);
    const { send } = await serve(app);
    expect((await send({ path: '/', auth: 'api:pw' })).status).toBe(403);
  });
});

describe('the toggle', () => {
  it('is in force at the next request', async () => {
    const auth = await createAuth({ http: { authEnabled: false } });
    const { send } = await serve(appBehind(auth));
    const open = await send({ path: '/x' });
    expect(open.body).toEqual({ name: 'ADMIN_USER', type: 'admin', permissions: [] });
    auth.authEnabled = true;
    expect(auth.authEnabled).toBe(true);
    expect((await send({ path: '/x' })).status).toBe(401);
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    auth.authEnabled = false;
    expect((await send({ path: '/x' })).status).toBe(200);
    expect(warn).toHaveBeenCalledWith('authentication is off: every request runs as the admin ADMIN_USER', {
      type: 'KapacitorAuthWarning',
      code: 'KAPACITOR_AUTH_CONFIG',
    });
  });

  it('refuses what is no boolean, so that nothing is left open by mistake', async () => {
    const auth = await createAuth();
    expect(() => {
      auth.authEnabled = 'no' as never;
    }).toThrow('authEnabled must be true or false');
    expect(auth.authEnabled).toBe(true);
  });
});

describe('below a mount', () => {
  it('both the whole path and the path below must be allowed', async () => {
    const app = express();
    app.use('/x', await createAuth(), showUser);
    const { send } = await serve(app);
    expect((await send({ path: '/x/kapacitor/v1/tasks', auth: 'api:pw' })).status).toBe(200);
    expect((await send({ path: '/x/kapacitor/v1/config', auth: 'api:pw' })).status).toBe(403);
    expect((await send({ path: '/x/kapacitor/v1/config', auth: 'root:r00t' })).status).toBe(200);
    expect((await send({ path: '/x/kapacitor/v1/users/api', auth: 'api:pw' })).body.link.href).toBe(
      '/x/kapacitor/v1/users/api',
    );
  });
});

describe('any header', () => {
  it.each(['Basic', 'Basic =', 'Basic Og==', `Basic ${'A'.repeat(10_000)}`, 'Basic \x80\xff', 'Negotiate x', ','])(
    'gets an answer: %s',
    async (authorization) => {
      const { send } = await serve(appBehind(await createAuth()));
      expect((await send({ path: '/x', headers: { Authorization: authorization } })).status).toBe(401);
    },
  );

  it('counts once: the first of two is the one', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    const headers = { Authorization: [basic('api:wrong'), basic('api:pw')] } as unknown as Record<string, string>;
    expect((await send({ path: '/x', headers })).status).toBe(401);
  });
});
