import { describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { errorBody } from '../support/server.js';
import { KEYS, serveKeys, USERS } from '../support/users-server.js';

describe('a key that cannot be made', () => {
  it.each<[unknown, string]>([
    [null, 'invalid JSON'],
    [5, 'invalid JSON'],
    ['a', 'invalid JSON'],
    [true, 'invalid JSON'],
    [['a'], 'invalid JSON'],
    [{}, 'the name of the key is required'],
    [{ name: null }, 'the name of the key is required'],
    [{ name: 5 }, 'the name of a key must be a text, not a number'],
    [{ name: { name: 'a' } }, 'the name of a key must be a text, not an object'],
    [
      { name: 'a\u200b' },
      'the name of a key has 1 to 64 visible characters, with single spaces between: "a\\u200b" does not',
    ],
    [
      { name: 'a', expires: 90 },
      'expires must be a duration such as "90d" or "12h", or a time such as "2027-01-31T00:00:00Z", not 90',
    ],
    [{ name: 'a', expires: '2001-01-31T00:00:00Z' }, 'expires must be in the future'],
    [{ name: 'a', permissions: 'api' }, 'permissions must be an array, not a text'],
    [
      { name: 'a', permissions: ['admin'] },
      'permission "admin" is not known: the permissions are none, api, config_api, write_points and all',
    ],
    [{ name: 'a', permissons: [] }, 'unknown field "permissons": did you mean permissions?'],
    [{ name: 'a', id: 'x' }, 'unknown field "id": a key has name, expires and permissions'],
    [{ name: 'a', key: 'kap_' }, 'unknown field "key": a key has name, expires and permissions'],
  ])('is refused with what is wrong: %j', async (body, message) => {
    const { auth, post } = await serveKeys();
    expect(await post(body)).toMatchObject({ status: 400, body: errorBody(message) });
    expect(await auth.keys.list('api')).toEqual([]);
  });

  it.each<[string, string | Buffer, number]>([
    ['nothing', '', 400],
    ['half of it', '{"name":', 400],
    ['no UTF-8', Buffer.from('{"name":"\xff"}', 'latin1'), 400],
    ['its fields twice, of which the last counts', '{"name":5,"name":"a"}', 200],
    ['a field on the prototype', '{"__proto__":{"name":"a"}}', 400],
    ['more than 64 KiB', `{"name":"${'x'.repeat(70_000)}"}`, 413],
  ])('has a body that is refused: %s', async (_what, body, status) => {
    const { send } = await serveKeys();
    expect((await send({ method: 'POST', path: KEYS, auth: 'api:pw', body })).status).toBe(status);
  });

  it('has the name of another, or is one too many', async () => {
    const { auth, post } = await serveKeys();
    for (let index = 0; index < 100; index += 1) await auth.keys.create('api', { name: `${index}` });
    const taken = 'there is a key "5" already: choose another name, or delete that key';
    expect(await post({ name: '5' })).toMatchObject({ status: 409, body: errorBody(taken) });
    expect(await post({ name: 'new' })).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining('100 keys') },
    });
  });

  it('is one of too many in a minute, unless an admin makes them', async () => {
    vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    const { auth, post } = await serveKeys();
    for (let index = 0; index < 20; index += 1) expect((await post({ name: `${index}` })).status).toBe(200);
    const refused = await post({ name: 'new' });
    expect(refused).toMatchObject({
      status: 429,
      body: { error: expect.stringMatching(/^too many new keys: try again in \d+ s$/) },
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await post({ name: 'new' }, 'root:r00t')).status).toBe(200);
    expect(await auth.keys.list('api')).toHaveLength(21);
  });

  it('belongs to nobody', async () => {
    const { post, send } = await serveKeys();
    for (const path of [`${USERS}/ghost/keys`, `${USERS}/a%20b/keys`, `${USERS}/a%2Fb/keys`]) {
      const nobody = { status: 404, body: { error: 'no user exists' } };
      expect(await post({ name: 'a' }, 'root:r00t', path)).toMatchObject(nobody);
      for (const [method, below] of [
        ['GET', ''],
        ['GET', '/1'],
        ['DELETE', '/1'],
      ] as const) {
        expect(await send({ method, path: path + below, auth: 'root:r00t' })).toMatchObject(nobody);
        // Where there is nothing it is not told either.
        expect((await send({ method, path: path + below, auth: 'config:pw' })).status).toBe(403);
      }
    }
  });
});
