import bcrypt from 'bcrypt';
import express from 'express';
import { MemoryUserRepository } from 'kapacitor-auth';
import passport from 'passport';
import { describe, expect, it, vi } from 'vitest';
import { PasswordPolicy } from '../../lib/users/password-policy.js';
import { createAuth } from '../support/auth.js';
import { basic, errorBody, serve } from '../support/server.js';
import { cookieOf, post } from '../support/signed-in.js';
import { handmadeToken, inSeconds, SECRET } from '../support/tokens.js';
import { serveUpgrades } from '../support/upgrade.js';

const USERS = '/kapacitor/v1/users';
const DOORS = [
  ['GET', '/strategy'],
  ['GET', '/authenticate'],
  ['GET', '/optional'],
  ['GET', '/admin'],
  ['GET', '/privilege'],
  ['GET', '/guard'],
  ['HEAD', '/guard'],
  ['OPTIONS', '/guard'],
  ['POST', '/guard'],
  ['GET', '/open'],
  ['GET', '/kapacitor/v1/permissions'],
  ['GET', USERS],
  ['POST', USERS],
  ['GET', `${USERS}/root`],
  ['GET', `${USERS}/jane/keys`],
  ['POST', `${USERS}/jane/keys`],
  ['DELETE', `${USERS}/jane/sessions`],
  ['DELETE', `${USERS}/jane`],
  ['GET', '/users/root'],
  ['DELETE', '/users/jane'],
  ['GET', '/kapacitor/v1/check'],
  ['GET', '/verify'],
] as const;
/** The requests that are left to a user who must change its password. */
const LEFT = [
  ['GET', '/kapacitor/v1/me', 200],
  ['HEAD', '/kapacitor/v1/me', 200],
  ['GET', `${USERS}/jane`, 200],
  ['GET', '/kapacitor/v1//users/jane', 403],
  ['GET', '/users/jane', 200],
  ['PATCH', `${USERS}/jane`, 400],
  ['PATCH', '/users/jane', 400],
] as const;

/** Every middleware of an app, and an admin who gets in by each of them with each kind of credentials. */
async function serveDoors() {
  const store = new MemoryUserRepository();
  const config = {
    http: { sessions: true, public: ['/open'], sharedSecret: SECRET },
    // The refusals of the matrix are many.
    auth: { store, failureLimit: 0 },
  };
  const auth = await createAuth(config);
  await auth.users.create({ name: 'jane', password: 'pw', type: 'admin' });
  const ownPassport = new passport.Passport();
  ownPassport.use(auth.strategy);
  const passes: express.RequestHandler = (_req, res) => {
    res.status(299).end();
  };
  const app = express();
  app.set('trust proxy', 'loopback');
  app.use('/strategy', ownPassport.authenticate('basic', { session: false }) as express.RequestHandler, passes);
  app.use('/authenticate', auth.authenticate, passes);
  app.use('/optional', auth.optional, passes);
  app.use('/admin', auth.requireAdmin, passes);
  app.use('/privilege', auth.requirePrivilege(), passes);
  app.use('/verify', async (req, res) => {
    const user = await auth.verify(req.headers.authorization, { from: req }).catch(({ status }) => status);
    res.status(typeof user === 'number' ? user : user === undefined ? 401 : 299).end();
  });
  app.use('/users', auth.usersRouter);
  app.use(auth, passes);
  app.use(((error, _req, res, _next) => {
    res.status(error.status).end();
  }) as express.ErrorRequestHandler);
  const { send, port } = await serve(app);
  const key = (await auth.keys.create('jane', { name: 'k' })).key;
  const limited = (await auth.keys.create('jane', { name: 'l', permissions: ['all'] })).key;
  const cookie = cookieOf(await post(send, 'jane', 'pw'));
  const credentials: Record<string, Record<string, string>> = {
    password: { Authorization: basic('jane:pw') },
    key: { Authorization: `Bearer ${key}` },
    'key with permissions': { Authorization: `Bearer ${limited}` },
    token: { Authorization: `Bearer ${handmadeToken({ username: 'jane', exp: inSeconds(3_600_000) })}` },
    session: { Cookie: cookie, Origin: `http://127.0.0.1:${port}` },
  };
  const ask = async (kind: string, method: string, path: string) => {
    const checked = { 'X-Original-Method': 'GET', 'X-Original-URI': '/x' };
    const answer = await send({ method, path, headers: { ...credentials[kind], ...checked } });
    return answer.status;
  };
  return { auth, store, ask, send, credentials };
}

/** The doors for a kind of credentials: `auth.verify` takes no cookie. */
function asked(kind: string) {
  return DOORS.filter(([, path]) => kind !== 'session' || path !== '/verify');
}

const KINDS = ['password', 'key', 'key with permissions', 'token', 'session'] as const;

describe.each(KINDS)('with a %s', (kind) => {
  it('a user who must change its password gets 403 everywhere, but where it can do that', async () => {
    const { auth, ask, store } = await serveDoors();
    expect(await ask(kind, 'GET', '/guard')).toBe(299);
    await auth.users.update('jane', { mustChangePassword: true });
    for (const [method, path] of asked(kind)) {
      expect([method, path, await ask(kind, method, path)]).toEqual([method, path, 403]);
    }
    for (const [method, path, status] of LEFT) {
      const expected = kind.startsWith('key') && method === 'PATCH' && status === 400 ? [400, 403] : [status];
      expect(expected).toContain(await ask(kind, method, path));
    }
    expect(store.find('jane')).toMatchObject({ mustChangePassword: true });
  });

  it('a user who has expired gets what a wrong password gets, everywhere', async () => {
    const { auth, ask, store } = await serveDoors();
    await auth.users.update('jane', { type: 'normal', permissions: ['all'] });
    expect(await ask(kind, 'GET', '/authenticate')).toBe(299);
    await auth.users.update('jane', { expires: new Date(Date.now() + 200_000), mustChangePassword: true });
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 200_000);
    for (const [method, path] of [...asked(kind), ...LEFT]) {
      // Nobody needs credentials for these, and a session that has ended is none.
      const isOpen = kind === 'session' && ['/open', '/optional'].includes(path);
      const isPreflight = kind === 'session' && method === 'OPTIONS';
      const status = isOpen ? 299 : isPreflight ? 204 : path.includes('/v1//') ? expect.any(Number) : 401;
      expect([method, path, await ask(kind, method, path)]).toEqual([method, path, status]);
    }
    expect(store.find('jane')).toMatchObject({ enabled: true });
  });
});

describe('a user who must change its password', () => {
  const change = (doors: Awaited<ReturnType<typeof serveDoors>>, body: object) =>
    doors.send({
      method: 'PATCH',
      path: `${USERS}/jane`,
      auth: 'jane:pw',
      body: JSON.stringify(body),
    });

  it('is told how', async () => {
    const doors = await serveDoors();
    await doors.auth.users.update('jane', { mustChangePassword: true });
    expect((await doors.send({ path: '/x', auth: 'jane:pw' })).body).toEqual(
      errorBody(
        'user jane must change its password first: PATCH /kapacitor/v1/users/jane with {"password": "…"}, or sign in with a browser',
      ),
    );
  });

  it('may use everything once it has chosen another password', async () => {
    const doors = await serveDoors();
    await doors.auth.users.update('jane', { mustChangePassword: true });
    const same = await change(doors, { password: 'pw' });
    expect([same.status, same.body]).toEqual([400, errorBody('the new password must differ from the present one')]);
    expect((await change(doors, { password: 'another' })).status).toBe(200);
    expect((await doors.send({ path: '/x', auth: 'jane:another' })).status).toBe(299);
    expect(await doors.ask('key', 'GET', '/guard')).toBe(299);
  });

  it.each([{ mustChangePassword: false }, { password: 'another', note: 'x' }, { note: 'x' }])(
    'may change nothing else of itself, even as an admin: %j',
    async (body) => {
      const doors = await serveDoors();
      await doors.auth.users.update('jane', { mustChangePassword: true });
      const answer = await change(doors, body);
      expect([answer.status, answer.body.message]).toEqual([
        403,
        'user jane must change its password first: the change must have the new password, and nothing else',
      ]);
      expect(doors.store.find('jane')).toMatchObject({ mustChangePassword: true });
    },
  );

  it('keeps the duty when somebody else sets its password', async () => {
    const { auth, send, ask } = await serveDoors();
    await auth.users.update('jane', { mustChangePassword: true });
    const body = JSON.stringify({ password: 'given' });
    expect((await send({ method: 'PATCH', path: `${USERS}/jane`, auth: 'root:r00t', body })).status).toBe(200);
    expect((await send({ path: '/x', auth: 'jane:given' })).status).toBe(403);
    expect(await ask('key', 'GET', '/guard')).toBe(403);
  });

  it('makes auth.verify reject', async () => {
    const { auth } = await serveDoors();
    await auth.users.update('jane', { mustChangePassword: true });
    const verified = auth.verify({ name: 'jane', password: 'pw' }, { from: '192.0.2.1' });
    await expect(verified).rejects.toMatchObject({
      name: 'PasswordChangeRequiredError',
      code: 'PASSWORD_CHANGE_REQUIRED',
      status: 403,
    });
  });

  it('opens no WebSocket, and is not sent to the sign-in page for it', async () => {
    const { auth } = await serveDoors();
    const upgrades = await serveUpgrades(auth);
    expect(await upgrades.ask({ auth: 'jane:pw' })).toContain('hello, jane');
    await auth.users.update('jane', { mustChangePassword: true });
    const headers = { Accept: 'text/html' };
    expect(await upgrades.ask({ auth: 'jane:pw', headers })).toMatch(/^HTTP\/1\.1 403 /);
    await auth.users.update('jane', {
      mustChangePassword: false,
      type: 'normal',
      expires: new Date(Date.now() + 1_000),
    });
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 1_000);
    expect(await upgrades.ask({ auth: 'jane:pw' })).toMatch(/^HTTP\/1\.1 401 /);
    expect(upgrades.outcomes.slice(1)).toEqual([undefined, undefined]);
  });

  it('finishes no request that it began before', async () => {
    const { auth, send } = await serveDoors();
    const { accept } = PasswordPolicy.prototype;
    // The duty comes while the request waits.
    vi.spyOn(PasswordPolicy.prototype, 'accept').mockImplementationOnce(async function (
      this: PasswordPolicy,
      ...given
    ) {
      await auth.users.update('jane', { mustChangePassword: true });
      return accept.apply(this, given);
    });
    const body = JSON.stringify({ name: 'new', password: 'pw' });
    const answer = await send({ method: 'POST', path: USERS, auth: 'jane:pw', body });
    expect([answer.status, answer.body.message]).toEqual([403, expect.stringMatching(/^user jane must change/)]);
    expect(await auth.users.get('new')).toBeUndefined();
  });

  it('hands its error to the app, with the way to the sign-in page for a person', async () => {
    const auth = await createAuth({ http: { sessions: true, refusals: 'next' } });
    await auth.users.update('api', { mustChangePassword: true });
    const app = express().use(auth);
    app.use(((error, _req, res, _next) => {
      res.status(error.status).json({ code: error.code, signIn: error.signIn });
    }) as express.ErrorRequestHandler);
    const { send } = await serve(app);
    const code = 'PASSWORD_CHANGE_REQUIRED';
    expect(await send({ path: '/x', auth: 'api:pw' })).toMatchObject({ status: 403, body: { code } });
    const headers = { Accept: 'text/html' };
    expect((await send({ path: '/x', auth: 'api:pw', headers })).body).toEqual({
      code,
      signIn: '/kapacitor/v1/sign-in?next=%2Fx',
    });
  });
});

describe('a user who expires while it logs in', () => {
  it('is not let in with its password', async () => {
    const { auth, send } = await serveDoors();
    await auth.users.update('jane', { type: 'normal', expires: new Date(Date.now() + 1_000) });
    const { compare } = bcrypt;
    const expireMeanwhile = () =>
      vi.spyOn(bcrypt, 'compare').mockImplementationOnce(async (...given) => {
        const isRight = await compare(...given);
        vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 1_000);
        return isRight;
      });
    // Not the login that is remembered.
    await auth.users.update('jane', { password: 'another' });
    expireMeanwhile();
    expect((await send({ path: '/x', auth: 'jane:another' })).status).toBe(401);
  });
});
