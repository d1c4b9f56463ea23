import type { User } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { serveUsers, USERS } from '../support/users-server.js';

const FIELDS = 'name, password, type, permissions, enabled, expires, mustChangePassword and note';
const CHANGES = 'name, password, type, permissions, enabled, expires, mustChangePassword, note and currentPassword';

async function setUp() {
  const { auth, send } = await serveUsers();
  const post = (body: object) =>
    send({ method: 'POST', path: USERS, auth: 'root:r00t', body: JSON.stringify({ ...NEW, ...body }) });
  const patch = (body: object, as = 'root:r00t') =>
    send({ method: 'PATCH', path: `${USERS}/api`, auth: as, body: JSON.stringify(body) });
  return { auth, send, post, patch };
}

const NEW = { name: 'new', password: 'pw' };

describe('an unknown field of a user', () => {
  it.each<[object, string]>([
    [{ enable: false }, 'unknown field "enable": did you mean enabled?'],
    [{ enable: null }, 'unknown field "enable": did you mean enabled?'],
    [{ permission: ['api'] }, 'unknown field "permission": did you mean permissions?'],
    [{ Password: 'secret' }, 'unknown field "Password": did you mean password?'],
  ])('is refused with a suggestion: %j', async (fields, error) => {
    const { auth, post, patch } = await setUp();
    const before = await auth.users.get('api');
    for (const ask of [post, patch]) {
      expect(await ask(fields)).toMatchObject({ status: 400, body: { error, message: error } });
    }
    expect(await auth.users.get('new')).toBeUndefined();
    expect(await auth.users.get('api')).toEqual(before);
  });

  it('is refused with the known fields', async () => {
    const { post, patch } = await setUp();
    expect((await post({ role: 'admin' })).body.error).toBe(`unknown field "role": a user has ${FIELDS}`);
    expect((await patch({ role: 'admin' })).body.error).toBe(`unknown field "role": a change of a user has ${CHANGES}`);
  });

  it('is refused before the privilege is checked, so that a user finds a typo in its own change', async () => {
    const { patch } = await setUp();
    const { status, body } = await patch({ passwrod: 'mine' }, 'api:pw');
    expect(status).toBe(400);
    expect(body.error).toBe('unknown field "passwrod": did you mean password?');
  });
});

describe('the answer of GET', () => {
  it('is accepted by POST and by PATCH', async () => {
    const { auth, send, post, patch } = await setUp();
    const { body: user } = await send({ path: `${USERS}/api`, auth: 'root:r00t' });
    expect((await patch({ ...user, enabled: false })).body).toEqual({ ...user, enabled: false });
    expect((await post({ ...user, name: 'twin' })).status).toBe(200);
    expect(await auth.users.get('twin')).toMatchObject({ permissions: ['api'] } satisfies Partial<User>);
  });

  it('is accepted by PATCH from its own user, with another password', async () => {
    const { send, patch } = await setUp();
    const { name, link } = (await send({ path: `${USERS}/api`, auth: 'api:pw' })).body;
    expect((await patch({ link, name, password: 'mine' }, 'api:pw')).status).toBe(200);
    expect((await send({ path: `${USERS}/api`, auth: 'api:mine' })).status).toBe(200);
  });

  it('is refused with another name', async () => {
    const { patch } = await setUp();
    expect((await patch({ name: 'other' })).body.error).toBe('a user cannot be renamed');
  });

  it('is refused with privileges, because they follow from permissions', async () => {
    const { send, patch } = await setUp();
    const { body: me } = await send({ path: '/kapacitor/v1/me', auth: 'api:pw' });
    const error = `unknown field "privileges": a change of a user has ${CHANGES}`;
    expect(await patch(me)).toMatchObject({ status: 400, body: { error } });
  });
});

describe('an invalid value of a field', () => {
  const THERE_ARE = 'the permissions are none, api, config_api, write_points and all';
  const NOT_KNOWN = `is not known: ${THERE_ARE}`;

  it.each<[object, string]>([
    [{ permissions: ['clerk'] }, `permission "clerk" ${NOT_KNOWN}`],
    [{ permissions: ['api', null] }, 'a permission must be a text, not null'],
    [{ permissions: ['Config_API'] }, 'permission "Config_API" is not known: did you mean config_api?'],
    [{ permissions: 'api' }, 'permissions must be an array, not a text'],
    [{ permissions: { api: true } }, 'permissions must be an array, not an object'],
    [{ type: 'clerk' }, 'type must be "admin" or "normal", not "clerk"'],
    [{ type: false }, 'type must be "admin" or "normal", not false'],
    [{ password: 123 }, 'password must be a text, not a number'],
    [{ password: { secret: 'secret' } }, 'password must be a text, not an object'],
    [{ name: 5 }, 'name must be a text, not a number'],
  ])('is named, with the valid values: %j', async (fields, error) => {
    const { auth, post, patch } = await setUp();
    const before = await auth.users.get('api');
    for (const ask of [post, patch]) {
      const answer = await ask(fields);
      expect(answer).toMatchObject({ status: 400, body: { error, message: error } });
      expect(answer.text).not.toMatch(/secret|123/);
    }
    expect(await auth.users.get('new')).toBeUndefined();
    expect(await auth.users.get('api')).toEqual(before);
  });
});
