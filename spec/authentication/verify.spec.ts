import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import bcrypt from 'bcrypt';
import { MemoryUserRepository } from 'kapacitor-auth';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { listen, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { basic } from '../support/server.js';
import { serveSessions, userOf } from '../support/signed-in.js';

const FROM = { from: '192.0.2.1' };

beforeEach(() => {
  vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
});

describe('auth.verify', () => {
  it.each([{ name: 'api', password: 'pw' }, basic('api:pw')])('gives the user, frozen: %j', async (credentials) => {
    const auth = await createAuth();
    const user = await auth.verify(credentials, FROM);
    expect(user).toEqual({ name: 'api', type: 'normal', permissions: ['api'], enabled: true });
    expect([Object.isFrozen(user), Object.isFrozen(user?.permissions)]).toEqual([true, true]);
    expect(auth.can(user, 'GET', '/tasks')).toBe(true);
  });

  it.each<[unknown, string | undefined]>([
    [{ name: 'api', password: 'wrong' }, 'wrong-password'],
    [{ name: 'unknown', password: 'pw' }, 'unknown-user'],
    [basic('api:wrong'), 'wrong-password'],
    ['Basic', 'malformed-credentials'],
    ['Bearer x', 'malformed-credentials'],
    [basic(':pw'), 'malformed-credentials'],
    [{ name: '', password: 'pw' }, 'malformed-credentials'],
    [{ name: 'api', password: 5 }, 'malformed-credentials'],
    [{ name: ['api'], password: 'pw' }, 'malformed-credentials'],
    [{ name: 'api' }, 'malformed-credentials'],
    [basic(`api:${'x'.repeat(20_000)}`), 'malformed-credentials'],
    [{ name: 'api', password: 'x'.repeat(20_000) }, 'malformed-credentials'],
    [{ name: 'x'.repeat(10_000), password: 'pw' }, 'unknown-user'],
    [undefined, undefined],
    ['', undefined],
  ])('gives undefined for %j, and the reason to the audit', async (credentials, reason) => {
    const auth = await createAuth();
    await untilTold();
    const told = listen(auth);
    expect(await auth.verify(credentials as string, FROM)).toBeUndefined();
    await untilTold();
    expect(told.map(([event, details]) => [event, (details as { reason?: string }).reason])).toEqual(
      reason === undefined ? [] : [['login-failed', reason]],
    );
  });

  it('gives undefined for a disabled user', async () => {
    const auth = await createAuth();
    await auth.users.update('api', { enabled: false });
    expect(await auth.verify({ name: 'api', password: 'pw' }, FROM)).toBeUndefined();
  });

  it('tells the audit the request, or the address alone', async () => {
    const auth = await createAuth();
    await untilTold();
    const told = listen(auth);
    const req = Object.assign(new IncomingMessage(new Socket()), {
      method: 'GET',
      url: '/x?p=secret',
      ip: '192.0.2.7',
    });
    await auth.verify({ name: 'api', password: 'pw' }, { from: req });
    await auth.verify({ name: 'api', password: 'pw' }, { from: '[2001:db8::1]:1234' });
    await untilTold();
    expect(told).toMatchObject([
      ['login', { user: 'api', from: '192.0.2.7', method: 'GET', path: '/x' }],
      ['login', { user: 'api', from: '[2001:db8::1]:1234', method: undefined, path: undefined }],
    ]);
  });

  it('remembers what it verified, together with the guard', async () => {
    const auth = await createAuth();
    const compare = vi.spyOn(bcrypt, 'compare');
    await auth.verify(basic('api:pw'), FROM);
    await auth.verify({ name: 'api', password: 'pw' }, FROM);
    await auth.verify(basic('api:pw'), FROM);
    expect(compare).toHaveBeenCalledTimes(1);
  });

  it('takes no session, in whatever text the cache finds it', async () => {
    const { auth, send, signIn } = await serveSessions();
    const cookie = await signIn();
    expect(userOf(await send({ path: '/', headers: { Cookie: cookie } }))).toBe('api');
    const token = cookie.slice(cookie.indexOf('=') + 1);
    for (const credentials of [token, `\0${token}`, `Bearer ${token}`, basic(`api:${token}`)]) {
      expect(await auth.verify(credentials, { from: '127.0.0.1' })).toBeUndefined();
    }
  });

  it('sees a change of the user at once', async () => {
    const auth = await createAuth();
    await auth.verify(basic('api:pw'), FROM);
    await auth.users.update('api', { password: 'another' });
    expect(await auth.verify(basic('api:pw'), FROM)).toBeUndefined();
  });

  it('takes as much work for an unknown user as for a wrong password', async () => {
    const auth = await createAuth();
    const compare = vi.spyOn(bcrypt, 'compare');
    await auth.verify({ name: 'unknown', password: 'pw' }, FROM);
    await auth.verify({ name: 'api', password: 'wrong' }, FROM);
    await auth.verify({ name: 'x'.repeat(300), password: 'pw' }, FROM);
    expect(compare).toHaveBeenCalledTimes(3);
  });

  it('throws a ThrottledError after too many failures from one address, and counts those of requests', async () => {
    const auth = await createAuth({ auth: { failureLimit: 2 } });
    const wrong = (password: string) => auth.verify({ name: 'api', password }, FROM);
    await wrong('a');
    await wrong('b');
    await expect(auth.verify(basic('api:pw'), FROM)).rejects.toMatchObject({ code: 'THROTTLED', status: 429 });
    expect(Tarpit.prototype.hold).toHaveBeenCalledOnce();
    expect(await auth.verify(basic('api:pw'), { from: '198.51.100.1' })).toMatchObject({ name: 'api' });
  });

  it('throws a StoreError while the store is down, and for an unexpected error, without its message', async () => {
    const repository = new MemoryUserRepository();
    const auth = await createAuth({ auth: { store: repository } });
    const compare = vi.spyOn(bcrypt, 'compare').mockImplementation((async () => {
      throw new Error('cannot compare $2b$04$…');
    }) as never);
    const call = auth.verify(basic('api:pw'), FROM);
    await expect(call).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: 'authentication is unavailable' });
    await expect(call).rejects.toHaveProperty('cause.message', 'cannot compare $2b$04$…');
    compare.mockRestore();
    vi.spyOn(repository, 'find').mockImplementation(() => {
      throw new Error('connect ECONNREFUSED');
    });
    await expect(auth.verify(basic('api:pw'), FROM)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'the user store is unavailable',
    });
  });

  it('gives ADMIN_USER while authentication is off, and still checks the call', async () => {
    const auth = await createAuth();
    auth.authEnabled = false;
    expect(await auth.verify(undefined, FROM)).toMatchObject({ name: 'ADMIN_USER' });
    await expect(auth.verify(undefined, {} as never)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('a call of auth.verify that is wrong', () => {
  const request = { headers: {}, ip: '192.0.2.1' };

  it.each<[string, unknown[], string]>([
    [
      'no origin',
      ['Basic x'],
      "failed logins count for the client's address: write auth.verify(credentials, { from: req })",
    ],
    ['an origin that is no option', ['Basic x', request], 'write auth.verify(credentials, { from: req })'],
    ['an address that is no option', ['Basic x', '192.0.2.1'], 'write auth.verify(credentials, { from: req })'],
    ['an option that is undefined', ['Basic x', {}], 'from must be a request or an address, not undefined'],
    ['an unknown option', ['Basic x', { form: '192.0.2.1' }], 'unknown option "form": did you mean from?'],
    [
      'a text that is no address',
      ['Basic x', { from: 'localhost' }],
      'not "localhost": all such clients would count as one',
    ],
    ['a number', ['Basic x', { from: '5' }], 'from must be an address such as "192.0.2.1", not "5"'],
    ['a request without an address', ['Basic x', { from: { headers: {} } }], 'without ip and socket'],
    [
      'a request as credentials',
      [request, FROM],
      'a request is not credentials: did you mean req.headers.authorization?',
    ],
    ['an unknown field', [{ name: 'a', pasword: 'x' }, FROM], 'unknown field "pasword": did you mean password?'],
    ['no object', [null, FROM], 'credentials must be an object with name and password, not null'],
    [
      'two headers',
      [['Basic x', 'Basic y'], FROM],
      'credentials must be an object with name and password, not an array',
    ],
    ['a third argument', ['Basic x', FROM, 1], 'auth.verify takes credentials and options, and no more arguments'],
  ])('says what to write: %s', async (_what, given, message) => {
    const auth = await createAuth({}, []);
    const call = auth.verify(...(given as Parameters<typeof auth.verify>));
    await expect(call).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
  });
});
