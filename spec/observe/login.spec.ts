import express from 'express';
import { MemoryUserRepository } from 'kapacitor-auth';
import passport from 'passport';
import { beforeEach, describe, expect, it, type Mock, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { OverloadedError, StoreError } from '../../lib/errors.js';
import { LOGIN_FAILURES, type LoginFailure } from '../../lib/users/audit-events.js';
import { newSecret } from '../../lib/users/secret-text.js';
import { listen, serveAudited, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { attempt, NAME, PASSWORD, setUpAuthenticator } from '../support/authenticator.js';
import { serve } from '../support/server.js';
import { userNamed } from '../support/stored-user.js';

beforeEach(() => {
  // Refusals are held back for a second: here for none.
  vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
});

describe('the event login', () => {
  it('has the user, the address, the path and the request', async () => {
    const { told, send } = await serveAudited();
    const headers = { 'X-Forwarded-For': '192.0.2.7', 'X-Request-Id': 'r-1' };
    await send({ method: 'POST', path: '/kapacitor/v1/tasks?x=1', auth: 'api:pw', headers });
    await untilTold();
    expect(told).toEqual([
      [
        'login',
        {
          time: expect.any(Date),
          user: 'api',
          from: '192.0.2.7',
          method: 'POST',
          path: '/kapacitor/v1/tasks',
          requestId: 'r-1',
          how: 'password',
        },
      ],
    ]);
  });

  it('follows a verification, and a login from another address, but no other request', async () => {
    const { auth, told, send } = await serveAudited();
    const from = (address: string) =>
      send({ path: '/x', auth: 'api:pw', headers: { 'X-Forwarded-For': address } }).then(untilTold);
    const addresses = () => told.splice(0).map(([event, { from: address }]) => `${event} ${address}`);
    await from('192.0.2.1');
    await from('192.0.2.1');
    await from('192.0.2.1');
    expect(addresses()).toEqual(['login 192.0.2.1']);
    await from('192.0.2.2');
    await from('192.0.2.2');
    await from('192.0.2.1');
    expect(addresses()).toEqual(['login 192.0.2.2']);
    await auth.users.update('api', { password: 'pw' });
    await untilTold();
    told.splice(0);
    await from('192.0.2.2');
    expect(addresses()).toEqual(['login 192.0.2.2']);
  });

  it('follows each request while the cache is off', async () => {
    const { told, send } = await serveAudited({ config: { auth: { cacheExpiration: 0 } } });
    await send({ path: '/x', auth: 'api:pw' });
    await send({ path: '/x', auth: 'api:pw' });
    await untilTold();
    expect(told.map(([event]) => event)).toEqual(['login', 'login']);
  });

  it('follows credentials in the query, and does not contain them', async () => {
    const { told, send } = await serveAudited({ config: { http: { queryCredentials: true } } });
    expect((await send({ path: '/x?u=api&p=pw' })).status).toBe(299);
    await untilTold();
    expect(told).toMatchObject([['login', { user: 'api', path: '/x' }]]);
  });
});

describe('the event login-failed', () => {
  it('has the user, the address, the path, the reason and the request', async () => {
    const { told, send } = await serveAudited();
    const headers = { 'X-Forwarded-For': '192.0.2.7', 'X-Request-Id': 'r-1' };
    await send({ path: '/kapacitor/v1/tasks?x=1', auth: 'api:wrong', headers });
    await untilTold();
    expect(told).toEqual([
      [
        'login-failed',
        {
          time: expect.any(Date),
          user: 'api',
          reason: 'wrong-password',
          from: '192.0.2.7',
          method: 'GET',
          path: '/kapacitor/v1/tasks',
          requestId: 'r-1',
        },
      ],
    ]);
  });

  it.each<[string, LoginFailure, string | undefined]>([
    ['unknown:pw', 'unknown-user', 'unknown'],
    ['not a name:pw', 'unknown-user', undefined],
    [`${'x'.repeat(300)}:pw`, 'unknown-user', undefined],
    [`${newSecret('key').text}:`, 'unknown-user', undefined],
    [`${newSecret('key').text.slice(0, -1)}:x`, 'unknown-user', undefined],
    ['kap_tain:pw', 'unknown-user', 'kap_tain'],
    ['api:', 'wrong-password', 'api'],
    [`api:${'x'.repeat(99)}`, 'wrong-password', 'api'],
    ['off:pw', 'user-disabled', 'off'],
    ['off:wrong', 'user-disabled', 'off'],
    ['gone:pw', 'user-expired', 'gone'],
    ['gone:wrong', 'user-expired', 'gone'],
    ['broken:pw', 'unusable-hash', 'broken'],
    [':pw', 'malformed-credentials', undefined],
  ])('has a reason: %.20s', async (credentials, reason, user) => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const store = new MemoryUserRepository();
    const { auth, told, send } = await serveAudited({ config: { auth: { store } } });
    await auth.users.create({ name: 'off', password: 'pw', enabled: false });
    store.insert(userNamed('gone', { expires: Date.now() }));
    store.insert(userNamed('broken', { hash: 'none' }));
    await untilTold();
    told.splice(0);
    expect((await send({ path: '/x', auth: credentials })).status).toBe(401);
    await untilTold();
    expect(told).toMatchObject([['login-failed', { user, reason }]]);
  });

  it.each(['Basic', 'Basic =', 'Bearer token', 'Basic Og', ','])(
    'has malformed-credentials for an unknown header, and nothing of its content: %s',
    async (authorization) => {
      const { told, send } = await serveAudited();
      await send({ path: '/x', headers: { Authorization: authorization } });
      await untilTold();
      expect(told).toMatchObject([['login-failed', { user: undefined, reason: 'malformed-credentials', path: '/x' }]]);
    },
  );

  it('has throttled as its reason, also for the right password', async () => {
    const { told, send } = await serveAudited({ config: { auth: { failureLimit: 2 } } });
    await send({ path: '/x', auth: 'api:wrong 1' });
    await send({ path: '/x', auth: 'api:wrong 2' });
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(429);
    await untilTold();
    expect(told.map(([, details]) => 'reason' in details && details.reason)).toEqual([
      'wrong-password',
      'wrong-password',
      'throttled',
    ]);
  });

  it('has store-unavailable as its reason if the store does not answer', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const store = new MemoryUserRepository();
    const { told, send } = await serveAudited({ config: { auth: { store } } });
    vi.spyOn(store, 'find').mockImplementation(() => {
      throw new Error('gone');
    });
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(503);
    await untilTold();
    expect(told.filter(([event]) => event === 'login-failed')).toMatchObject([
      ['login-failed', { user: 'api', reason: 'store-unavailable' }],
    ]);
  });

  it.each<[string, Error, LoginFailure]>([
    ['too many passwords wait', new OverloadedError(5), 'overloaded'],
    ['the store is unavailable', new StoreError('gone'), 'store-unavailable'],
  ])('has its reason when %s', async (_what, error, reason) => {
    const { authenticator, verify, audit } = await setUpAuthenticator();
    verify.mockRejectedValueOnce(error);
    await expect(authenticator.authenticate(...attempt(NAME, PASSWORD))).rejects.toThrow(error.message);
    expect(toldBy(audit)).toMatchObject([['login-failed', { user: NAME, reason, from: '192.0.2.1' }]]);
  });

  it.each(['deleted', 'disabled'])(
    'has user-changed as its reason if the user was %s during the verification',
    async (change) => {
      const { authenticator, users, verify, audit } = await setUpAuthenticator();
      verify.mockImplementationOnce(async () => {
        await (change === 'deleted' ? users.delete(NAME) : users.update(NAME, { enabled: false }));
        return PASSWORD;
      });
      expect(await authenticator.authenticate(...attempt(NAME, PASSWORD))).toBeUndefined();
      expect(toldBy(audit)).toMatchObject([['login-failed', { user: NAME, reason: 'user-changed' }]]);
    },
  );

  it('has store-unavailable as its reason also for a user who was let in before', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    for (const find of [
      () => {
        throw new Error('gone');
      },
      () => Promise.reject(new Error('gone')),
    ]) {
      const store = new MemoryUserRepository();
      const { told, send } = await serveAudited({ config: { auth: { store } } });
      await send({ path: '/x', auth: 'api:pw' });
      await untilTold();
      told.splice(0);
      vi.spyOn(store, 'find').mockImplementation(find as never);
      expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(503);
      await untilTold();
      expect(told).toContainEqual([
        'login-failed',
        expect.objectContaining({ user: 'api', reason: 'store-unavailable' }),
      ]);
    }
  });

  it('has internal-error as its reason for any other failure', async () => {
    const { authenticator, verify, audit } = await setUpAuthenticator();
    verify.mockRejectedValueOnce(new Error('out of memory'));
    await expect(authenticator.authenticate(...attempt(NAME, PASSWORD))).rejects.toThrow('out of memory');
    expect(toldBy(audit)).toMatchObject([['login-failed', { user: NAME, reason: 'internal-error' }]]);
  });

  it.each(['?u=api', '?p=pw', '?u=&p=pw'])('does not follow the query %s, which has no credentials', async (query) => {
    const { told, send } = await serveAudited({ config: { http: { queryCredentials: true } } });
    expect((await send({ path: `/x${query}` })).status).toBe(401);
    await untilTold();
    expect(told).toMatchObject([['login-failed', { user: undefined, reason: 'malformed-credentials', path: '/x' }]]);
  });

  it('has the address even if the client closes the connection meanwhile', async () => {
    const { authenticator, repository, audit } = await setUpAuthenticator();
    let address: string | undefined = '192.0.2.8';
    let read: string | undefined;
    // As a socket of Node has it: an address that was read once is remembered.
    const origin = {
      headers: {},
      get ip() {
        read ??= address;
        return read;
      },
    };
    const find = async () => {
      address = undefined;
    };
    vi.spyOn(repository, 'find').mockImplementationOnce(find as never);
    await authenticator.authenticate({ name: NAME, password: PASSWORD }, origin as never);
    expect(toldBy(audit)).toMatchObject([['login-failed', { from: '192.0.2.8' }]]);
  });

  it('has no other reasons', () => {
    expect([...LOGIN_FAILURES].sort()).toEqual([
      'expired-key',
      'expired-token',
      'internal-error',
      'malformed-credentials',
      'malformed-key',
      'malformed-token',
      'overloaded',
      'store-unavailable',
      'throttled',
      'unacceptable-token',
      'unknown-key',
      'unknown-user',
      'unusable-hash',
      'user-changed',
      'user-disabled',
      'user-expired',
      'wrong-password',
      'wrong-token',
    ]);
  });
});

describe('logins of an app', () => {
  it('cause events with a Passport of its own as well', async () => {
    const auth = await createAuth();
    const told = listen(auth);
    const own = new passport.Passport();
    own.use(auth.strategy);
    const app = express();
    app.use(own.authenticate('basic', { session: false }), (_req, res) => {
      res.end();
    });
    const { send } = await serve(app);
    await untilTold();
    told.splice(0);
    await send({ path: '/a', auth: 'api:pw' });
    await send({ path: '/b', auth: 'api:pw' });
    await send({ path: '/c', auth: 'api:wrong' });
    await send({ path: '/d', headers: { Authorization: 'Basic' } });
    await untilTold();
    expect(told).toMatchObject([
      ['login', { user: 'api', path: '/a' }],
      ['login-failed', { user: 'api', path: '/c', reason: 'wrong-password' }],
      ['login-failed', { path: '/d', reason: 'malformed-credentials' }],
    ]);
  });

  it('cause events wherever the parts are mounted, with the whole path', async () => {
    const auth = await createAuth();
    const app = express();
    app.use('/who', auth.authenticate);
    app.use('/may', auth.requirePrivilege('write', '/api/write'));
    app.use('/admin', auth.requireAdmin);
    app.use('/people', auth.usersRouter);
    app.use((_req, res) => {
      res.end();
    });
    const { send } = await serve(app);
    await untilTold();
    const told = listen(auth);
    for (const path of ['/who/x', '/may/x', '/admin/x', '/people/x']) {
      await send({ path, auth: 'api:wrong' });
      await send({ path });
    }
    await untilTold();
    const reason = 'unable to parse authentication credentials';
    expect(told).toMatchObject(
      ['/who/x', '/may/x', '/admin/x', '/people/x'].flatMap((path) => [
        ['login-failed', { user: 'api', path }],
        ['denied', { path, status: 401, reason }],
      ]),
    );
  });
});

/** The events of an authenticator without an app. */
function toldBy(audit: Mock): [string, unknown][] {
  return audit.mock.calls.map(([event, details]) => [event, details()]);
}
