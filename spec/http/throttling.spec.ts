import bcrypt from 'bcrypt';
import express from 'express';
import { type AuthConfig, MemoryUserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { createAuth } from '../support/auth.js';
import { BROWSER, PAGE } from '../support/browser-headers.js';
import { type Answer, serve } from '../support/server.js';

/** An app behind one proxy, with three failures in ten minutes, that remembers no login unless it is told to. */
async function setUp(config: AuthConfig = {}) {
  const repository = new MemoryUserRepository();
  const auth = await createAuth({
    http: { queryCredentials: true },
    auth: { store: repository, failureLimit: 3, cacheExpiration: 0, ...config },
  });
  const app = express();
  app.set('trust proxy', 1);
  app.use(auth);
  app.use((_req, res) => {
    res.status(299).end();
  });
  const { send } = await serve(app);
  const login = (credentials: string, client = '192.0.2.1'): Promise<Answer> =>
    send({ path: '/kapacitor/v1/tasks', auth: credentials, headers: { 'X-Forwarded-For': client } });
  /** The statuses of attempts, one after the other. */
  const inTurn = async (attempts: readonly string[], client?: string): Promise<number[]> => {
    const all: number[] = [];
    for (const credentials of attempts) all.push((await login(credentials, client)).status);
    return all;
  };
  const statuses = (count: number, credentials: string, client?: string) =>
    inTurn(Array(count).fill(credentials), client);
  /** With another password each time. */
  const guesses = (count: number, credentials: string, client?: string) =>
    inTurn(
      Array.from({ length: count }, (_, index) => `${credentials} ${index}`),
      client,
    );
  return { auth, repository, send, login, statuses, guesses, compare: vi.spyOn(bcrypt, 'compare') };
}

beforeEach(() => {
  // Refusals are held back for a second: here for none.
  vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('failed attempts', () => {
  it.each(['api:wrong', 'unknown:pw', 'not a name:pw', `${'x'.repeat(5_000)}:pw`])(
    'are counted, and then refused without work: %.20s',
    async (credentials) => {
      const { login, guesses, compare } = await setUp();
      expect(await guesses(4, credentials)).toEqual([401, 401, 401, 429]);
      expect(compare).toHaveBeenCalledTimes(3);
      const { status, headers, body } = await login(credentials);
      expect(status).toBe(429);
      expect(headers['retry-after']).toMatch(/^(600|59\d)$/);
      const error = `too many failed attempts: try again in ${headers['retry-after']} s`;
      expect(body).toEqual({ error, message: error });
      expect(headers['www-authenticate']).toBeUndefined();
      expect(headers['cache-control']).toBe('no-store');
    },
  );

  it('keep the right password out as well, whether the user exists or not', async () => {
    const { login, guesses } = await setUp();
    await guesses(3, 'api:wrong');
    expect((await login('api:pw')).status).toBe(429);
    expect((await login('api:pw', '192.0.2.2')).status).toBe(299);
  });

  it('are forgotten after the window', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { login, guesses } = await setUp({ failureWindow: '1m' });
    expect(await guesses(4, 'api:wrong')).toEqual([401, 401, 401, 429]);
    vi.setSystemTime(Date.now() + 60_000);
    expect((await login('api:pw')).status).toBe(299);
  });

  it('count for a whole IPv6 network, and for every spelling of an IPv4 address', async () => {
    const { login, statuses } = await setUp();
    for (const client of ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3']) await login(`api:${client}`, client);
    expect(await statuses(1, 'api:pw', '2001:db8::4')).toEqual([429]);
    expect(await statuses(1, 'api:pw', '2001:db8:0:1::4')).toEqual([299]);
    for (const client of ['192.0.2.7', '::ffff:192.0.2.7', '192.0.2.7:81']) await login(`nobody:${client}`, client);
    expect(await statuses(1, 'nobody:pw', '192.0.2.7')).toEqual([429]);
  });

  it('count however the credentials are sent', async () => {
    const { send, login } = await setUp();
    const headers = { 'X-Forwarded-For': '192.0.2.1' };
    const inQuery = { path: '/kapacitor/v1/tasks?u=api&p=wrong1', headers };
    const otherScheme = { ...headers, Authorization: `bAsIc  ${Buffer.from('api:wrong2').toString('base64')}` };
    expect((await send(inQuery)).status).toBe(401);
    expect((await send({ path: '/x', headers: otherScheme })).status).toBe(401);
    expect((await send({ path: '/kapacitor/v1/users', auth: 'api:wrong3', headers })).status).toBe(401);
    expect((await login('api:wrong')).status).toBe(429);
    expect((await send(inQuery)).status).toBe(429);
  });

  it('need credentials to count', async () => {
    const { send, login } = await setUp();
    for (let index = 0; index < 50; index += 1) expect((await send({ path: '/x' })).status).toBe(401);
    expect((await login('api:pw')).status).toBe(299);
  });

  it('do not count if the password could not be verified', async () => {
    const { repository, statuses } = await setUp();
    const find = vi.spyOn(repository, 'find').mockImplementation(() => {
      throw new Error('out of order');
    });
    expect(new Set(await statuses(20, 'api:pw'))).toEqual(new Set([503]));
    find.mockRestore();
    expect(await statuses(4, 'api:pw')).toEqual([299, 299, 299, 299]);
  });

  it('count once if a client repeats one wrong password by itself', async () => {
    const { login, guesses, statuses } = await setUp();
    expect(new Set(await statuses(11, 'api:wrong'))).toEqual(new Set([401]));
    expect((await login('api:pw')).status).toBe(299);
    expect(await guesses(3, 'nobody:wrong')).toEqual([401, 401, 401]);
  });

  it('are not limited if the limit is 0', async () => {
    const { guesses } = await setUp({ failureLimit: 0 });
    expect(new Set(await guesses(40, 'api:wrong'))).toEqual(new Set([401]));
  });
});

describe('an address that the app determines itself', () => {
  it('also applies to the cache: a client with too many failures does not learn the right password', async () => {
    const auth = await createAuth({ auth: { failureLimit: 3 } });
    const app = express();
    app.use((req, _res, next) => {
      Object.defineProperty(req, 'ip', { value: req.headers['cf-connecting-ip'] });
      next();
    });
    app.use(auth);
    app.use((_req, res) => {
      res.status(299).end();
    });
    const { send } = await serve(app);
    const login = async (credentials: string, client: string) =>
      (await send({ path: '/kapacitor/v1/tasks', auth: credentials, headers: { 'CF-Connecting-IP': client } })).status;
    expect(await login('api:pw', '192.0.2.1')).toBe(299);
    for (let index = 0; index < 3; index += 1) expect(await login(`api:guess ${index}`, '192.0.2.2')).toBe(401);
    expect(await login('api:guess', '192.0.2.2')).toBe(429);
    expect(await login('api:pw', '192.0.2.2')).toBe(429);
    expect(await login('api:pw', '192.0.2.1')).toBe(299);
  });
});

describe('a page that is locked after too many failed attempts', () => {
  it('lets a person log in again, and says what happened', async () => {
    const { send, guesses } = await setUp();
    await guesses(3, 'api:wrong');
    const headers = { 'X-Forwarded-For': '192.0.2.1', 'Sec-Fetch-Mode': 'navigate' };
    const answer = await send({ path: '/kapacitor/v1/tasks', auth: 'api:pw', headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="Kapacitor", charset="UTF-8"');
    expect(answer.headers['retry-after']).toMatch(/^(600|59\d)$/);
    expect(answer.body.error).toMatch(/^too many failed attempts: try again in \d+ s$/);
    expect((await send({ path: '/kapacitor/v1/tasks', auth: 'nobody:pw', headers })).status).toBe(403);
  });

  it('lets a person log in again over plain HTTP as well, where a browser does not announce a navigation', async () => {
    const { send, guesses } = await setUp();
    await guesses(3, 'api:wrong');
    const headers = { 'X-Forwarded-For': '192.0.2.1', ...BROWSER, ...PAGE };
    const answer = await send({ path: '/kapacitor/v1/tasks', auth: 'api:pw', headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="Kapacitor", charset="UTF-8"');
  });
});

describe('a login from the cache', () => {
  it('is never throttled', async () => {
    const { login, guesses, statuses } = await setUp({ cacheExpiration: '10m' });
    expect((await login('api:pw')).status).toBe(299);
    expect(await guesses(4, 'api:wrong')).toEqual([401, 401, 401, 429]);
    expect(new Set(await statuses(20, 'api:pw'))).toEqual(new Set([299]));
  });

  it('makes its address known for that user', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { login } = await setUp({ cacheExpiration: '10m', failureWindow: '1h' });
    await login('api:pw', '192.0.2.1');
    await login('api:pw', '192.0.2.2');
    for (let index = 0; index < 31; index += 1) await login('api:wrong', `198.51.100.${index}`);
    vi.setSystemTime(Date.now() + 600_001);
    // The cache has forgotten the login by now.
    expect((await login('api:pw', '192.0.2.3')).status).toBe(429);
    expect((await login('api:pw', '192.0.2.2')).status).toBe(299);
  });
});

describe('a user whom others attack from everywhere', () => {
  it('can log in at once from a known address, and slowly from another', async () => {
    const { login } = await setUp();
    expect((await login('api:pw')).status).toBe(299);
    for (let index = 0; index < 31; index += 1) {
      expect((await login('api:wrong', `198.51.100.${index}`)).status).toBe(401);
    }
    expect((await login('api:wrong', '198.51.100.99')).status).toBe(429);
    const refused = await login('api:pw', '203.0.113.1');
    expect(refused.status).toBe(429);
    // One attempt each third of ten minutes.
    expect(refused.headers['retry-after']).toMatch(/^(200|19\d)$/);
    for (let index = 0; index < 10; index += 1) expect((await login('api:pw')).status).toBe(299);
  });

  it('can log in although others fail for all users from the same address', async () => {
    const { login } = await setUp();
    expect((await login('api:pw')).status).toBe(299);
    for (let index = 0; index < 30; index += 1) expect((await login(`unknown${index}:pw`)).status).toBe(401);
    expect((await login('unknown:pw')).status).toBe(429);
    expect((await login('nobody:pw')).status).toBe(429);
    expect((await login('api:pw')).status).toBe(299);
  });
});

describe('many attempts at once', () => {
  it('share one verification if they are equal and right', async () => {
    const { login, compare } = await setUp({ cacheExpiration: '10m' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => login('api:pw')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([299]));
    expect(compare).toHaveBeenCalledTimes(1);
  });

  it('count as one failure if they are equal, and do not exceed the limit if they differ', async () => {
    const { repository, login, statuses, compare } = await setUp();
    const find = vi.spyOn(repository, 'find');
    compare.mockImplementationOnce((async () => {
      await vi.waitFor(() => expect(find).toHaveBeenCalledTimes(50));
      return false;
    }) as never);
    const equal = await Promise.all(Array.from({ length: 50 }, () => login('api:wrong')));
    expect(new Set(equal.map(({ status }) => status))).toEqual(new Set([401]));
    const others = await Promise.all(Array.from({ length: 50 }, (_, index) => login(`api:wrong ${index}`)));
    expect(others.filter(({ status }) => status === 401)).toHaveLength(2);
    expect(others.filter(({ status }) => status === 429)).toHaveLength(48);
    expect(compare).toHaveBeenCalledTimes(3);
    expect(await statuses(1, 'api:pw')).toEqual([429]);
  });
});
