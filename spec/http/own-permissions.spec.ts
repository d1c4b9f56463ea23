import express, { type Express } from 'express';
import { type KapacitorAuth, kapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuth, ROOT } from '../support/auth.js';
import { serve } from '../support/server.js';

const PERMISSIONS = {
  clerk: { '/orders': ['read', 'write'] },
  accountant: { '/reports': 'read', '/orders': 'read' },
  support: { '/': 'read', '/secrets': [] },
} as const;

/** The app of docs/permissions.md: orders, and reports about them. */
async function createShop(): Promise<{ app: Express; auth: KapacitorAuth<keyof typeof PERMISSIONS> }> {
  const auth = kapacitorAuth({
    permissions: PERMISSIONS,
    auth: { store: 'memory:', bcryptCost: 4, minimumPasswordLength: 0, failureLimit: 0 },
  });
  onTestFinished(() => auth.close());
  await auth.users.create({ name: 'root', password: 'pw', type: 'admin' });
  await auth.users.create({ name: 'carl', password: 'pw', permissions: ['clerk'] });
  await auth.users.create({ name: 'anna', password: 'pw', permissions: ['accountant'] });
  await auth.users.create({ name: 'kim', password: 'pw', permissions: ['accountant', 'clerk'] });
  const app = express();
  app.use(auth);
  app.all(['/orders', '/reports'], (_req, res) => {
    res.sendStatus(299);
  });
  return { app, auth };
}

/** The requests that each user may make: `r` read, `w` write, `d` delete, `*` a method that nobody knows. */
const MEANT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  root: { '/orders': 'rwd*', '/reports': 'rwd*' },
  carl: { '/orders': 'rw', '/reports': '' },
  anna: { '/orders': 'r', '/reports': 'r' },
  kim: { '/orders': 'rw', '/reports': 'r' },
};
const METHODS = { GET: 'r', POST: 'w', DELETE: 'd', PROPFIND: '*' } as const;

describe('an app with clerks, accountants and an admin', () => {
  it('decides 32 of 32 requests as meant, and can agrees with every answer', async () => {
    const { app, auth } = await createShop();
    const { send } = await serve(app);
    let decided = 0;
    for (const [name, paths] of Object.entries(MEANT)) {
      const user = await auth.users.get(name);
      for (const [path, meant] of Object.entries(paths)) {
        for (const [method, letter] of Object.entries(METHODS)) {
          const { status } = await send({ method, path, auth: `${name}:pw` });
          expect(status, `${name} ${method} ${path}`).toBe(meant.includes(letter) ? 299 : 403);
          expect(auth.can(user, method, path), `${name} ${method} ${path}`).toBe(status === 299);
          decided += 1;
        }
      }
    }
    expect(decided).toBe(32);
  });

  it('tells each user its privileges on every resource that a definition names', async () => {
    const { app } = await createShop();
    const { send } = await serve(app);
    const { body } = await send({ path: '/kapacitor/v1/me', auth: 'kim:pw' });
    expect(body).toMatchObject({
      name: 'kim',
      permissions: ['accountant', 'clerk'],
      privileges: { '/api': [], '/api/config': [], '/api/orders': ['read', 'write'], '/api/reports': ['read'] },
    });
    expect(Object.keys(body.privileges)).toEqual([
      '/api',
      '/api/ping',
      '/api/write',
      '/api/config',
      '/api/users',
      '/api/orders',
      '/api/reports',
      '/api/secrets',
    ]);
  });

  it('answers the definitions to users who may read users, and to no other', async () => {
    const { app, auth } = await createShop();
    await auth.users.create({ name: 'sue', password: 'pw', permissions: ['support'] });
    const { send } = await serve(app);
    const path = '/kapacitor/v1/permissions';
    for (const name of ['root', 'sue']) {
      const answer = await send({ path, auth: `${name}:pw` });
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).toEqual({
        permissions: {
          clerk: { '/orders': ['read', 'write'] },
          accountant: { '/reports': ['read'], '/orders': ['read'] },
          support: { '/': ['read'], '/secrets': [] },
        },
      });
    }
    expect(await send({ path, auth: 'carl:pw' })).toMatchObject({
      status: 403,
      body: { error: `user carl does not have "read" privilege for API endpoint "${path}"` },
    });
    expect((await send({ path })).status).toBe(401);
    expect(await send({ path, method: 'OPTIONS', auth: 'sue:pw' })).toMatchObject({
      status: 204,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
    expect((await send({ path, method: 'POST', auth: 'root:pw' })).status).toBe(405);
    for (const name of ['root', 'sue', 'carl']) {
      const user = await auth.users.get(name);
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        const { status } = await send({ path, method, auth: `${name}:pw` });
        expect(auth.can(user, method, path)).toBe(status !== 403);
      }
    }
  });

  it('gives nobody who is not an admin the users, whatever a permission says', async () => {
    const auth = await createAuth({ permissions: { boss: { '/': 'all', '/users': 'all', '/kapacitor/v1/me': [] } } }, [
      ROOT,
      { name: 'bob', password: 'pw', permissions: ['boss'] },
    ]);
    const app = express();
    app.use(auth);
    const { send } = await serve(app);
    const path = '/kapacitor/v1/users';
    expect((await send({ path, auth: 'bob:pw' })).status).toBe(200);
    const created = { method: 'POST', path, body: '{"name":"x","password":"x","type":"admin"}', auth: 'bob:pw' };
    expect((await send(created)).status).toBe(403);
    expect((await send({ method: 'DELETE', path: `${path}/root`, auth: 'bob:pw' })).status).toBe(403);
    const promotion = { method: 'PATCH', path: `${path}/bob`, body: '{"type":"admin"}', auth: 'bob:pw' };
    expect((await send(promotion)).status).toBe(403);
    const ownPassword = { method: 'PATCH', path: `${path}/bob`, body: '{"password":"new"}', auth: 'bob:pw' };
    expect((await send(ownPassword)).status).toBe(200);
    expect((await send({ path: '/kapacitor/v1/me', auth: 'bob:new' })).status).toBe(200);
  });

  it('takes the names of its own permissions in the users API, and suggests the one that was meant', async () => {
    const { app } = await createShop();
    const { send } = await serve(app);
    const path = '/kapacitor/v1/users';
    const create = (permissions: unknown[]) =>
      send({
        method: 'POST',
        path,
        auth: 'root:pw',
        body: JSON.stringify({ name: 'new', password: 'pw', permissions }),
      });
    expect(await create(['clrk'])).toMatchObject({
      status: 400,
      body: { error: 'permission "clrk" is not known: did you mean clerk?' },
    });
    expect(await create(['manager'])).toMatchObject({
      status: 400,
      body: {
        error:
          'permission "manager" is not known: the permissions are none, api, config_api, write_points, all, clerk, accountant and support',
      },
    });
    expect(await create(['clerk', 'write_points', 'accountant', 'clerk', 'none'])).toMatchObject({
      status: 200,
      body: { permissions: ['write_points', 'accountant', 'clerk'] },
    });
  });

  it('requires privileges of routes by their own resources, also below a mount', async () => {
    const { auth } = await createShop();
    const app = express();
    const orders = express.Router();
    orders.use(auth.requirePrivilege());
    orders.all('/:id', (_req, res) => {
      res.sendStatus(299);
    });
    app.use('/orders', orders);
    app.post('/import', auth.requirePrivilege('write', '/api/orders'), (_req, res) => {
      res.sendStatus(299);
    });
    const { send } = await serve(app);
    const statusOf = async (method: string, path: string, name: string) =>
      (await send({ method, path, auth: `${name}:pw` })).status;
    expect(await statusOf('PUT', '/orders/1', 'carl')).toBe(299);
    expect(await statusOf('PUT', '/orders/1', 'anna')).toBe(403);
    expect(await statusOf('DELETE', '/orders/1', 'carl')).toBe(403);
    // Below the mount this is `/secrets`, which a permission names.
    expect(await statusOf('GET', '/orders/secrets', 'carl')).toBe(403);
    expect(await statusOf('POST', '/import', 'carl')).toBe(299);
    expect(await statusOf('POST', '/import', 'anna')).toBe(403);
    expect(() => auth.requirePrivilege('clerk' as never)).toThrow('"clerk" is a permission, not a privilege');
  });
});

describe('the definitions', () => {
  it('are for users who may read users, and not for those who may read a path of that name', async () => {
    const auth = await createAuth({ permissions: { reader: { '/users': 'read' }, other: { '/permissions': 'all' } } }, [
      { name: 'reader', password: 'pw', permissions: ['reader'] },
      { name: 'other', password: 'pw', permissions: ['other'] },
    ]);
    const { send } = await serve(express().use(auth, (_req, res) => void res.sendStatus(299)));
    const path = '/kapacitor/v1/permissions';
    for (const [name, status, below] of [
      ['reader', 200, 403],
      ['other', 403, 299],
    ] as const) {
      expect((await send({ path, auth: `${name}:pw` })).status, name).toBe(status);
      expect(auth.can(await auth.users.get(name), 'GET', path), name).toBe(status === 200);
      expect((await send({ path: '/permissions', auth: `${name}:pw` })).status, name).toBe(below);
    }
  });
});

describe('a permission that is no longer defined', () => {
  it('opens nothing, is kept by changes, and cannot be given to anybody', async () => {
    const store = new MemoryUserRepository();
    const before = await createAuth({ permissions: PERMISSIONS, auth: { store } }, [
      ROOT,
      { name: 'carl', password: 'pw', permissions: ['clerk', 'accountant'] },
    ]);
    expect(before.can(await before.users.get('carl'), 'POST', '/orders')).toBe(true);
    const { clerk: _, ...left } = PERMISSIONS;
    const after = await createAuth({ permissions: left, auth: { store } }, []);
    const carl = await after.users.get('carl');
    expect(carl?.permissions).toEqual(['accountant', 'clerk']);
    expect(after.can(carl, 'POST', '/orders')).toBe(false);
    expect(after.can(carl, 'GET', '/orders')).toBe(true);
    await after.users.update('carl', { password: 'new' });
    // Clients send back what they have read.
    await after.users.update('carl', { permissions: ['clerk', 'support'] });
    expect(await after.users.get('carl')).toMatchObject({ permissions: ['clerk', 'support'] });
    await expect(after.users.update('root', { type: 'normal', permissions: ['clerk'] })).rejects.toThrow(
      'permission "clerk" is not known',
    );
    await expect(after.users.update('nobody', { permissions: ['clerk'] })).rejects.toThrow('no user exists');
    const closed = after.explain(
      { name: 'x', type: 'normal', permissions: ['clerk'], enabled: true },
      'GET',
      '/orders',
    );
    expect(closed.reason).toBe(
      '/orders is opened by api, all, accountant or support, and x has clerk (which is not defined)',
    );
  });
});
