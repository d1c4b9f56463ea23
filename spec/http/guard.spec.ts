import express from 'express';
import { describe, expect, it } from 'vitest';
import { appBehind, showUser } from '../support/app-behind.js';
import { createAuth } from '../support/auth.js';
import { basic, serve } from '../support/server.js';

const CHALLENGE = 'Basic realm="Kapacitor", charset="UTF-8"';

describe('the guard', () => {
  it('sets req.user to the user, without the hash', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    const { status, body } = await send({ path: '/kapacitor/v1/tasks', auth: 'api:pw' });
    expect(status).toBe(200);
    expect(body).toEqual({ name: 'api', type: 'normal', permissions: ['api'], enabled: true });
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

  it('sends no challenge to a script, so that a browser shows no dialog', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    const answer = await send({ path: '/x', headers: { 'X-Requested-With': 'XMLHttpRequest' } });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  it('sends the configured realm, escaped', async () => {
    const { send } = await serve(appBehind(await createAuth({ http: { realm: 'a "b" \\' } })));
    const { headers } = await send({ path: '/x' });
    expect(headers['www-authenticate']).toBe('Basic realm="a \\"b\\" \\\\", charset="UTF-8"');
  });

  it('accepts credentials in the query if configured, and keeps such answers out of shared caches', async () => {
    const { send } = await serve(appBehind(await createAuth({ http: { queryCredentials: true } })));
    const answer = await send({ path: '/x?u=api&p=pw' });
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await send({ method: 'OPTIONS', path: '/x?u=api&p=wrong' })).status).toBe(401);
  });

  it('ignores credentials in the query otherwise, so it answers a preflight that has them', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    expect((await send({ method: 'OPTIONS', path: '/x?u=api&p=pw' })).status).toBe(204);
    expect((await send({ path: '/x?u=api&p=pw' })).status).toBe(401);
  });

  it('names the user, the privilege and the resource in a 403', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    const { status, body } = await send({ method: 'DELETE', path: '/kapacitor/v1/tasks/a%20b?x=1', auth: 'nobody:pw' });
    const message = 'user nobody does not have "delete" privilege for API endpoint "/kapacitor/v1/tasks/a%20b"';
    expect(status).toBe(403);
    expect(body).toEqual({ error: message, message });
  });

  it('gives each request its own user object, whose permissions cannot be changed', async () => {
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

describe('below a mount', () => {
  it('requires access to the whole path and to the path below the mount', async () => {
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
    'is answered: %s',
    async (authorization) => {
      const { send } = await serve(appBehind(await createAuth()));
      expect((await send({ path: '/x', headers: { Authorization: authorization } })).status).toBe(401);
    },
  );

  it('counts once: the first of two is used', async () => {
    const { send } = await serve(appBehind(await createAuth()));
    const headers = { Authorization: [basic('api:wrong'), basic('api:pw')] } as unknown as Record<string, string>;
    expect((await send({ path: '/x', headers })).status).toBe(401);
  });
});
