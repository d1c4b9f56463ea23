import express from 'express';
import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAuth, ROOT } from '../support/auth.js';
import { JSON_TYPE } from '../support/content-types.js';
import { serve } from '../support/server.js';
import { USERS } from '../support/users-server.js';

const END = '2999-01-31T00:00:00.000Z';
const TIMES = 'fields=created&fields=passwordChanged&fields=lastLogin';

async function setUp() {
  const store = new MemoryUserRepository();
  const auth = await createAuth({ auth: { store } }, [
    ROOT,
    { name: 'kim', password: 'pw', permissions: ['api'], expires: END, note: 'until the end' },
    { name: 'lee', password: 'pw' },
  ]);
  const { send } = await serve(express().use(auth));
  const ask = (path: string, user = 'root:r00t') => send({ path, auth: user });
  const change = (method: string, path: string, body: object) =>
    send({ method, path, auth: 'root:r00t', headers: JSON_TYPE, body: JSON.stringify(body) });
  return { auth, store, ask, change };
}

const entry = (name: string, fields: object) => ({ link: { rel: 'self', href: `${USERS}/${name}` }, name, ...fields });

afterEach(() => {
  vi.useRealTimers();
});

describe('the account of a user', () => {
  it('is in answers as far as somebody has set it', async () => {
    const { ask } = await setUp();
    const kim = entry('kim', { type: 'normal', permissions: ['api'], expires: END, note: 'until the end' });
    expect((await ask(`${USERS}/kim`)).body).toEqual(kim);
    expect((await ask(`${USERS}/lee`)).body).toEqual(entry('lee', { type: 'normal', permissions: [] }));
    expect((await ask(`${USERS}?pattern=kim`)).body).toEqual({ users: [kim] });
    expect((await ask('/kapacitor/v1/me', 'kim:pw')).body).toMatchObject(kim);
  });

  it('is null where it was asked for and says nothing', async () => {
    const { ask } = await setUp();
    const fields = 'fields=expires&fields=mustChangePassword&fields=note&fields=enabled&fields=lastLogin';
    const lee = { enabled: true, expires: null, mustChangePassword: false, note: null, lastLogin: null };
    expect((await ask(`${USERS}/lee?${fields}`)).body).toEqual(entry('lee', lee));
    expect((await ask(`${USERS}?pattern=lee&${fields}`)).body.users).toEqual([entry('lee', lee)]);
  });

  it('is left out where other fields were asked for', async () => {
    const { ask } = await setUp();
    expect((await ask(`${USERS}/kim?fields=type`)).body).toEqual(entry('kim', { type: 'normal' }));
    expect((await ask(`${USERS}/kim?fields=note`)).body).toEqual(entry('kim', { note: 'until the end' }));
  });

  it('has times, which are there only if they are asked for', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2027-03-01T12:00:00Z') });
    const { ask, store } = await setUp();
    store.logins.record([{ name: 'kim', ago: 60_000 }]);
    const created = '2027-03-01T12:00:00.000Z';
    const times = { created, passwordChanged: created, lastLogin: '2027-03-01T11:59:00.000Z' };
    const shown = [`${USERS}/kim?${TIMES}`, `/kapacitor/v1/me?${TIMES}`];
    for (const path of shown) expect((await ask(path, 'kim:pw')).body).toMatchObject(entry('kim', times));
    expect((await ask(`${USERS}?${TIMES}`)).body.users).toEqual([
      entry('kim', times),
      entry('lee', { ...times, lastLogin: null }),
      entry('root', { ...times, lastLogin: null }),
    ]);
    for (const path of [`${USERS}/kim`, '/kapacitor/v1/me', USERS]) {
      expect((await ask(path, 'kim:pw')).text).not.toContain('2027');
    }
  });

  it('costs no look at the logins unless they are asked for', async () => {
    const { ask, store } = await setUp();
    const lastOf = vi.spyOn(store.logins, 'lastOf');
    for (const path of [USERS, `${USERS}/kim?fields=created`, '/kapacitor/v1/me']) await ask(path);
    expect(lastOf).not.toHaveBeenCalled();
  });

  it('is ADMIN_USER without any, while authentication is off', async () => {
    const { auth, ask } = await setUp();
    auth.authEnabled = false;
    const { status, body } = await ask(`/kapacitor/v1/me?${TIMES}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'ADMIN_USER', created: null, passwordChanged: null, lastLogin: null });
  });

  it.each([
    ['lastlogin', 'unsupported field "lastlogin": did you mean lastLogin?'],
    ['passwordChange', 'unsupported field "passwordChange": did you mean passwordChanged?'],
    ['password', 'unsupported field "password"'],
    ['hash', 'unsupported field "hash"'],
    ['revision', 'unsupported field "revision"'],
    ['', 'unsupported field ""'],
  ])('has no field %j', async (field, message) => {
    const { ask } = await setUp();
    for (const path of [USERS, `${USERS}/kim`, '/kapacitor/v1/me']) {
      const body = { error: message, message };
      expect(await ask(`${path}?fields=${field}`)).toMatchObject({ status: 400, body });
    }
  });
});

describe('a client that sends an account', () => {
  it('sets it with a new user', async () => {
    const { auth, change } = await setUp();
    const kim = { name: 'max', password: 'pw', expires: '90d', mustChangePassword: true, note: 'a clerk' };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2027-03-01T12:00:00Z') });
    const { status, body } = await change('POST', USERS, kim);
    expect(status).toBe(200);
    const account = { expires: '2027-05-30T12:00:00.000Z', mustChangePassword: true, note: 'a clerk' };
    expect(body).toEqual(entry('max', { type: 'normal', permissions: [], ...account }));
    expect(await auth.users.get('max')).toMatchObject({ ...account, expires: new Date(account.expires) });
  });

  it('may leave it empty with a new user', async () => {
    const { change } = await setUp();
    const max = { name: 'max', password: 'pw', expires: null, mustChangePassword: null, note: null, type: '' };
    const { status, body } = await change('POST', USERS, max);
    expect(status).toBe(200);
    expect(body).toEqual(entry('max', { type: 'normal', permissions: [] }));
  });

  it.each([
    { expires: null, note: null },
    { expires: null, note: '' },
  ])('removes it: %j', async (changes) => {
    const { change } = await setUp();
    const { body } = await change('PATCH', `${USERS}/kim`, changes);
    expect(body).toEqual(entry('kim', { type: 'normal', permissions: ['api'] }));
  });

  it('keeps the fields that are left out or null', async () => {
    const { auth, change } = await setUp();
    await auth.users.update('kim', { mustChangePassword: true });
    const changes = { mustChangePassword: null, enabled: null, permissions: null, type: null };
    const { body } = await change('PATCH', `${USERS}/kim`, changes);
    expect(body).toMatchObject({ expires: END, mustChangePassword: true, note: 'until the end', permissions: ['api'] });
  });

  it('may send back the answer with all fields', async () => {
    const { ask, change } = await setUp();
    const { body } = await ask(`${USERS}/kim?fields=type&fields=note&fields=expires&fields=enabled&${TIMES}`);
    expect(await change('PATCH', `${USERS}/kim`, body)).toMatchObject({ status: 200, body: { expires: END } });
  });

  it.each([
    [{ expires: 'soon' }, /^expires must be a duration/],
    [{ expires: '' }, /^expires must be a duration/],
    [{ expires: '2000-01-01T00:00:00Z' }, /^expires must be in the future$/],
    [{ mustChangePassword: 'yes' }, /^mustChangePassword must be true or false, not "yes"$/],
    [{ note: 'x'.repeat(201) }, /^note must have at most 200 characters, not 201$/],
    [{ note: 'a\nb' }, /^note must be one line/],
  ])('is told what is wrong with it: %j', async (fields, message) => {
    const { change } = await setUp();
    for (const [method, path, given] of [
      ['POST', USERS, { name: 'new', password: 'pw', ...fields }],
      ['PATCH', `${USERS}/kim`, fields],
    ] as const) {
      const answer = await change(method, path, given);
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatch(message);
    }
  });

  it('cannot change it as a user who is no admin', async () => {
    const { auth } = await setUp();
    const { send } = await serve(express().use(auth));
    for (const body of [{ note: 'x' }, { expires: null }, { mustChangePassword: false }]) {
      const request = { method: 'PATCH', path: `${USERS}/kim`, auth: 'kim:pw', headers: JSON_TYPE };
      expect((await send({ ...request, body: JSON.stringify(body) })).status).toBe(403);
    }
  });

  it('is told that a store of its own does not keep it', async () => {
    const memory = new MemoryUserRepository();
    const store: UserRepository = {
      find: (name) => memory.find(name),
      list: (query) => memory.list(query),
      insert: (user) => memory.insert(user),
      replace: (user, revision) => memory.replace(user, revision),
      remove: (name, revision) => memory.remove(name, revision),
    };
    const { send } = await serve(express().use(await createAuth({ auth: { store } }, [ROOT])));
    const body = JSON.stringify({ note: 'x' });
    const answer = await send({ method: 'PATCH', path: `${USERS}/root`, auth: 'root:r00t', headers: JSON_TYPE, body });
    expect(answer.body.error).toBe('the user store of this app does not keep note: leave it out');
    expect((await send({ path: `${USERS}/root?${TIMES}`, auth: 'root:r00t' })).body).toEqual(
      entry('root', { created: null, passwordChanged: null, lastLogin: null }),
    );
  });
});
