import express from 'express';
import type { NewUser } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { errorBody, serve } from '../support/server.js';

const ME = '/kapacitor/v1/me';
const EVERYTHING = ['read', 'write', 'delete'];
const CHALLENGE = 'Basic realm="Kapacitor", charset="UTF-8"';
const ALLOW = 'GET, HEAD, OPTIONS';

/** An app behind the guard that answers 299 with the path. */
async function serveMe(config: Parameters<typeof createAuth>[0] = {}, users?: readonly NewUser[]) {
  const auth = await createAuth(config, users);
  const app = express();
  app.use('/x', auth);
  app.use(auth);
  app.use((req, res) => {
    res.status(299).send(req.originalUrl);
  });
  return { auth, ...(await serve(app)) };
}

describe('GET /kapacitor/v1/me', () => {
  it.each<[NewUser, object]>([
    [
      { name: 'root', password: 'pw', type: 'admin' },
      {
        '/api': EVERYTHING,
        '/api/ping': EVERYTHING,
        '/api/write': EVERYTHING,
        '/api/config': EVERYTHING,
        '/api/users': EVERYTHING,
      },
    ],
    [
      { name: 'reader', password: 'pw', permissions: ['api'] },
      { '/api': EVERYTHING, '/api/ping': EVERYTHING, '/api/write': [], '/api/config': [], '/api/users': ['read'] },
    ],
    [
      { name: 'Größe', password: 'pw', permissions: ['config_api'] },
      { '/api': [], '/api/ping': EVERYTHING, '/api/write': [], '/api/config': EVERYTHING, '/api/users': [] },
    ],
    [
      { name: 'ユーザー', password: 'pw', permissions: ['write_points'] },
      { '/api': [], '/api/ping': EVERYTHING, '/api/write': EVERYTHING, '/api/config': [], '/api/users': [] },
    ],
    [
      { name: 'x'.repeat(200), password: 'pw', permissions: ['all'] },
      {
        '/api': EVERYTHING,
        '/api/ping': EVERYTHING,
        '/api/write': EVERYTHING,
        '/api/config': EVERYTHING,
        '/api/users': ['read'],
      },
    ],
    [
      { name: 'nobody', password: 'pw' },
      { '/api': [], '/api/ping': [], '/api/write': [], '/api/config': [], '/api/users': [] },
    ],
  ])('returns the user and its privileges: $name', async (user, privileges) => {
    const root: NewUser = { name: 'another-admin', password: 'pw', type: 'admin' };
    const { send } = await serveMe({}, [root, user]);
    const { status, headers, body } = await send({ path: ME, auth: `${user.name}:pw` });
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual({
      link: { rel: 'self', href: `/kapacitor/v1/users/${user.name}` },
      name: user.name,
      type: user.type ?? 'normal',
      permissions: user.permissions ?? [],
      privileges,
    });
  });

  it.each([
    ['/kapacitor/v1/me/', '/kapacitor/v1/users/nobody'],
    ['/kapacitor/v1/me//', '/kapacitor/v1/users/nobody'],
    ['/kapacitor/v1/me?fields=type&fields=permissions', '/kapacitor/v1/users/nobody'],
    ['/kapacitor/v1/ME', '/kapacitor/v1/users/nobody'],
    ['/Kapacitor/V1/Me/', '/Kapacitor/V1/users/nobody'],
    ['/kapacitor/v1preview/me', '/kapacitor/v1/users/nobody'],
    ['http://localhost/kapacitor/v1/me', '/kapacitor/v1/users/nobody'],
    ['/x/kapacitor/v1/me', '/x/kapacitor/v1/users/nobody'],
  ])('is answered at %s as well, with the link that the users API gives', async (path, href) => {
    const { send } = await serveMe();
    const { status, body } = await send({ path, auth: 'nobody:pw' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ link: { href }, name: 'nobody' });
    const usersPath = path.replace('http://localhost', '').replace(/me\/*(\?.*)?$/i, 'users/nobody');
    expect((await send({ path: usersPath, auth: 'nobody:pw' })).body).toMatchObject({ link: { href } });
  });

  it('shows a change at the next request', async () => {
    const { auth, send } = await serveMe();
    await send({ path: ME, auth: 'nobody:pw' });
    await auth.users.update('nobody', { permissions: ['write_points'] });
    expect((await send({ path: ME, auth: 'nobody:pw' })).body).toMatchObject({
      permissions: ['write_points'],
      privileges: { '/api/write': EVERYTHING },
    });
    await auth.users.update('nobody', { enabled: false });
    expect((await send({ path: ME, auth: 'nobody:pw' })).status).toBe(401);
  });

  it('returns ADMIN_USER while authentication is off', async () => {
    const { auth, send } = await serveMe();
    auth.authEnabled = false;
    const { status, body } = await send({ path: ME });
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'ADMIN_USER', type: 'admin', privileges: { '/api/users': EVERYTHING } });
  });

  it.each([undefined, 'nobody:wrong', 'unknown:pw'])('answers 401 to %s', async (credentials) => {
    const { send } = await serveMe();
    const answer = await send({ path: ME, ...(credentials !== undefined && { auth: credentials }) });
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'www-authenticate': CHALLENGE });
    expect(answer.body.privileges).toBeUndefined();
  });

  it('contains no hash', async () => {
    const { send } = await serveMe();
    expect((await send({ path: ME, auth: 'api:pw' })).text).not.toContain('$2b$');
  });
});

describe('another method at /kapacitor/v1/me', () => {
  it('may be HEAD: the answer of GET without a body', async () => {
    const { send } = await serveMe();
    const got = await send({ path: ME, auth: 'nobody:pw' });
    const { status, headers, text } = await send({ method: 'HEAD', path: ME, auth: 'nobody:pw' });
    expect(status).toBe(200);
    expect(headers['content-length']).toBe(got.headers['content-length']);
    expect(text).toBe('');
  });

  it('may be OPTIONS: 204, with the methods for a request with credentials', async () => {
    const { send } = await serveMe();
    const preflight = await send({ method: 'OPTIONS', path: ME });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.allow).toBeUndefined();
    const answer = await send({ method: 'OPTIONS', path: ME, auth: 'nobody:pw' });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({ allow: ALLOW, 'cache-control': 'no-store' });
    expect((await send({ method: 'OPTIONS', path: ME, auth: 'nobody:wrong' })).status).toBe(401);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])('gets 405: %s', async (method) => {
    const { send } = await serveMe();
    for (const auth of ['nobody:pw', 'root:r00t']) {
      const answer = await send({ method, path: ME, auth });
      expect(answer.status).toBe(405);
      expect(answer.headers).toMatchObject({ allow: ALLOW, 'cache-control': 'no-store' });
      expect(answer.body).toEqual(errorBody('method not allowed'));
    }
    expect((await send({ method, path: ME })).status).toBe(401);
  });
});

describe('a path that resembles /kapacitor/v1/me', () => {
  it.each(['/kapacitor/v1/me/else', '/kapacitor/v1/time', '/kapacitor/v1/%6De', '/me', '/kapacitor/v2/me'])(
    'belongs to the app, and needs a privilege: %s',
    async (path) => {
      const { send } = await serveMe();
      expect((await send({ path, auth: 'nobody:pw' })).status).toBe(403);
      expect(await send({ path, auth: 'api:pw' })).toMatchObject({ status: 299, text: path });
      expect((await send({ path })).status).toBe(401);
    },
  );

  it('belongs to the app while there are no users', async () => {
    const { send } = await serveMe({ http: { authEnabled: false }, auth: { enabled: false } }, []);
    expect(await send({ path: ME, isDocumented: false })).toMatchObject({ status: 299, text: ME });
  });

  it('is a user of that name below the users', async () => {
    const { send } = await serveMe({}, [
      { name: 'me', password: 'pw', permissions: ['write_points'] },
      { name: 'api', password: 'pw', permissions: ['api'] },
    ]);
    const path = '/kapacitor/v1/users/me';
    const shown = { name: 'me', permissions: ['write_points'] };
    for (const auth of ['me:pw', 'api:pw']) expect((await send({ path, auth })).body).toMatchObject(shown);
    expect((await send({ path, auth: 'api:pw' })).body.privileges).toBeUndefined();
    expect((await send({ path: ME, auth: 'api:pw' })).body).toMatchObject({ name: 'api' });
    expect((await send({ path: ME, auth: 'me:pw' })).body).toMatchObject(shown);
  });
});
