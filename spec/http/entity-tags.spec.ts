import express from 'express';
import { MemoryUserRepository, type StoredUser } from 'kapacitor-auth';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { JSON_TYPE } from '../support/content-types.js';
import { serve } from '../support/server.js';
import { serveUsers, USERS } from '../support/users-server.js';

const API = `${USERS}/api`;
const TAG = /^"[\w-]{22}"$/;

interface Asked {
  readonly method: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

async function setUp() {
  const store = new MemoryUserRepository();
  const auth = await createAuth({ auth: { store } });
  const { send } = await serve(express().use(auth));
  const ask = ({ method, path = API, headers = {}, body }: Asked) =>
    send({
      ...{ method, path, auth: 'root:r00t', headers: { ...JSON_TYPE, ...headers } },
      ...(body !== undefined && method !== 'DELETE' && { body: JSON.stringify(body) }),
    });
  const tagOf = async (path = API) => (await ask({ method: 'GET', path })).headers.etag as string;
  return { auth, store, ask, tagOf };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the ETag of a user', () => {
  it('is strong, is no revision, and comes with each answer that has the user', async () => {
    const { auth, ask, tagOf } = await setUp();
    const shown = await tagOf();
    expect(shown).toMatch(TAG);
    expect(shown).not.toContain((await auth.users.get('api'))?.revision);
    expect((await ask({ method: 'HEAD' })).headers.etag).toBe(shown);
    expect((await ask({ method: 'GET', path: `${API}?fields=note` })).headers.etag).toBe(shown);
    const changed = await ask({ method: 'PATCH', body: { note: 'x' } });
    expect(changed.headers).toMatchObject({ etag: await tagOf(), 'cache-control': 'no-store' });
    const created = await ask({ method: 'POST', path: USERS, body: { name: 'new', password: 'pw' } });
    expect(created.headers.etag).toBe(await tagOf(`${USERS}/new`));
    expect((await ask({ method: 'GET', path: USERS })).headers.etag).toBeUndefined();
  });

  it.each([{ password: 'other' }, { enabled: false }, { permissions: [] }, { note: 'x' }, { type: 'admin' }])(
    'changes with the user: %j',
    async (changes) => {
      const { ask, tagOf } = await setUp();
      const before = await tagOf();
      expect((await ask({ method: 'PATCH', body: changes })).headers.etag).not.toBe(before);
      expect(await tagOf()).not.toBe(before);
    },
  );

  it('stays when nothing is changed, and when the user logs in', async () => {
    const { store, ask, tagOf } = await setUp();
    const before = await tagOf();
    store.logins.record([{ name: 'api', ago: 0 }]);
    expect((await ask({ method: 'PATCH', body: {} })).headers.etag).toBe(before);
    expect(await tagOf()).toBe(before);
  });

  it('is another one with each login where the answer has the last login, and is good for a change all the same', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
    const { store, ask, tagOf } = await setUp();
    const path = `${API}?fields=lastLogin`;
    const never = await tagOf(path);
    expect(never).toMatch(TAG);
    store.logins.record([{ name: 'api', ago: 0 }]);
    const etag = await tagOf(path);
    expect(etag).toBe(`${never.slice(0, -1)}.${(1_800_000_000_000).toString(36)}"`);
    expect((await ask({ method: 'GET', path, headers: { 'If-None-Match': never } })).status).toBe(200);
    expect((await ask({ method: 'GET', path, headers: { 'If-None-Match': etag } })).status).toBe(304);
    expect((await ask({ method: 'PATCH', headers: { 'If-Match': etag }, body: { note: 'x' } })).status).toBe(200);
  });

  it('is the same in every process that shares the store', async () => {
    const { store, tagOf } = await setUp();
    const other = await serve(express().use(await createAuth({ auth: { store } }, [])));
    expect((await other.send({ path: API, auth: 'api:pw' })).headers.etag).toBe(await tagOf());
  });
});

describe('a change with If-Match', () => {
  it.each(['PATCH', 'DELETE'])('is made if the user has this version: %s', async (method) => {
    for (const write of [
      (tag: string) => tag,
      () => '*',
      () => ' * ',
      (tag: string) => `"other", ${tag}`,
      (tag: string) => `,, W/"a,b" ,\t${tag},`,
    ]) {
      const { ask, tagOf } = await setUp();
      const headers = { 'If-Match': write(await tagOf()) };
      const { status } = await ask({ method, headers, body: { note: 'x' } });
      expect(status, headers['If-Match']).toBe(method === 'PATCH' ? 200 : 204);
    }
  });

  it.each(['PATCH', 'DELETE'])('is refused if it has another one: %s', async (method) => {
    const { auth, ask, tagOf } = await setUp();
    const former = await tagOf();
    await auth.users.update('api', { enabled: true, note: 'theirs' });
    const etag = await tagOf();
    for (const given of [former, `${former}, "x"`, `W/${etag}`, '""', `"${etag.slice(1, -2)}"`]) {
      const { status, body, headers } = await ask({ method, headers: { 'If-Match': given }, body: { note: 'mine' } });
      expect(status, given).toBe(412);
      expect(headers).toMatchObject({ etag, 'cache-control': 'no-store' });
      const message =
        `user "api" is not as the request expects it, its ETag is now ${etag}: ` +
        'read it again, and repeat the request if it still makes sense';
      expect(body).toEqual({ error: message, message });
    }
    expect(await auth.users.get('api')).toMatchObject({ note: 'theirs' });
  });

  it.each([
    '',
    ',',
    'abc',
    '"abc',
    'abc"',
    '"a" "b"',
    '"a", *',
    '*, "a"',
    '**',
    "'a'",
    'w/"a"',
    'W/ "a"',
    '"a";"b"',
    '"a b"',
  ])('is refused if the header is malformed: %j', async (given) => {
    const { auth, ask } = await setUp();
    for (const header of ['If-Match', 'If-None-Match']) {
      for (const method of ['PATCH', 'DELETE']) {
        const message = `${header} must be *, or ETags as they were answered, in double quotes and separated by commas`;
        const answer = await ask({ method, headers: { [header]: given }, body: { note: 'x' } });
        expect(answer).toMatchObject({ status: 400, body: { error: message } });
      }
    }
    expect((await auth.users.get('api'))?.note).toBeUndefined();
  });

  it('may have several header lines', async () => {
    const { ask, tagOf } = await setUp();
    const headers = { 'If-Match': ['"a"', await tagOf()] } as never;
    expect((await ask({ method: 'PATCH', headers, body: { note: 'x' } })).status).toBe(200);
    expect((await ask({ method: 'PATCH', headers, body: { note: 'y' } })).status).toBe(412);
  });

  it('says that a user is gone, where a request without the header would be made', async () => {
    const { ask } = await setUp();
    const path = `${USERS}/gone`;
    expect(await ask({ method: 'DELETE', path, headers: { 'If-Match': '*' } })).toMatchObject({
      status: 412,
      body: { error: expect.stringContaining('user "gone" does not exist') },
    });
    expect((await ask({ method: 'DELETE', path })).status).toBe(204);
    expect((await ask({ method: 'PATCH', path, headers: { 'If-Match': '*' }, body: { note: 'x' } })).status).toBe(404);
  });

  it('is one of several at once that is made', async () => {
    const { ask, tagOf } = await setUp();
    const headers = { 'If-Match': await tagOf() };
    const changes = Array.from({ length: 10 }, (_, index) =>
      ask({ method: 'PATCH', headers, body: { note: `${index}` } }),
    );
    const statuses = (await Promise.all(changes)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 412)).toHaveLength(9);
  });

  it('is compared with the user that is changed: a change that comes between the two is noticed', async () => {
    const { auth, store, ask, tagOf } = await setUp();
    const headers = { 'If-Match': await tagOf() };
    const { remove } = store;
    vi.spyOn(store, 'remove').mockImplementationOnce((name, revision) => {
      const before = store.find(name) as StoredUser;
      store.replace({ ...before, revision: 'between' }, before.revision);
      return remove.call(store, name, revision);
    });
    expect((await ask({ method: 'DELETE', headers })).status).toBe(412);
    expect(await auth.users.get('api')).toBeDefined();
  });

  it('is for one’s own password as well', async () => {
    const { send } = await serveUsers();
    const etag = (await send({ path: API, auth: 'api:pw' })).headers.etag as string;
    const change = (password: string, now: string) => {
      const headers = { ...JSON_TYPE, 'If-Match': etag };
      return send({ method: 'PATCH', path: API, auth: `api:${now}`, headers, body: JSON.stringify({ password }) });
    };
    expect((await change('other', 'pw')).status).toBe(200);
    expect((await change('third', 'other')).status).toBe(412);
    expect((await send({ path: API, auth: 'api:other' })).status).toBe(200);
  });
});

describe('a request with If-None-Match', () => {
  it('creates a user, or answers 412 if the name is taken', async () => {
    const { ask, tagOf } = await setUp();
    const headers = { 'If-None-Match': '*' };
    const create = () => ask({ method: 'POST', path: USERS, headers, body: { name: 'new', password: 'pw' } });
    expect((await create()).status).toBe(200);
    const etag = await tagOf(`${USERS}/new`);
    expect(await create()).toMatchObject({ status: 412, headers: { etag } });
    const withTag = { 'If-None-Match': '"x"' };
    const body = { name: 'new', password: 'pw' };
    expect((await ask({ method: 'POST', path: USERS, headers: withTag, body })).status).toBe(409);
  });

  it('is 304 without a body for the version that the client has', async () => {
    const { ask, tagOf } = await setUp();
    const etag = await tagOf();
    for (const given of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
      const answer = await ask({ method: 'GET', headers: { 'If-None-Match': given } });
      expect(answer).toMatchObject({ status: 304, text: '', headers: { etag, 'cache-control': 'no-store' } });
    }
    expect((await ask({ method: 'GET', headers: { 'If-None-Match': '"x"' } })).status).toBe(200);
  });

  it('is never done to a user of a version that it excludes', async () => {
    const { ask, tagOf } = await setUp();
    for (const given of ['*', await tagOf()]) {
      for (const method of ['PATCH', 'DELETE']) {
        expect((await ask({ method, headers: { 'If-None-Match': given }, body: { note: 'x' } })).status).toBe(412);
      }
    }
  });
});
