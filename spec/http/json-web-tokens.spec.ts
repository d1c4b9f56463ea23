import bcrypt from 'bcrypt';
import express from 'express';
import { type KapacitorAuthConfig, MemoryUserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JsonWebTokens } from '../../lib/authentication/json-web-tokens.js';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { serveAudited, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';
import { handmadeToken, inSeconds, SECRET } from '../support/tokens.js';

const HOUR = 3_600_000;
const TASKS = '/kapacitor/v1/tasks';
const UNREADABLE = 'unable to parse authentication credentials';

beforeEach(() => {
  // Refusals are held back for a second: here for none.
  vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An app with a shared secret, and what asks it with a token. */
async function setUp(config: KapacitorAuthConfig = {}) {
  const app = await serveAudited({ config: { ...config, http: { sharedSecret: SECRET, ...config.http } } });
  const ask = (token: string, { path = TASKS, client = '192.0.2.1', scheme = 'Bearer', method = 'GET' } = {}) =>
    app.send({ method, path, headers: { Authorization: `${scheme} ${token}`, 'X-Forwarded-For': client } });
  return { ...app, ask };
}

function tokenFor(username: string, others: object = {}): string {
  return handmadeToken({ username, exp: inSeconds(HOUR), ...others });
}

describe('a request with a JSON Web Token', () => {
  it('runs as its user, with the privileges of the user, and without bcrypt', async () => {
    const compare = vi.spyOn(bcrypt, 'compare');
    const { ask } = await setUp();
    const api = tokenFor('api');
    for (let time = 0; time < 2; time += 1) {
      expect((await ask(api)).status).toBe(299);
      expect((await ask(api, { path: '/kapacitor/v1/config' })).status).toBe(403);
      expect((await ask(tokenFor('root'), { path: '/kapacitor/v1/users' })).body.users).toHaveLength(4);
    }
    expect((await ask(api, { path: '/kapacitor/v1/me' })).body).toMatchObject({ name: 'api', type: 'normal' });
    expect(compare).not.toHaveBeenCalled();
  });

  it('may write the scheme in any case, and no other scheme', async () => {
    const { ask } = await setUp();
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer  ']) {
      for (let time = 0; time < 2; time += 1) expect((await ask(tokenFor('api'), { scheme })).status).toBe(299);
    }
    for (const scheme of ['Token', 'Basic', 'JWT', 'XBearer']) {
      expect(await ask(tokenFor('api'), { scheme })).toMatchObject({ status: 401, body: { error: UNREADABLE } });
    }
    const query = `?u=api&p=${tokenFor('api')}`;
    expect((await ask('', { path: `${TASKS}${query}` })).status).toBe(401);
  });

  it('is told by its kind, and by its end', async () => {
    const auth = await createAuth({ http: { sharedSecret: SECRET } });
    const { send } = await serve(
      express()
        .use(auth)
        .use((req, res) => {
          res.json(auth.credentialOf(req));
        }),
    );
    const exp = inSeconds(HOUR);
    const headers = { Authorization: `Bearer ${handmadeToken({ username: 'api', exp })}` };
    expect((await send({ path: TASKS, headers })).body).toEqual({
      kind: 'jwt',
      expires: new Date(exp * 1_000).toISOString(),
    });
  });

  it('emits a login for each address', async () => {
    const repository = new MemoryUserRepository();
    const { auth, ask, told } = await setUp({ auth: { store: repository } });
    const user = await auth.verify(`Bearer ${tokenFor('api')}`, { from: '192.0.2.7' });
    expect(user).toMatchObject({ name: 'api' });
    await ask(tokenFor('api'));
    await untilTold();
    expect(told.map(([event, details]) => [event, details])).toEqual([
      ['login', expect.objectContaining({ user: 'api', how: 'jwt', from: '192.0.2.7' })],
      ['login', expect.objectContaining({ user: 'api', how: 'jwt', from: '192.0.2.1', path: TASKS })],
    ]);
  });

  it('asks the store for the user each time, so that a change is in force at the next request', async () => {
    const { auth, ask } = await setUp();
    const token = tokenFor('api');
    expect((await ask(token)).status).toBe(299);
    await auth.users.update('api', { permissions: ['config_api'] });
    expect((await ask(token)).status).toBe(403);
    expect((await ask(token, { path: '/kapacitor/v1/config' })).status).toBe(299);
    await auth.users.update('api', { type: 'admin' });
    expect((await ask(token)).status).toBe(299);
    await auth.users.update('api', { enabled: false });
    expect(await ask(token)).toMatchObject({ status: 401, body: { error: 'authorization failed' } });
    await auth.users.update('api', { enabled: true });
    expect((await ask(token)).status).toBe(299);
    await auth.users.delete('api');
    expect(await ask(token)).toMatchObject({ status: 401, body: { error: 'authorization failed' } });
  });

  it('works with a store that answers with promises', async () => {
    const repository = new MemoryUserRepository();
    const find = repository.find.bind(repository);
    vi.spyOn(repository, 'find').mockImplementation((async (name: string) => find(name)) as never);
    const { auth, ask } = await setUp({ auth: { store: repository } });
    const token = tokenFor('api');
    for (let time = 0; time < 2; time += 1) expect((await ask(token)).status).toBe(299);
    await auth.users.update('api', { enabled: false });
    expect((await ask(token)).status).toBe(401);
  });

  it('goes on after a change of the password, as in Kapacitor', async () => {
    const { auth, ask } = await setUp();
    const token = tokenFor('api');
    await ask(token);
    await auth.users.update('api', { password: 'another' });
    expect((await ask(token)).status).toBe(299);
  });

  it('ends with its token, also from the cache', async () => {
    const { ask } = await setUp();
    const exp = inSeconds(60_000);
    const token = tokenFor('api', { exp });
    expect((await ask(token)).status).toBe(299);
    vi.useFakeTimers({ toFake: ['Date'], now: exp * 1_000 });
    expect(await ask(token)).toMatchObject({ status: 401, body: { error: 'invalid token: Token is expired' } });
  });

  it('computes a signature once', async () => {
    const { ask } = await setUp();
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const token = tokenFor('api');
    for (let client = 0; client < 5; client += 1)
      expect((await ask(token, { client: `192.0.2.${client}` })).status).toBe(299);
    expect(verify).toHaveBeenCalledOnce();
    // Without the cache of verified credentials as well.
    const without = await setUp({ auth: { cacheExpiration: 0 } });
    for (let time = 0; time < 3; time += 1) expect((await without.ask(token)).status).toBe(299);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('may change its own password and nobody else, as with the password', async () => {
    const { auth, send } = await setUp();
    const patch = (name: string) =>
      send({
        method: 'PATCH',
        path: `/kapacitor/v1/users/${name}`,
        headers: { Authorization: `Bearer ${tokenFor('api')}` },
        body: JSON.stringify({ password: 'another' }),
      });
    expect((await patch('api')).status).toBe(200);
    expect((await patch('root')).status).toBe(403);
    expect(await auth.verify({ name: 'api', password: 'another' }, { from: '192.0.2.1' })).toBeDefined();
  });

  it('is refused with 503 while the store fails', async () => {
    const repository = new MemoryUserRepository();
    const { ask, told } = await setUp({ auth: { store: repository } });
    const token = tokenFor('api');
    await ask(token);
    vi.spyOn(repository, 'find').mockRejectedValue(new Error('gone') as never);
    expect((await ask(token)).status).toBe(503);
    expect((await ask(tokenFor('root'))).status).toBe(503);
    await untilTold();
    const failed = told.filter(([event]) => event === 'login-failed').map(([, details]) => details);
    expect(failed).toEqual([
      expect.objectContaining({ reason: 'store-unavailable', user: 'api' }),
      expect.objectContaining({ reason: 'store-unavailable', user: undefined }),
    ]);
  });
});

describe('a refused JSON Web Token', () => {
  it.each([
    [
      'wrong-token',
      handmadeToken({ username: 'api', exp: 9e9 }, { secret: 'another' }),
      'invalid token: signature is invalid',
    ],
    ['expired-token', handmadeToken({ username: 'api', exp: 1 }), 'invalid token: Token is expired'],
    ['malformed-token', 'a.b', 'invalid token: token contains an invalid number of segments'],
    ['unacceptable-token', handmadeToken({ username: 'api' }), 'token expiration required'],
  ])('gets 401 with the reason in Kapacitor’s words, and an event: %s', async (reason, token, error) => {
    const { ask, told } = await setUp();
    const answer = await ask(token);
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="Kapacitor", charset="UTF-8"' },
      body: { error, message: error },
    });
    await untilTold();
    expect(told).toEqual([['login-failed', expect.objectContaining({ reason, user: undefined, from: '192.0.2.1' })]]);
    expect(JSON.stringify(told)).not.toContain(token);
  });

  it.each([
    ['stan', 'unknown-user', 'stan'],
    ['not a name', 'unknown-user', undefined],
    ['nobody', 'user-disabled', 'nobody'],
    ['config', 'user-expired', 'config'],
  ])('gets the same answer for an unknown, a disabled and an expired user: %s', async (username, reason, user) => {
    const { auth, ask, told } = await setUp();
    await auth.users.update('nobody', { enabled: false });
    await auth.users.update('config', { expires: new Date(Date.now() + 1_000) });
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 1_000);
    await untilTold();
    told.length = 0;
    expect(await ask(tokenFor(username))).toMatchObject({ status: 401, body: { error: 'authorization failed' } });
    await untilTold();
    expect(told).toEqual([['login-failed', expect.objectContaining({ reason, user })]]);
  });

  it('is no credential without a shared secret', async () => {
    const { ask, told, auth } = await setUp({ http: { sharedSecret: undefined } });
    for (const token of [tokenFor('api'), handmadeToken({ username: 'api', exp: inSeconds(HOUR) }, { secret: '' })]) {
      expect(await ask(token)).toMatchObject({ status: 401, body: { error: UNREADABLE } });
      expect(await auth.verify(`Bearer ${token}`, { from: '192.0.2.1' })).toBeUndefined();
    }
    await untilTold();
    expect(told.map(([, details]) => details)).toEqual(
      Array(4).fill(expect.objectContaining({ reason: 'malformed-credentials' })),
    );
  });

  it('counts for the address of the client, whatever the token, and costs no bcrypt', async () => {
    const compare = vi.spyOn(bcrypt, 'compare');
    const { ask, told } = await setUp({ auth: { failureLimit: 3 } });
    const statuses: number[] = [];
    for (let index = 0; index < 32; index += 1) {
      statuses.push((await ask(handmadeToken({ username: 'api', exp: 9e9, index }, { secret: 'x' }))).status);
    }
    expect(statuses).toEqual([...Array(30).fill(401), 429, 429]);
    expect((await ask(tokenFor('api'), { client: '198.51.100.1' })).status).toBe(299);
    expect(compare).not.toHaveBeenCalled();
    await untilTold();
    expect(told.filter(([, details]) => 'reason' in details && details.reason === 'throttled')).toHaveLength(2);
  });

  it('does not keep others at the same address out if one client repeats its expired token', async () => {
    const { ask } = await setUp({ auth: { failureLimit: 3 } });
    const token = handmadeToken({ username: 'api', exp: 1 });
    for (let time = 0; time < 40; time += 1) await ask(token);
    expect((await ask(tokenFor('root'))).status).toBe(299);
  });

  it('does not keep a client out that had a good token before it expired', async () => {
    const { ask } = await setUp({ auth: { failureLimit: 3 } });
    const token = tokenFor('api');
    expect((await ask(token)).status).toBe(299);
    vi.useFakeTimers({ toFake: ['Date'], now: inSeconds(HOUR) * 1_000 });
    for (let time = 0; time < 40; time += 1) await ask(token);
    expect((await ask(tokenFor('api'))).status).toBe(299);
  });
});

describe('a JSON Web Token of this package', () => {
  it('is signed as Kapacitor takes it', async () => {
    const { ask } = await setUp();
    const tokens = new JsonWebTokens(SECRET);
    expect((await ask(await tokens.sign({ username: 'api', expires: Date.now() + HOUR }))).status).toBe(299);
    tokens.close();
  });
});
