import express from 'express';
import { describe, expect, it } from 'vitest';
import { listen, serveAudited, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { FORM } from '../support/content-types.js';
import { holdBack } from '../support/hold-back.js';
import { type SentRequest, serve } from '../support/server.js';
import { USERS } from '../support/users-server.js';

/** The events of one request, without the login. */
async function toldOf(request: SentRequest, config = {}) {
  const { told, send } = await serveAudited({ config });
  const { status, body } = await send(request);
  await untilTold();
  return { status, body, told: told.filter(([event]) => event !== 'login') };
}

describe('the event denied', () => {
  it('has the user, the address, the path, the reason and the request', async () => {
    const { status, body, told } = await toldOf({
      method: 'DELETE',
      path: '/kapacitor/v1/config/x?y=1',
      auth: 'api:pw',
      headers: { 'X-Forwarded-For': '192.0.2.7', 'X-Request-Id': 'r-1' },
    });
    expect(status).toBe(403);
    const reason = 'user api does not have "delete" privilege for API endpoint "/kapacitor/v1/config/x"';
    expect(body.error).toBe(reason);
    expect(told).toEqual([
      [
        'denied',
        {
          time: expect.any(Date),
          by: 'api',
          user: 'api',
          status: 403,
          reason,
          from: '192.0.2.7',
          method: 'DELETE',
          path: '/kapacitor/v1/config/x',
          requestId: 'r-1',
        },
      ],
    ]);
  });

  it.each<[string, SentRequest, string]>([
    [
      'who may not read the users',
      { path: USERS, auth: 'nobody:pw' },
      `user nobody does not have "read" privilege for API endpoint "${USERS}"`,
    ],
    [
      'who is no admin, and creates a user',
      { method: 'POST', path: USERS, auth: 'api:pw', body: '{"name":"new","password":"p"}' },
      'user api may not manage users: an admin is required',
    ],
    [
      'who is no admin, and changes somebody else',
      { method: 'PATCH', path: `${USERS}/nobody`, auth: 'api:pw', body: '{"password":"p"}' },
      'user api may not manage users: an admin is required',
    ],
    [
      'who would be an admin',
      { method: 'PATCH', path: `${USERS}/api`, auth: 'api:pw', body: '{"type":"admin"}' },
      'user api may not manage users: an admin is required',
    ],
    [
      'who is no admin, and deletes a user',
      { method: 'DELETE', path: `${USERS}/api`, auth: 'api:pw' },
      'user api may not manage users: an admin is required',
    ],
    [
      'who is no admin, at a path like that of the users',
      { method: 'POST', path: '/kapacitor/v1/%75sers', auth: 'api:pw' },
      'user api may not manage users: an admin is required',
    ],
    [
      'a page of another site',
      { method: 'POST', path: USERS, auth: 'root:r00t', headers: { ...FORM, 'Sec-Fetch-Site': 'cross-site' } },
      'a page of another site may not change users',
    ],
  ])('is the only event, once, for %s', async (_what, request, reason) => {
    const { status, body, told } = await toldOf(request);
    expect(status).toBe(403);
    expect(body.error).toBe(reason);
    const user = request.auth?.split(':', 1)[0];
    const { method = 'GET', path } = request;
    expect(told).toEqual([['denied', expect.objectContaining({ by: user, user, status: 403, reason, method, path })]]);
  });

  it.each([
    ['requireAdmin', 'user api may not do this: an admin is required'],
    ['requirePrivilege', 'user api does not have "write" privilege for API endpoint "/api/write"'],
  ] as const)('is the only event for %s', async (part, reason) => {
    const auth = await createAuth();
    const app = express();
    app.use('/part', part === 'requireAdmin' ? auth.requireAdmin : auth.requirePrivilege('write', '/api/write'));
    const { send } = await serve(app);
    await untilTold();
    const told = listen(auth);
    expect((await send({ path: '/part/x?y', auth: 'api:pw' })).status).toBe(403);
    await untilTold();
    expect(told).toMatchObject([
      ['login', {}],
      ['denied', { by: 'api', status: 403, reason, path: '/part/x' }],
    ]);
  });

  it('follows when an admin is demoted before the body arrives', async () => {
    const { auth, finish } = await holdBack('POST', USERS, 'root:r00t', '{"name":"new","password":"p"}');
    await auth.users.create({ name: 'root2', password: 'pw', type: 'admin' });
    await auth.users.update('root', { type: 'normal' });
    await untilTold();
    const told = listen(auth);
    expect((await finish()).status).toBe(403);
    await untilTold();
    const reason = 'user root may not manage users: an admin is required';
    expect(told).toMatchObject([['denied', { by: 'root', status: 403, reason, method: 'POST', path: USERS }]]);
    expect(await auth.users.get('new')).toBeUndefined();
  });

  it.each(['GET', 'HEAD', 'POST', 'PROPFIND'])('follows a request without credentials: %s', async (method) => {
    const { status, told } = await toldOf({ method, path: '/kapacitor/v1/tasks?x=1' });
    expect(status).toBe(401);
    expect(told).toEqual([
      [
        'denied',
        {
          time: expect.any(Date),
          by: undefined,
          user: undefined,
          status: 401,
          reason: 'unable to parse authentication credentials',
          from: '127.0.0.1',
          method,
          path: '/kapacitor/v1/tasks',
          requestId: expect.any(String),
        },
      ],
    ]);
  });

  it.each<[string, SentRequest, number]>([
    ['a preflight', { method: 'OPTIONS', path: '/kapacitor/v1/tasks' }, 204],
    ['a permitted request', { path: '/kapacitor/v1/tasks', auth: 'api:pw' }, 299],
    ['a request for a missing user', { path: `${USERS}/unknown`, auth: 'api:pw' }, 404],
    ['a method that is not allowed', { method: 'PUT', path: USERS, auth: 'root:r00t' }, 405],
  ])('does not follow %s', async (_what, request, expected) => {
    const { status, told } = await toldOf(request);
    expect(status).toBe(expected);
    expect(told).toEqual([]);
  });

  it('does not follow wrong credentials: that is a failed login', async () => {
    const { told } = await toldOf({ path: '/x', auth: 'api:wrong' });
    expect(told.map(([event]) => event)).toEqual(['login-failed']);
  });

  it('has a short form of a long path', async () => {
    const { told } = await toldOf({ path: `/kapacitor/v1/config/${'x'.repeat(9_000)}`, auth: 'api:pw' });
    expect(JSON.stringify(told).length).toBeLessThan(3_000);
  });
});
