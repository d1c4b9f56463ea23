import bcrypt from 'bcrypt';
import express from 'express';
import type { KapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { FORM } from '../support/content-types.js';
import { holdBack } from '../support/hold-back.js';
import { errorBody, serve } from '../support/server.js';
import { serveUsers, USERS } from '../support/users-server.js';

describe('the users API', () => {
  it('is never cached', async () => {
    const { send } = await serveUsers();
    for (const path of [USERS, `${USERS}/api`, `${USERS}/nobody/x`]) {
      expect((await send({ path, auth: 'root:r00t' })).headers['cache-control']).toBe('no-store');
    }
    expect((await send({ path: USERS })).headers['cache-control']).toBe('no-store');
  });

  it('lets a user change its own password, and nothing else of itself', async () => {
    const { send } = await serveUsers();
    const change = (auth: string, body: object, name = 'nobody') =>
      send({ method: 'PATCH', path: `${USERS}/${name}`, auth, headers: FORM, body: JSON.stringify(body) });
    expect((await change('nobody:pw', { password: 'mine' })).status).toBe(200);
    expect((await send({ path: `${USERS}/nobody`, auth: 'nobody:pw' })).status).toBe(401);
    expect((await send({ path: `${USERS}/nobody`, auth: 'nobody:mine' })).status).toBe(200);
    expect((await change('nobody:mine', { name: 'nobody', password: 'other' })).status).toBe(200);
    for (const body of [{ type: 'admin' }, { type: 'normal' }, { permissions: [] }, { password: 'x', type: 'admin' }]) {
      const { status, body: answer } = await change('nobody:other', body);
      expect(status).toBe(403);
      expect(answer).toEqual(errorBody('user nobody may not manage users: an admin is required'));
    }
    expect((await change('nobody:other', { password: 'x' }, 'api')).status).toBe(403);
    expect((await change('nobody:other', { password: 'x' }, 'NOBODY')).status).toBe(403);
    expect((await send({ path: `${USERS}/nobody`, auth: 'nobody:other' })).status).toBe(200);
  });

  it.each([
    ['PUT', `${USERS}/api`, 'GET, HEAD, PATCH, DELETE, OPTIONS'],
    ['DELETE', USERS, 'GET, HEAD, POST, OPTIONS'],
    ['PROPFIND', USERS, 'GET, HEAD, POST, OPTIONS'],
  ])('lists the allowed methods: %s %s', async (method, path, allow) => {
    const { send } = await serveUsers();
    const answer = await send({ method, path, auth: 'root:r00t' });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    expect((await send({ method, path, auth: 'api:pw' })).status).toBe(403);
  });

  it('shows users only to users who may read, and lets only admins change others, whatever they send', async () => {
    const { send } = await serveUsers();
    const ask = async (method: string, name: string) =>
      (await send({ method, path: `${USERS}/${name}`, auth: 'nobody:pw', body: method === 'PATCH' ? 'no JSON' : '' }))
        .status;
    expect([await ask('GET', 'api'), await ask('GET', 'nobody')]).toEqual([403, 200]);
    expect([await ask('PATCH', 'api'), await ask('PATCH', 'nobody')]).toEqual([403, 400]);
    // Where there is nothing it is not told either.
    expect([await ask('GET', 'a/b'), await ask('POST', 'a/b')]).toEqual([403, 403]);
  });

  it('answers OPTIONS with credentials to those who may read', async () => {
    const { send } = await serveUsers();
    expect((await send({ method: 'OPTIONS', path: USERS, auth: 'api:pw' })).headers.allow).toBe(
      'GET, HEAD, POST, OPTIONS',
    );
    expect((await send({ method: 'OPTIONS', path: USERS, auth: 'nobody:pw' })).status).toBe(403);
  });

  it('answers 400 to a path with invalid escapes', async () => {
    const { send } = await serveUsers();
    const { status, body } = await send({ path: `${USERS}/%ff`, auth: 'root:r00t' });
    expect(status).toBe(400);
    expect(body).toEqual(errorBody('malformed path'));
  });

  it('leaves other paths to the app', async () => {
    const { send } = await serveUsers();
    expect((await send({ path: '/kapacitor/v1/usersx', auth: 'api:pw' })).status).toBe(404);
    expect((await send({ path: '/kapacitor/v1/tasks/users', auth: 'api:pw' })).status).toBe(404);
    expect((await send({ path: '/kapacitor/v1/tasks/users', auth: 'nobody:pw' })).status).toBe(403);
  });
});

describe('a list that begins after a name', () => {
  const REFUSED = "invalid after parameter: it must be a user's name, at most 256 bytes";
  const ALL = ['Größe', 'a-b', 'a.b', 'ab', 'api', 'config', 'nobody', 'root', 'ｚ', '𐐀'];

  async function setUp() {
    const { auth, send } = await serveUsers();
    for (const name of ['a-b', 'a.b', 'ab', 'Größe', 'ｚ', '𐐀']) await auth.users.create({ name, password: 'pw' });
    const list = async (query: string) => send({ path: `${USERS}?${query}`, auth: 'api:pw' });
    const names = async (query: string) => (await list(query)).body.users.map(({ name }: { name: string }) => name);
    return { list, names };
  }

  it('leads through all users, each once, page by page', async () => {
    const { names } = await setUp();
    const listed: string[] = [];
    let page: string[];
    do {
      page = await names(`after=${encodeURIComponent(listed.at(-1) ?? '')}&limit=3`);
      listed.push(...page);
    } while (page.length === 3 && listed.length <= ALL.length);
    expect(listed).toEqual(ALL);
  });

  it('accepts a name beyond ASCII, and one that no user has', async () => {
    const { names } = await setUp();
    expect(await names('after=Gr%C3%B6%C3%9Fe&limit=1')).toEqual(['a-b']);
    expect(await names('after=%EF%BD%9A')).toEqual(['𐐀']);
    expect(await names('after=a+b%2f&limit=2')).toEqual(['a-b', 'a.b']);
  });

  it('is the advice for a limit that is too high', async () => {
    const { list, names } = await setUp();
    expect(await names('limit=10000')).toEqual(ALL);
    const { status, body } = await list('limit=10001');
    expect(status).toBe(400);
    expect(body).toEqual(
      errorBody('limit must be at most 10000: for more users, pass the last name of a page as after'),
    );
  });

  it('combines with a pattern, an offset and fields', async () => {
    const { list, names } = await setUp();
    expect(await names('after=a-b&pattern=a*&offset=1&limit=1')).toEqual(['ab']);
    expect((await list('after=ab&pattern=a*&fields=type')).body.users).toEqual([
      { link: { rel: 'self', href: `${USERS}/api` }, name: 'api', type: 'normal' },
    ]);
  });

  it('begins with the first user if the name is empty', async () => {
    const { names } = await setUp();
    expect(await names('after=')).toEqual(ALL);
    expect(await names('after')).toEqual(ALL);
  });

  it.each(['x'.repeat(257), '%C3%A9'.repeat(129), 'a%00b'])('is refused after %s', async (after) => {
    const { list } = await setUp();
    const { status, body } = await list(`after=${after}`);
    expect(status).toBe(400);
    expect(body).toEqual(errorBody(REFUSED));
  });
});

describe('the offset and the limit of a list', () => {
  it.each(['limit', 'offset'])('must be decimal numbers that can be counted: %s', async (parameter) => {
    const { send } = await serveUsers();
    for (const text of ['1e1', '0x1', '1.0', '99999999999999999999']) {
      const error = `invalid ${parameter} parameter "${text}" must be an integer`;
      const answer = await send({ path: `${USERS}?${parameter}=${text}`, auth: 'root:r00t' });
      expect(answer).toMatchObject({ status: 400, body: { error } });
    }
  });
});

describe('what users may do to themselves', () => {
  it.each(['DELETE', 'PUT', 'POST', 'PROPFIND'])('is no %s', async (method) => {
    const { auth, send } = await serveUsers();
    const answer = await send({ method, path: `${USERS}/api`, auth: 'api:pw' });
    expect(answer).toMatchObject({
      status: 403,
      body: errorBody('user api may not manage users: an admin is required'),
    });
    expect(auth.can(await auth.users.get('api'), method, `${USERS}/api`)).toBe(false);
  });
});

describe('the link of a user', () => {
  it.each([
    ['/admin/users', '/admin/users'],
    ['/about/me', '/about/me'],
    ['/x/kapacitor/v1preview/users', '/x/kapacitor/v1/users'],
    ['/KAPACITOR/V1PREVIEW/Users', '/KAPACITOR/v1/Users'],
    ['/v1preview/people', '/v1preview/people'],
  ])('is below the mount of the router, without the preview: %s', async (mount, users) => {
    const auth = await createAuth();
    const { send } = await serve(express().use(mount, auth.usersRouter));
    const { body } = await send({ path: `${mount}/api`, auth: 'root:r00t' });
    expect(body.link).toEqual({ rel: 'self', href: `${users}/api` });
  });
});

describe('a client that delays its body', () => {
  const CHANGED = { status: 403, body: errorBody('the user who asks has been changed meanwhile: ask again') };

  it('cannot take over an account with a password that has changed meanwhile', async () => {
    const { auth, finish } = await holdBack('PATCH', `${USERS}/api`, 'api:pw', '{"password":"thief"}');
    await auth.users.update('api', { password: 'owner' });
    expect(await finish()).toEqual(CHANGED);
  });

  it('cannot change a later user of the same name', async () => {
    const { auth, finish } = await holdBack('PATCH', `${USERS}/api`, 'api:pw', '{"password":"thief"}');
    await auth.users.delete('api');
    await auth.users.create({ name: 'api', password: 'owner', type: 'admin' });
    expect(await finish()).toEqual(CHANGED);
  });

  it.each([
    ['deleted', (auth: KapacitorAuth) => auth.users.delete('root'), CHANGED],
    ['disabled', (auth: KapacitorAuth) => auth.users.update('root', { enabled: false }), CHANGED],
    [
      'demoted',
      (auth: KapacitorAuth) => auth.users.update('root', { type: 'normal' }),
      { status: 403, body: errorBody('user root may not manage users: an admin is required') },
    ],
  ])('cannot make an admin if its own user was %s meanwhile', async (_what, change, answer) => {
    const body = '{"name":"back","password":"p","type":"admin"}';
    const { auth, finish } = await holdBack('POST', USERS, 'root:r00t', body);
    await auth.users.create({ name: 'other', password: 'p', type: 'admin' });
    await change(auth);
    expect(await finish()).toEqual(answer);
    expect(await auth.users.get('back')).toBeUndefined();
  });

  it('may make a change with its first request, with the router mounted alone', async () => {
    const auth = await createAuth();
    const app = express();
    app.use('/admin/users', auth.usersRouter);
    const { send } = await serve(app);
    const post = { method: 'POST', path: '/admin/users', auth: 'root:r00t', body: '{"name":"new","password":"p"}' };
    expect((await send(post)).status).toBe(200);
    const patch = { method: 'PATCH', path: '/admin/users/nobody', auth: 'nobody:pw', body: '{"password":"q"}' };
    expect((await send(patch)).status).toBe(200);
  });

  it('may make a change if nothing has changed', async () => {
    const { auth, finish } = await holdBack('PATCH', `${USERS}/api`, 'api:pw', '{"password":"own"}');
    await auth.users.update('api', { permissions: [] });
    expect(await finish()).toMatchObject({ status: 200, body: { name: 'api', permissions: [] } });
  });
});

describe('an admin who is deleted or demoted while a password of the request is hashed', () => {
  it.each<[string, (auth: KapacitorAuth) => Promise<unknown>]>([
    ['deleted', (auth) => auth.users.delete('evil')],
    ['demoted', (auth) => auth.users.update('evil', { type: 'normal' })],
    ['disabled', (auth) => auth.users.update('evil', { enabled: false })],
  ])('makes and changes no user: %s', async (_what, change) => {
    const auth = await createAuth();
    await auth.users.create({ name: 'evil', password: 'ev1l', type: 'admin' });
    const { send } = await serve(express().use(auth));
    await send({ path: USERS, auth: 'evil:ev1l' });
    for (const request of [
      { method: 'POST', path: USERS, body: '{"name":"late","password":"pw","type":"admin"}' },
      { method: 'PATCH', path: `${USERS}/root`, body: '{"password":"evil"}' },
    ]) {
      vi.spyOn(bcrypt, 'hash').mockImplementationOnce((async () => {
        await change(auth);
        return `$2b$04$${'x'.repeat(53)}`;
      }) as never);
      expect((await send({ ...request, auth: 'evil:ev1l' })).status).toBe(403);
      await auth.users.delete('evil');
      await auth.users.create({ name: 'evil', password: 'ev1l', type: 'admin' });
    }
    expect(await auth.users.get('late')).toBeUndefined();
    expect((await send({ path: USERS, auth: 'root:r00t' })).status).toBe(200);
  });
});
