import express, { type Express } from 'express';
import type { KapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { showUser } from '../support/app-behind.js';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';

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

  it('require an admin', async () => {
    const { send } = await serve(appWith(await createAuth()));
    const { body } = await send({ path: '/audit', auth: 'api:pw' });
    expect(body.error).toBe('user api may not do this: an admin is required');
  });

  it('protect a named resource', async () => {
    const { send } = await serve(appWith(await createAuth()));
    const { body } = await send({ method: 'POST', path: '/points', auth: 'api:pw' });
    expect(body.error).toBe('user api does not have "write" privilege for API endpoint "/api/write"');
  });

  it('refuse an invalid resource when the route is made', async () => {
    const auth = await createAuth();
    expect(() => auth.requirePrivilege('read', '/write')).toThrow(
      `requirePrivilege: a resource begins with "/api", such as "/api/write": did you mean requirePrivilege('read', '/api/write')?`,
    );
    expect(() => auth.requirePrivilege('/api/config' as 'read')).toThrow(
      `requirePrivilege: "/api/config" is a resource: did you mean requirePrivilege(undefined, '/api/config')?`,
    );
  });

  it('link to the mount of the users router', async () => {
    const { send } = await serve(appWith(await createAuth()));
    const { body } = await send({ path: '/admin/users/api', auth: 'api:pw' });
    expect(body.link).toEqual({ rel: 'self', href: '/admin/users/api' });
  });
});
