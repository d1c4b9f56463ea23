import express from 'express';
import { type KapacitorAuthConfig, MemoryUserRepository, type StoredUser } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { FORM, JSON_TYPE } from '../support/content-types.js';
import { serve } from '../support/server.js';
import { USERS } from '../support/users-server.js';

const BATCH = `${USERS}/batch`;

async function setUp(auth: KapacitorAuthConfig['auth'] = {}) {
  const store = new MemoryUserRepository();
  const created = await createAuth({ auth: { store, ...auth } });
  const { send } = await serve(express().use(created));
  const post = (body: unknown, user = 'root:r00t', headers: Record<string, string> = JSON_TYPE) =>
    send({ method: 'POST', path: BATCH, auth: user, headers, body: JSON.stringify(body) });
  const batch = async (...operations: unknown[]) => (await post({ operations })).body.results;
  const tagOf = async (name: string) =>
    (await send({ path: `${USERS}/${name}`, auth: 'root:r00t' })).headers.etag as string;
  return { auth: created, store, send, post, batch, tagOf };
}

const failure = (status: number, message: string, code: string) => ({ status, error: message, message, code });

describe('POST users/batch', () => {
  it('creates, changes and deletes, with a result for each in the order of the operations', async () => {
    const { auth, batch, tagOf } = await setUp();
    const results = await batch(
      { op: 'delete', name: 'config' },
      { op: 'create', name: 'kim', password: 'pw', permissions: ['api'], note: 'x' },
      { op: 'change', name: 'api', enabled: false },
      { op: 'create', name: 'nobody', password: 'pw' },
      { op: 'change', name: 'gone', enabled: true },
      { op: 'delete', name: 'gone-too' },
    );
    const kim = { link: { rel: 'self', href: `${USERS}/kim` }, name: 'kim', type: 'normal', permissions: ['api'] };
    expect(results).toEqual([
      { status: 204 },
      { status: 200, user: { ...kim, note: 'x' }, etag: await tagOf('kim') },
      { status: 200, user: expect.objectContaining({ name: 'api', enabled: false }), etag: await tagOf('api') },
      failure(409, 'user "nobody" already exists', 'USER_EXISTS'),
      failure(404, 'no user exists', 'USER_NOT_FOUND'),
      { status: 204 },
    ]);
    expect((await auth.users.list()).map(({ name }) => name)).toEqual(['api', 'kim', 'nobody', 'root']);
  });

  it('gives a malformed operation a result of its own', async () => {
    const { batch } = await setUp();
    const results = await batch(
      7,
      { name: 'x' },
      { op: 'remove', name: 'y' },
      { op: 'delete', name: 'z', force: true },
      { op: 'delete' },
      { op: 'change', name: 'api', enable: false },
      { op: 'change', name: 'config', ifMatch: 'abc' },
      { op: 'change', name: 'config2', ifMatch: 7 },
      { op: 'create', name: 'a b', password: 'pw' },
      { op: 'create', name: 'new', password: 'pw', ifMatch: '*' },
      { op: 'change', name: 'nobody', currentPassword: 'pw', password: 'x' },
      { op: 'create', name: 'kim', password: 'pw' },
    );
    expect(results.map(({ status }: { status: number }) => status)).toEqual([...Array(11).fill(400), 200]);
    expect(results[0].error).toBe('an operation must be an object, not a number');
    expect(results[1].error).toBe('op must be "create", "change" or "delete", not undefined');
    expect(results[3].error).toBe('unknown field "force": a deletion has name');
    expect(results[5]).toMatchObject({ error: 'unknown field "enable": did you mean enabled?', code: 'USER_INVALID' });
    expect(results[7].error).toBe('ifMatch must be a text, not a number');
  });

  it.each([
    [[], 'a batch must be an object with operations, not an array'],
    [{}, 'operations must be an array, not undefined'],
    [{ operations: {} }, 'operations must be an array, not an object'],
    [{ operations: [] }, 'a batch has 1 to 1000 operations, not 0'],
    [{ operations: Array(1_001).fill({}) }, 'a batch has 1 to 1000 operations, not 1001'],
    [{ operation: [] }, 'unknown field "operation": did you mean operations?'],
    [
      {
        operations: [
          { op: 'delete', name: 'api' },
          { op: 'create', name: 'api', password: 'pw' },
        ],
      },
      'a batch has one operation a user, not two on "api"',
    ],
  ])('is refused as a whole: %j', async (body, error) => {
    const { auth, post } = await setUp();
    expect(await post(body)).toMatchObject({ status: 400, body: { error } });
    expect(await auth.users.get('api')).toBeDefined();
  });

  it('is for admins alone, and not for pages of other sites', async () => {
    const { auth, send, post } = await setUp();
    const body = { operations: [{ op: 'delete', name: 'api' }] };
    for (const user of ['api:pw', 'nobody:pw']) expect((await post(body, user)).status).toBe(403);
    expect((await post(body, 'root:wrong')).status).toBe(401);
    expect((await post(body, 'root:r00t', { ...FORM, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect(await auth.users.get('api')).toBeDefined();
    expect(auth.can((await auth.users.get('api')) as never, 'POST', BATCH)).toBe(false);
    expect((await send({ path: BATCH, auth: 'root:r00t' })).status).toBe(404);
  });

  it('leaves the path to a user of this name for the other methods', async () => {
    const { send, batch } = await setUp();
    await batch({ op: 'create', name: 'batch', password: 'pw' });
    expect((await send({ path: BATCH, auth: 'batch:pw' })).body).toMatchObject({ name: 'batch' });
    const body = JSON.stringify({ operations: [{ op: 'delete', name: 'api' }] });
    expect((await send({ method: 'POST', path: BATCH, auth: 'batch:pw', headers: JSON_TYPE, body })).status).toBe(403);
    expect((await send({ method: 'DELETE', path: BATCH, auth: 'root:r00t' })).status).toBe(204);
  });

  it('heeds ifMatch', async () => {
    const { batch, tagOf } = await setUp();
    const [api, config] = [await tagOf('api'), await tagOf('config')];
    const results = await batch(
      { op: 'change', name: 'api', note: 'x', ifMatch: api },
      { op: 'change', name: 'config', note: 'x', ifMatch: api },
      { op: 'delete', name: 'nobody', ifMatch: config },
      { op: 'delete', name: 'gone', ifMatch: '*' },
    );
    expect(results).toMatchObject([
      { status: 200 },
      { status: 412, code: 'PRECONDITION_FAILED', etag: config },
      { status: 412, etag: await tagOf('nobody') },
      { status: 412, message: expect.stringContaining('user "gone" does not exist') },
    ]);
    expect(results[3]).not.toHaveProperty('etag');
  });

  it('takes a body that has a thousand new users, and none over 1 MiB', async () => {
    const { post } = await setUp();
    const operations = [{ op: 'create', name: 'kim', password: 'pw', note: 'x'.repeat(200) }];
    const large = { operations: [...operations, ...Array(900).fill({ x: 'y'.repeat(200) })] };
    expect((await post(large)).status).toBe(200);
    expect(await post({ operations: [{ x: 'y'.repeat(1_048_576) }] })).toMatchObject({
      status: 413,
      body: { error: 'request body must be at most 1024 KiB' },
    });
  });
});

describe('the admins of a batch', () => {
  it('can be exchanged in any order: the new one is made first', async () => {
    const { auth, batch } = await setUp();
    const results = await batch(
      { op: 'delete', name: 'root' },
      { op: 'change', name: 'api', type: 'admin' },
      { op: 'create', name: 'kim', password: 'pw', type: 'admin' },
    );
    expect(results).toMatchObject([{ status: 204 }, { status: 200 }, { status: 200 }]);
    expect((await auth.users.list({ type: 'admin' })).map(({ name }) => name)).toEqual(['api', 'kim']);
  });

  it('never all go: one is left, and the others are done', async () => {
    const { auth, batch } = await setUp();
    for (const name of ['a1', 'a2']) await auth.users.create({ name, password: 'pw', type: 'admin' });
    const results = await batch(
      { op: 'delete', name: 'root' },
      { op: 'change', name: 'a1', enabled: false },
      { op: 'change', name: 'a2', type: 'normal' },
      { op: 'delete', name: 'api' },
    );
    expect(results).toMatchObject([
      { status: 409, code: 'LAST_ADMIN' },
      { status: 200 },
      { status: 200 },
      { status: 204 },
    ]);
    expect((await auth.users.list({ type: 'admin', enabled: true })).map(({ name }) => name)).toEqual(['root']);
  });

  it('are reconsidered before each step: what a demoted admin has not begun is refused', async () => {
    const { auth, store, batch } = await setUp();
    await auth.users.create({ name: 'other', password: 'pw', type: 'admin' });
    const { replace } = store;
    vi.spyOn(store, 'replace').mockImplementationOnce((user, revision) => {
      const outcome = replace.call(store, user, revision);
      const root = store.find('root') as never as { revision: string };
      replace.call(store, { ...root, type: 'normal', revision: 'demoted' } as never, root.revision);
      return outcome;
    });
    const results = await batch({ op: 'change', name: 'api', type: 'admin' }, { op: 'delete', name: 'config' });
    expect(results).toMatchObject([{ status: 200 }, { status: 403, code: 'FORBIDDEN' }]);
    expect(await auth.users.get('config')).toBeDefined();
  });

  it('change themselves at the end, within the limit of changes of one’s own password', async () => {
    const { auth, batch, post } = await setUp();
    const results = await batch(
      { op: 'change', name: 'root', password: 'other' },
      { op: 'delete', name: 'api' },
      { op: 'create', name: 'kim', password: 'pw' },
    );
    expect(results).toMatchObject([{ status: 200 }, { status: 204 }, { status: 200 }]);
    for (let count = 1; count < 10; count += 1)
      await auth.users.by({ by: 'root' }).update('root', { password: `${count}` });
    const { body } = await post({ operations: [{ op: 'change', name: 'root', password: 'x' }] }, 'root:9');
    expect(body.results).toMatchObject([{ status: 429, code: 'THROTTLED' }]);
  });

  it('do not change their own password with a key', async () => {
    const { auth, post } = await setUp();
    const { key } = await auth.keys.create('root', { name: 'k' });
    const operations = [
      { op: 'change', name: 'root', password: 'x' },
      { op: 'change', name: 'api', password: 'x' },
    ];
    expect((await post({ operations }, `root:${key}`)).body.results).toMatchObject([{ status: 403 }, { status: 200 }]);
  });
});

describe('the audit of a batch', () => {
  it('has the operations that are malformed or forbidden, as it has such single requests', async () => {
    const { auth, post } = await setUp();
    const { key } = await auth.keys.create('root', { name: 'k' });
    const failed: unknown[] = [];
    const denied: unknown[] = [];
    auth.on('user-operation-failed', ({ operation, user, by, code }) => failed.push([operation, user, by, code]));
    auth.on('denied', ({ user, status, reason }) => denied.push([user, status, reason]));
    const operations = [
      7,
      { op: 'remove', name: 'nobody' },
      { op: 'change', name: 'api', ifMatch: 'abc' },
      { op: 'delete', name: 'config', force: true },
      { op: 'change', name: 'root', password: 'x' },
    ];
    await post({ operations }, `root:${key}`);
    expect(failed).toEqual([
      ['change', 'api', 'root', 'REQUEST_INVALID'],
      ['delete', 'config', 'root', 'REQUEST_INVALID'],
    ]);
    expect(denied).toEqual([
      ['root', 403, 'a key does not change the password of its owner: log in with the password'],
    ]);
  });

  it('has what is refused because the admin was demoted meanwhile', async () => {
    const { auth, store, batch } = await setUp();
    await auth.users.create({ name: 'other', password: 'pw', type: 'admin' });
    const { replace } = store;
    vi.spyOn(store, 'replace').mockImplementationOnce((user, revision) => {
      const root = store.find('root') as StoredUser;
      replace.call(store, { ...root, type: 'normal', revision: 'demoted' }, root.revision);
      return replace.call(store, user, revision);
    });
    const denied: unknown[] = [];
    auth.on('denied', ({ user, status, reason }) => denied.push([user, status, reason]));
    await batch({ op: 'change', name: 'api', type: 'admin' }, { op: 'delete', name: 'config' });
    expect(denied).toEqual([['root', 403, 'user root may not manage users: an admin is required']]);
  });
});
