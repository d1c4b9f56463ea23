import bcrypt from 'bcrypt';
import { describe, expect, it, vi } from 'vitest';
import { holdBack } from '../support/hold-back.js';
import { type Answer, errorBody } from '../support/server.js';
import { serveUsers, USERS } from '../support/users-server.js';

const TASKS = '/kapacitor/v1/tasks';

/** The users API, and how to change a user in it: as the admin, unless it is said as whom. */
async function setUp() {
  const { auth, send } = await serveUsers();
  const change = (name: string, changes: object | string, who = 'root:r00t') =>
    send({
      method: 'PATCH',
      path: `${USERS}/${name}`,
      auth: who,
      body: typeof changes === 'string' ? changes : JSON.stringify(changes),
    });
  const create = (user: object) => send({ method: 'POST', path: USERS, auth: 'root:r00t', body: JSON.stringify(user) });
  const get = (path: string, who = 'root:r00t') => send({ path, auth: who });
  /** The status of a request that the user `api` may make. No route answers it. */
  const login = (who = 'api:pw') => get(TASKS, who);
  return { auth, send, change, create, get, login };
}

/** All that a client can tell an answer by. */
function shownBy({ status, text, headers: { date, ...headers } }: Answer): object {
  return { status, text, headers };
}

describe('a user who is disabled', () => {
  it('is refused at the next request, even with a cached login', async () => {
    const { change, login } = await setUp();
    expect((await login()).status).toBe(404);
    const compare = vi.spyOn(bcrypt, 'compare');
    expect((await login()).status).toBe(404);
    expect(compare).not.toHaveBeenCalled();
    expect((await change('api', { enabled: false })).status).toBe(200);
    expect((await login()).status).toBe(401);
  });

  it('is refused at a first login as well', async () => {
    const { change, login } = await setUp();
    await change('api', { enabled: false });
    expect((await login()).status).toBe(401);
  });

  it('gets the answer that a wrong password and an unknown user get', async () => {
    const { change, login } = await setUp();
    await login();
    await change('api', { enabled: false });
    const answer = await login();
    expect(answer.body).toEqual(errorBody('authorization failed'));
    expect(answer.headers['www-authenticate']).toBe('Basic realm="Kapacitor", charset="UTF-8"');
    expect(shownBy(answer)).toEqual(shownBy(await login('config:wrong')));
    expect(shownBy(answer)).toEqual(shownBy(await login('unknown:pw')));
    expect(shownBy(answer)).toEqual(shownBy(await login('api:wrong')));
  });

  it('costs the work of an unknown user, and its right password does not match', async () => {
    const { change, login } = await setUp();
    await change('api', { enabled: false });
    const compare = vi.spyOn(bcrypt, 'compare');
    await login('unknown:pw');
    await login();
    const [unknown, disabled] = compare.mock.calls.map(([, hash]) => hash);
    expect(compare).toHaveBeenCalledTimes(2);
    expect(disabled).toBe(unknown);
  });

  it('keeps its password, type and permissions, and can log in again once enabled', async () => {
    const { change, login, get } = await setUp();
    await login();
    await change('api', { enabled: false });
    await login();
    const { status, body } = await change('api', { enabled: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'api', type: 'normal', permissions: ['api'] });
    expect((await get(`${USERS}/api`, 'api:pw')).status).toBe(200);
    expect((await login()).status).toBe(404);
  });

  it('can get a new password meanwhile', async () => {
    const { change, login } = await setUp();
    await change('api', { enabled: false });
    expect((await change('api', { password: 'new' })).body).toMatchObject({ enabled: false });
    expect((await login('api:new')).status).toBe(401);
    await change('api', { enabled: true });
    expect((await login()).status).toBe(401);
    expect((await login('api:new')).status).toBe(404);
  });

  it('can be created', async () => {
    const { create, change, login } = await setUp();
    const { status, body } = await create({ name: 'later', password: 'pw', permissions: ['api'], enabled: false });
    expect(status).toBe(200);
    expect(body).toEqual({
      link: { rel: 'self', href: `${USERS}/later` },
      name: 'later',
      type: 'normal',
      permissions: ['api'],
      enabled: false,
    });
    expect((await login('later:pw')).status).toBe(401);
    await change('later', { enabled: true });
    expect((await login('later:pw')).status).toBe(404);
  });

  it('cannot change its own password with a request whose body comes late', async () => {
    const { auth, send, finish } = await holdBack('PATCH', `${USERS}/api`, 'api:pw', '{"password":"own"}');
    await auth.users.update('api', { enabled: false });
    const message = 'the user who asks has been changed meanwhile: ask again';
    expect(await finish()).toEqual({ status: 403, body: errorBody(message) });
    await auth.users.update('api', { enabled: true });
    expect((await send({ path: TASKS, auth: 'api:pw' })).status).toBe(404);
  });

  it('cannot change its own password while that is being hashed', async () => {
    const { auth, change, login } = await setUp();
    vi.spyOn(bcrypt, 'hash').mockImplementationOnce((async () => {
      await auth.users.update('api', { enabled: false });
      return 'the new hash';
    }) as never);
    const { status, body } = await change('api', { password: 'own' }, 'api:pw');
    expect(status).toBe(403);
    expect(body).toEqual(errorBody('the user who asks has been changed meanwhile: ask again'));
    await auth.users.update('api', { enabled: true });
    expect((await login()).status).toBe(404);
  });
});

describe('the field enabled', () => {
  const NOBODY = { link: { rel: 'self', href: `${USERS}/nobody` }, name: 'nobody' };

  it('is absent while it is true, as Kapacitor’s clients expect', async () => {
    const { create, change, get } = await setUp();
    const answers = [
      (await create({ name: 'new', password: 'pw', enabled: true })).body,
      (await change('api', { enabled: true })).body,
      (await get(`${USERS}/api`)).body,
      ...(await get(USERS)).body.users,
    ];
    expect(answers).toHaveLength(8);
    for (const answer of answers) expect(Object.keys(answer)).toEqual(['link', 'name', 'type', 'permissions']);
  });

  it('is shown while it is false, for one user and in lists', async () => {
    const { change, get } = await setUp();
    const whole = { ...NOBODY, type: 'normal', permissions: [], enabled: false };
    expect((await change('nobody', { enabled: false })).body).toEqual(whole);
    expect((await get(`${USERS}/nobody`)).body).toEqual(whole);
    const { users } = (await get(USERS)).body;
    expect(users.filter((user: object) => 'enabled' in user)).toEqual([whole]);
  });

  it('can be selected in a list', async () => {
    const { change, get } = await setUp();
    await change('nobody', { enabled: false });
    const list = async (fields: string) => (await get(`${USERS}?pattern=[an]*&${fields}`)).body.users;
    const api = { link: { rel: 'self', href: `${USERS}/api` }, name: 'api' };
    expect(await list('fields=enabled')).toEqual([
      { ...api, enabled: true },
      { ...NOBODY, enabled: false },
    ]);
    expect(await list('fields=type')).toEqual([
      { ...api, type: 'normal' },
      { ...NOBODY, type: 'normal' },
    ]);
    expect(await list('fields=type&fields=enabled')).toEqual([
      { ...api, type: 'normal', enabled: true },
      { ...NOBODY, type: 'normal', enabled: false },
    ]);
  });

  it.each([
    ['{"enabled":"false"}', '"false"'],
    ['{"enabled":0}', '0'],
    ['{"enabled":[]}', 'an array'],
    ['{"enabled":""}', '""'],
  ])('refuses %s, and nothing changes', async (body, shown) => {
    const { auth, change, send } = await setUp();
    const refused = errorBody(`enabled must be true or false, not ${shown}`);
    const answer = await change('api', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(refused);
    const created = await send({
      method: 'POST',
      path: USERS,
      auth: 'root:r00t',
      body: body.replace('{', '{"name":"new","password":"pw",'),
    });
    expect(created.status).toBe(400);
    expect(created.body).toEqual(refused);
    expect(await auth.users.get('api')).toMatchObject({ enabled: true });
    expect(await auth.users.get('new')).toBeUndefined();
  });

  it('counts as absent if it is null', async () => {
    const { auth, change, create } = await setUp();
    await change('api', { enabled: false });
    expect((await change('api', { enabled: null })).body).toMatchObject({ enabled: false });
    expect((await change('nobody', { password: 'own', enabled: null }, 'nobody:pw')).status).toBe(200);
    expect((await create({ name: 'new', password: 'pw', enabled: null })).status).toBe(200);
    expect(await auth.users.get('new')).toMatchObject({ enabled: true });
  });
});

describe('a user who is not an admin', () => {
  it.each([
    ['disable itself', 'api', { enabled: false }],
    ['say that it is enabled', 'api', { enabled: true }],
    ['disable itself beside a new password', 'api', { password: 'own', enabled: false }],
    ['disable another', 'nobody', { enabled: false }],
    ['enable another', 'off', { enabled: true }],
  ])('cannot %s', async (_what, name, changes) => {
    const { auth, change, login } = await setUp();
    await auth.users.create({ name: 'off', password: 'pw', enabled: false });
    const before = await auth.users.get(name);
    const { status, body } = await change(name, changes, 'api:pw');
    expect(status).toBe(403);
    expect(body).toEqual(errorBody('user api may not manage users: an admin is required'));
    expect(await auth.users.get(name)).toEqual(before);
    expect((await login()).status).toBe(404);
  });
});

describe('the last admin', () => {
  it('cannot be disabled unless another admin is enabled', async () => {
    const { auth, change, get } = await setUp();
    await auth.users.create({ name: 'off', password: 'pw', type: 'admin', enabled: false });
    const { status, body } = await change('root', { enabled: false });
    expect(status).toBe(409);
    expect(body).toEqual(errorBody('the last admin cannot be disabled'));
    expect((await get(USERS)).status).toBe(200);
    await change('off', { enabled: true });
    expect((await change('root', { enabled: false })).status).toBe(200);
    expect((await get(USERS)).status).toBe(401);
    expect((await get(USERS, 'off:pw')).status).toBe(200);
  });
});
