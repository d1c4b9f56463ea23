import express from 'express';
import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { FORM } from '../support/content-types.js';
import { basic, errorBody, serve } from '../support/server.js';
import { KEYS, serveKeys, USERS } from '../support/users-server.js';

describe('the keys of a user', () => {
  it.each(['api:pw', 'root:r00t'])(
    'are made, listed, shown and deleted by the user and by admins: %s',
    async (auth) => {
      const { post, send } = await serveKeys();
      const made = await post({ name: 'prometheus', expires: '2999-01-31T00:00:00+01:00', permissions: ['api'] }, auth);
      const { key, ...shown } = made.body;
      expect(made).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
      expect(key).toMatch(/^kap_[0-9A-Za-z]{36}$/);
      const path = `${KEYS}/${shown.id}`;
      expect(shown).toEqual({
        link: { rel: 'self', href: path },
        id: expect.stringMatching(/^[0-9A-Za-z]{16}$/),
        name: 'prometheus',
        permissions: ['api'],
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        expires: '2999-01-30T23:00:00.000Z',
      });
      expect((await send({ path: KEYS, auth })).body).toEqual({ keys: [shown] });
      expect((await send({ path, auth })).body).toEqual(shown);
      expect(await send({ method: 'HEAD', path, auth })).toMatchObject({ status: 200, text: '' });
      expect(await send({ method: 'DELETE', path, auth })).toMatchObject({ status: 204, text: '' });
      expect((await send({ path: KEYS, auth })).body).toEqual({ keys: [] });
      for (const method of ['GET', 'DELETE']) {
        expect(await send({ method, path, auth })).toMatchObject({ status: 404, body: { error: 'no key exists' } });
      }
    },
  );

  it('need a name only, and are sent without what they do not have', async () => {
    const { post } = await serveKeys();
    const { body } = await post({ name: 'a', expires: null, permissions: null, link: { rel: 'self' } });
    expect(Object.keys(body)).toEqual(['link', 'id', 'name', 'key', 'created']);
    expect((await post({ name: 'b', permissions: [] })).body.permissions).toEqual([]);
  });

  it('show when they were used last, and are deleted by their name as well', async () => {
    const store = new MemoryUserRepository();
    const auth = await createAuth({ auth: { store } });
    const { send } = await serve(express().use(auth));
    const { key } = await auth.keys.create('api', { name: 'a b' });
    const [digest] = store.secrets.list('api', 'key').map((secret) => secret.digest);
    store.secrets.recordUses([{ digest: digest as string, lastUsed: 0 }]);
    const { body } = await send({ path: KEYS, auth: `api:${key}` });
    expect(body.keys).toMatchObject([{ name: 'a b', lastUsed: '1970-01-01T00:00:00.000Z' }]);
    expect((await send({ method: 'DELETE', path: `${KEYS}/a%20b`, auth: 'api:pw' })).status).toBe(204);
    expect(await auth.keys.list('api')).toEqual([]);
  });

  it('have the name of their user in their link, below the path or the mount of the API', async () => {
    const auth = await createAuth({ http: { apiPath: '/api/v2' } });
    await auth.users.create({ name: 'Größe', password: 'pw' });
    const { send } = await serve(express().use('/admin/people', auth.usersRouter).use(auth));
    for (const base of ['/api/v2/users', '/admin/people']) {
      const path = `${base}/Gr%C3%B6%C3%9Fe/keys`;
      const { body } = await send({ method: 'POST', path, auth: 'Größe:pw', body: `{"name":"${base}"}` });
      expect(body.link.href).toBe(`${base}/Größe/keys/${body.id}`);
      expect((await send({ path: `${path}/${body.id}`, auth: 'root:r00t' })).body.name).toBe(base);
    }
    const elsewhere = { path: `${USERS}/api/keys`, auth: 'root:r00t', isDocumented: false };
    expect((await send(elsewhere)).status).toBe(404);
  });

  it('have names with every odd letter, which come back as they were', async () => {
    const { post, send } = await serveKeys();
    const names = ['../..', 'a/b', '%2F', '"<b>\'&;', '\\', '?#', 'Größe 日本 😀', 'constructor', '__proto__'];
    for (const name of names) expect((await post({ name })).body.name).toBe(name);
    const { body } = await send({ path: KEYS, auth: 'api:pw' });
    expect(body.keys.map(({ name }: { name: string }) => name).sort()).toEqual(names.toSorted());
  });
});

describe('whose keys a client may see and change', () => {
  // GET all, GET one, POST, DELETE one, OPTIONS, PUT.
  it.each<[string, number[]]>([
    ['the password of the user', [200, 200, 200, 204, 204, 405]],
    ['a key of the user', [200, 200, 403, 403, 204, 405]],
    ['a key of the user with permissions', [200, 200, 403, 403, 204, 405]],
    ['a key of the user without permissions', [200, 200, 403, 403, 204, 405]],
    ['another user, who may read all users', [403, 403, 403, 403, 403, 403]],
    ['an admin', [200, 200, 200, 204, 204, 405]],
    ['a key of an admin', [200, 200, 403, 204, 204, 405]],
    ['a key of an admin with permissions', [403, 403, 403, 403, 403, 403]],
    ['nobody', [401, 401, 401, 401, 204, 401]],
    ['a wrong key', [401, 401, 401, 401, 401, 401]],
  ])('depends on what it logs in with: %s', async (who, expected) => {
    const { auth, send } = await serveKeys();
    await auth.users.create({ name: 'all', password: 'pw', permissions: ['all'] });
    const keyOf = async (name: string, permissions?: readonly string[]) =>
      `Bearer ${(await auth.keys.create(name, { name: `of ${permissions?.length}`, permissions })).key}`;
    const credentials: Record<string, string | undefined> = {
      'the password of the user': basic('api:pw'),
      'a key of the user': await keyOf('api'),
      'a key of the user with permissions': await keyOf('api', ['all']),
      'a key of the user without permissions': await keyOf('api', []),
      'another user, who may read all users': basic('all:pw'),
      'an admin': basic('root:r00t'),
      'a key of an admin': await keyOf('root'),
      'a key of an admin with permissions': await keyOf('root', ['all']),
      'a wrong key': `Bearer kap_${'0'.repeat(36)}`,
    };
    const authorization = credentials[who];
    const { id } = await auth.keys.create('api', { name: 'a' });
    const one = `${KEYS}/${id}`;
    const statuses: number[] = [];
    for (const [method, path] of [
      ['GET', KEYS],
      ['GET', one],
      ['POST', KEYS],
      ['DELETE', one],
      ['OPTIONS', KEYS],
      ['PUT', KEYS],
    ] as const) {
      const body = method === 'POST' ? '{"name":"new"}' : '';
      const headers = authorization === undefined ? {} : { authorization };
      statuses.push((await send({ method, path, headers, body })).status);
    }
    expect(statuses).toEqual(expected);
  });

  it('is told to a key that may not, and to the audit', async () => {
    const { auth, send } = await serveKeys();
    const denied: unknown[] = [];
    auth.on('denied', ({ user, status, reason }) => denied.push([user, status, reason]));
    const { id, key } = await auth.keys.create('api', { name: 'a' });
    const limited = await auth.keys.create('root', { name: 'a', permissions: ['all'] });
    const post = { method: 'POST', path: KEYS, body: '{"name":"b"}' };
    const neither = 'a key neither makes keys nor changes those of its owner: log in with the password';
    const less =
      'user root may not manage users: an admin is required. The key that it uses may open less than the user';
    expect((await send({ ...post, auth: `api:${key}` })).body).toEqual(errorBody(neither));
    expect((await send({ method: 'DELETE', path: `${KEYS}/${id}`, auth: `:${key}` })).body).toEqual(errorBody(neither));
    expect((await send({ ...post, auth: `root:${limited.key}` })).body).toEqual(errorBody(less));
    await vi.waitFor(() => expect(denied).toHaveLength(3));
    expect(denied).toEqual([
      ['api', 403, neither],
      ['api', 403, neither],
      ['root', 403, less],
    ]);
    expect((await auth.keys.list('api')).map(({ name }) => name)).toEqual(['a']);
  });

  it('includes the password, which no key changes', async () => {
    const { auth, send } = await serveKeys();
    for (const name of ['api', 'root']) {
      const { key } = await auth.keys.create(name, { name: 'a' });
      for (const body of ['{"password":"x"}', '{"password":"x","currentPassword":"pw"}']) {
        const answer = await send({ method: 'PATCH', path: `${USERS}/${name}`, auth: `:${key}`, body });
        const message = 'a key does not change the password of its owner: log in with the password';
        expect(answer).toMatchObject({ status: 403, body: errorBody(message) });
      }
      expect((await send({ path: `${USERS}/${name}`, auth: `:${key}` })).status).toBe(200);
    }
    expect((await send({ path: USERS, auth: 'root:r00t' })).status).toBe(200);
  });

  it('is no key as the current password', async () => {
    const { auth, send } = await serveKeys();
    const { key } = await auth.keys.create('api', { name: 'a' });
    const body = JSON.stringify({ password: 'x', currentPassword: key });
    const answer = await send({ method: 'PATCH', path: `${USERS}/api`, auth: 'api:pw', body });
    expect(answer).toMatchObject({ status: 403, body: { error: 'the current password is wrong' } });
  });

  it('is everybody’s for ADMIN_USER while authentication is off', async () => {
    const { auth, post, send } = await serveKeys();
    auth.authEnabled = false;
    expect((await post({ name: 'a' })).status).toBe(200);
    expect((await send({ path: KEYS })).body.keys).toHaveLength(1);
  });
});

describe('the paths of keys', () => {
  it.each([
    ['PUT', KEYS, 405, 'GET, HEAD, POST, OPTIONS'],
    ['DELETE', KEYS, 405, 'GET, HEAD, POST, OPTIONS'],
    ['PATCH', `${KEYS}/1`, 405, 'GET, HEAD, DELETE, OPTIONS'],
    ['POST', `${KEYS}/1`, 405, 'GET, HEAD, DELETE, OPTIONS'],
    ['OPTIONS', KEYS, 204, 'GET, HEAD, POST, OPTIONS'],
    ['OPTIONS', `${KEYS}/1`, 204, 'GET, HEAD, DELETE, OPTIONS'],
    ['PROPFIND', `${KEYS}/1`, 405, 'GET, HEAD, DELETE, OPTIONS'],
  ])('tell their methods: %s %s', async (method, path, status, allow) => {
    const { send } = await serveKeys();
    expect(await send({ method, path, auth: 'api:pw' })).toMatchObject({ status, headers: { allow } });
    expect((await send({ method, path, auth: 'config:pw' })).status).toBe(403);
  });

  it.each([
    ['/kapacitor/v1preview/users/api/keys', 200],
    ['/KAPACITOR/V1/Users/api/KEYS/', 200],
    ['http://localhost/kapacitor/v1/users/api/keys', 200],
    [`${USERS}/%61pi/keys?x=1`, 200],
    [`${USERS}/API/keys`, 403],
    [`${USERS}/api%2Fkeys`, 404],
    [`${USERS}/api/%6beys`, 404],
    [`${USERS}/api//keys`, 404],
    // Express 4 takes two slashes for one.
    [`${USERS}//api/keys`, process.env['EXPRESS'] === '4' ? 200 : 404],
    [`${USERS}/nobody/../api/keys`, 404],
    [`${USERS}/%ff/keys`, 400],
  ])('are read as the router does, whoever asks: %s', async (path, status) => {
    const { send } = await serveKeys();
    expect((await send({ path, auth: 'api:pw' })).status).toBe(status);
    expect((await send({ path, auth: 'nobody:pw' })).status).toBe(status === 400 ? 400 : 403);
  });
});

describe('a page of another site', () => {
  it.each<[string, string, Record<string, string>]>([
    ['a form', 'POST', { ...FORM, 'Sec-Fetch-Site': 'cross-site' }],
    ['a text from another origin', 'POST', { 'Content-Type': 'text/plain', Origin: 'http://evil.example' }],
    ['a request after a preflight', 'DELETE', { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' }],
  ])('neither makes nor deletes keys with %s', async (_what, method, headers) => {
    const { auth, send } = await serveKeys();
    const { id } = await auth.keys.create('api', { name: 'a' });
    const path = method === 'POST' ? KEYS : `${KEYS}/${id}`;
    const answer = await send({ method, path, auth: 'api:pw', headers, body: method === 'POST' ? '{"name":"b"}' : '' });
    expect(answer).toMatchObject({ status: 403, body: errorBody('a page of another site may not change users') });
    expect((await auth.keys.list('api')).map(({ name }) => name)).toEqual(['a']);
  });
});

describe('a store that keeps no keys', () => {
  /** A repository of an app, which keeps users as another does. */
  const withoutSecretsOf = (repository: MemoryUserRepository, secrets?: unknown) =>
    ({
      find: (name) => repository.find(name),
      list: (query) => repository.list(query),
      insert: (user) => repository.insert(user),
      replace: (user, revision) => repository.replace(user, revision),
      remove: (name) => repository.remove(name),
      ...(secrets !== undefined && { secrets }),
    }) as UserRepository;

  it('is told to clients with 501, and to code with what it lacks', async () => {
    const auth = await createAuth({ auth: { store: withoutSecretsOf(new MemoryUserRepository()) } });
    const { send } = await serve(express().use(auth));
    for (const [method, path] of [
      ['GET', KEYS],
      ['POST', KEYS],
      ['GET', `${KEYS}/1`],
      ['DELETE', `${KEYS}/1`],
    ] as const) {
      const answer = await send({ method, path, auth: 'api:pw', body: method === 'POST' ? '{"name":"a"}' : '' });
      expect(answer).toMatchObject({ status: 501, body: { error: 'the user store of this server keeps no keys' } });
    }
    await expect(auth.keys.list('api')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /^the user store keeps no keys: it lacks secrets\.find, .*, secrets\.removeExpired$/,
      ),
    });
    expect((await send({ path: '/x', headers: { authorization: `Bearer kap_${'0'.repeat(36)}` } })).status).toBe(401);
  });

  it('stops the start if it has some of the methods only', async () => {
    const store = withoutSecretsOf(new MemoryUserRepository(), { find: () => undefined, list: () => [] });
    await expect(createAuth({ auth: { store } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        '[auth] store: the repository keeps secrets, and lacks secrets.insert, secrets.remove, secrets.removeAll, secrets.recordUses and secrets.removeExpired',
    });
  });
});
