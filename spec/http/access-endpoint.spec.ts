import { describe, expect, it } from 'vitest';
import { serveUsers, USERS } from '../support/users-server.js';

const ask = '?method=GET&path=/kapacitor/v1/config';

describe('GET users/NAME/access', () => {
  it('tells what auth.explain tells', async () => {
    const { auth, send } = await serveUsers();
    for (const name of ['root', 'api', 'config', 'nobody']) {
      for (const [method, path] of [
        ['GET', '/kapacitor/v1/config'],
        ['DELETE', '/kapacitor/v1/users/api'],
        ['PURGE', '/secrets'],
      ] as const) {
        const answer = await send({ path: `${USERS}/${name}/access?method=${method}&path=${path}`, auth: 'root:r00t' });
        expect(answer.status).toBe(200);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(answer.body).toEqual(auth.explain((await auth.users.get(name)) as never, method, path));
      }
    }
  });

  it('is for admins, and for the user itself', async () => {
    const { auth, send } = await serveUsers();
    for (const [name, about, status] of [
      ['root:r00t', 'api', 200],
      ['api:pw', 'api', 200],
      ['api:pw', 'nobody', 403],
      ['nobody:pw', 'nobody', 200],
    ] as const) {
      const path = `${USERS}/${about}/access`;
      expect((await send({ path: `${path}${ask}`, auth: name })).status, `${name} about ${about}`).toBe(status);
      const user = await auth.users.get(name.split(':')[0] as string);
      expect(auth.can(user, 'GET', path)).toBe(status === 200);
    }
    expect((await send({ path: `${USERS}/api/access${ask}` })).status).toBe(401);
    expect((await send({ path: `${USERS}/gone/access${ask}`, auth: 'root:r00t' })).status).toBe(404);
    expect((await send({ path: `${USERS}/gone/access${ask}`, auth: 'nobody:pw' })).status).toBe(403);
  });

  it('heeds the limits of the key with which a user asks about itself', async () => {
    const { auth, send } = await serveUsers();
    const { key } = await auth.keys.create('root', { name: 'k', permissions: ['write_points'] });
    const answer = await send({ path: `${USERS}/root/access${ask}`, auth: `root:${key}` });
    expect(answer.body).toMatchObject({ allowed: false, reason: expect.stringMatching(/^with this key, /) });
    const withPassword = await send({ path: `${USERS}/root/access${ask}`, auth: 'root:r00t' });
    expect(withPassword.body).toMatchObject({ allowed: true });
  });

  it('has no other method, and nothing below it', async () => {
    const { send } = await serveUsers();
    const path = `${USERS}/api/access`;
    expect(await send({ path, method: 'POST', auth: 'root:r00t' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
    expect((await send({ path: `${path}/x${ask}`, auth: 'root:r00t' })).status).toBe(404);
    expect((await send({ path, method: 'OPTIONS', auth: 'api:pw' })).status).toBe(204);
  });

  it.each([
    ['', 'parameter "method" is required, such as ?method=GET&path=/secrets'],
    ['?method=GET', 'parameter "path" is required, such as ?method=GET&path=/secrets'],
    ['?method=GET&path=', 'parameter "path" is required, such as ?method=GET&path=/secrets'],
    ['?method=get&path=/x', "methods are case-sensitive: did you mean 'GET'?"],
    ['?method=GET&path=x', "a path begins with a slash: did you mean '/x'?"],
    ['?methd=GET&path=/x', 'unknown parameter "methd": did you mean method?'],
  ])('tells what is wrong with a question: %s', async (query, error) => {
    const { send } = await serveUsers();
    const answer = await send({ path: `${USERS}/api/access${query}`, auth: 'api:pw' });
    expect(answer).toMatchObject({ status: 400, body: { error, message: error } });
  });
});
