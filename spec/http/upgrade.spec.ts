import { once } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import express from 'express';
import { MemoryUserRepository, type NewUser } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { listen, untilTold } from '../support/audit.js';
import { API_USER, createAuth, ROOT } from '../support/auth.js';
import { basic } from '../support/server.js';
import { serveUpgrades } from '../support/upgrade.js';

const NOBODY: NewUser = { name: 'nobody', password: 'pw' };
const USERS: readonly NewUser[] = [ROOT, API_USER, NOBODY];

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
const bodyOf = (answer: string) => JSON.parse(answer.split('\r\n\r\n')[1] as string);

describe('an upgrade', () => {
  it('opens for a user who may read its path, and tells who it is', async () => {
    const { port, outcomes, opened } = await serveUpgrades(await createAuth({}, USERS));
    const client = new WebSocket(`ws://127.0.0.1:${port}/stream`, { headers: { Authorization: basic('api:pw') } });
    const [greeting] = await once(client, 'message');
    expect(String(greeting)).toBe('hello, api');
    expect(outcomes).toEqual([{ name: 'api', type: 'normal', permissions: ['api'], enabled: true }]);
    expect(opened).toHaveLength(1);
    client.close();
    await once(client, 'close');
  });

  it.each<[string, string | undefined, string, number, string]>([
    ['no credentials', undefined, '/stream', 401, 'unable to parse authentication credentials'],
    ['a wrong password', 'api:wrong', '/stream', 401, 'authorization failed'],
    ['an unknown user', 'unknown:pw', '/stream', 401, 'authorization failed'],
    ['no permission', 'nobody:pw', '/stream', 403, 'user nobody does not have "read" privilege'],
    ['a forbidden path', 'api:pw', '/config', 403, 'for API endpoint "/config"'],
    ['a forbidden path, encoded', 'api:pw', '/%63onfig', 403, 'for API endpoint "/%63onfig"'],
    ['a forbidden path, encoded twice', 'api:pw', '/%2563onfig', 403, 'endpoint "/%2563onfig"'],
    ['a forbidden path with two slashes', 'api:pw', '//config', 403, 'for API endpoint "//config"'],
    [
      'a forbidden path in absolute form',
      'api:pw',
      'http://localhost/config',
      403,
      'endpoint "http://localhost/config"',
    ],
    [
      'its own entry, for which no own right counts',
      'nobody:pw',
      '/kapacitor/v1/users/nobody',
      403,
      '"read" privilege',
    ],
  ])('is refused for %s', async (_what, auth, path, status, reason) => {
    const { ask, outcomes, opened } = await serveUpgrades(await createAuth({}, USERS));
    const answer = await ask({ auth, path });
    expect(statusOf(answer)).toBe(status);
    expect(bodyOf(answer).error).toContain(reason);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
    expect(answer).toMatch(/\r\nCache-Control: no-store\r\n/);
    expect(/\r\nWWW-Authenticate: Basic realm="Kapacitor"/.test(answer)).toBe(status === 401);
    expect(outcomes).toEqual([undefined]);
    expect(opened).toEqual([]);
  });

  it('is refused for a method that nobody knows unless the user has every privilege', async () => {
    const { ask, outcomes } = await serveUpgrades(await createAuth({}, USERS));
    expect(statusOf(await ask({ method: 'DELETE', auth: 'nobody:pw' }))).toBe(403);
    expect(statusOf(await ask({ method: 'OPTIONS' }))).toBe(204);
    expect(outcomes).toEqual([undefined, undefined]);
  });

  it('is refused for a disabled user, like a wrong password', async () => {
    const auth = await createAuth({}, USERS);
    await auth.users.update('api', { enabled: false });
    const { ask, outcomes } = await serveUpgrades(auth);
    expect(bodyOf(await ask({ auth: 'api:pw' })).error).toBe('authorization failed');
    expect(outcomes).toEqual([undefined]);
  });

  it('is refused with 429 and Retry-After after too many failures', async () => {
    const hold = vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    onTestFinished(() => hold.mockRestore());
    const { ask, outcomes } = await serveUpgrades(await createAuth({ auth: { failureLimit: 1 } }, USERS));
    expect(statusOf(await ask({ auth: 'api:wrong' }))).toBe(401);
    const answer = await ask({ auth: 'api:pw' });
    expect(statusOf(answer)).toBe(429);
    expect(answer).toMatch(/\r\nRetry-After: \d+\r\n/);
    expect(outcomes).toEqual([undefined, undefined]);
  });

  it('is refused with 503 while the store is down', async () => {
    const repository = new MemoryUserRepository();
    const { ask, outcomes } = await serveUpgrades(await createAuth({ auth: { store: repository } }, USERS));
    vi.spyOn(repository, 'find').mockImplementation(() => {
      throw new Error('connect ECONNREFUSED');
    });
    const answer = await ask({ auth: 'api:pw' });
    expect(statusOf(answer)).toBe(503);
    expect(bodyOf(answer).error).toBe('the user store is unavailable');
    expect(outcomes).toEqual([undefined]);
  });

  it('is refused with 421 for a host that is not allowed', async () => {
    const { ask } = await serveUpgrades(await createAuth({ http: { allowedHosts: ['example.com'] } }, USERS));
    expect(statusOf(await ask({ auth: 'api:pw' }))).toBe(421);
    expect(await ask({ auth: 'api:pw', headers: { Host: 'example.com' } })).toContain('hello, api');
  });

  it('takes credentials from the query where that is on', async () => {
    const { ask } = await serveUpgrades(await createAuth({ http: { queryCredentials: true } }, USERS));
    expect(await ask({ path: '/stream?u=api&p=pw' })).toContain('hello, api');
    expect(statusOf(await ask({ path: '/stream?u=api&p=wrong' }))).toBe(401);
  });

  it('opens as ADMIN_USER while authentication is off', async () => {
    const auth = await createAuth({}, USERS);
    auth.authEnabled = false;
    const { ask } = await serveUpgrades(auth);
    expect(await ask()).toContain('hello, ADMIN_USER');
  });

  it('is audited like any request', async () => {
    const auth = await createAuth({}, USERS);
    const told = listen(auth);
    const { ask } = await serveUpgrades(auth);
    await ask({ auth: 'api:pw', path: '/config?p=secret' });
    await untilTold();
    expect(told).toMatchObject([
      ['login', { user: 'api', from: '127.0.0.1', path: '/config' }],
      ['denied', { user: 'api', status: 403, method: 'GET', path: '/config' }],
    ]);
  });
});

describe('a page of another site', () => {
  it.each([
    ['http://evil.example', 403],
    ['null', 403],
    ['http://localhost:1', 403],
    ['http://an-localhost', 403],
    ['capacitor://localhost', 403],
    ['', 403],
    ['http://localhost', 101],
    ['https://localhost', 101],
  ])('does not open a connection as the user who is logged in: %s', async (origin, status) => {
    const { ask, opened } = await serveUpgrades(await createAuth({}, USERS));
    const answer = await ask({ auth: 'root:r00t', headers: { Origin: origin } });
    expect(statusOf(answer)).toBe(status);
    if (status === 403) expect(bodyOf(answer).error).toBe('a page of another site may not open a connection');
    expect(opened).toHaveLength(status === 101 ? 1 : 0);
  });

  it('does not while authentication is off either', async () => {
    const auth = await createAuth({}, USERS);
    auth.authEnabled = false;
    const { ask } = await serveUpgrades(auth);
    expect(statusOf(await ask({ headers: { Origin: 'http://evil.example' } }))).toBe(403);
  });

  it('opens one if the app names it', async () => {
    const { ask } = await serveUpgrades(await createAuth({}, USERS), { origins: ['https://app.example.com'] });
    expect(await ask({ auth: 'api:pw', headers: { Origin: 'https://app.example.com' } })).toContain('hello, api');
    expect(statusOf(await ask({ auth: 'api:pw', headers: { Origin: 'http://app.example.com' } }))).toBe(403);
  });
});

describe('behind a proxy', () => {
  const FORWARDED = { 'X-Forwarded-For': '192.0.2.1, 198.51.100.7', 'X-Forwarded-Host': 'public.example' };

  it('the client is the one that the app’s setting names', async () => {
    const auth = await createAuth({}, USERS);
    const told = listen(auth);
    const { ask, opened } = await serveUpgrades(auth, { app: express().set('trust proxy', 1) });
    const headers = { ...FORWARDED, Origin: 'https://public.example' };
    expect(await ask({ auth: 'api:pw', headers })).toContain('hello, api');
    expect((opened[0] as { ip?: string }).ip).toBe('198.51.100.7');
    await untilTold();
    expect(told).toMatchObject([['login', { user: 'api', from: '198.51.100.7' }]]);
  });

  it('nothing is believed without the app, and a warning says what to write', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const { ask } = await serveUpgrades(await createAuth({}, USERS));
    const headers = { ...FORWARDED, Origin: 'https://public.example' };
    expect(statusOf(await ask({ auth: 'api:pw', headers }))).toBe(403);
    expect(statusOf(await ask({ auth: 'api:wrong', headers: FORWARDED }))).toBe(401);
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /X-Forwarded-For, .* Give .* the Express app .*: auth\.authorizeUpgrade\(req, socket, \{ app \}\)$/,
        ),
        { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_PROXY' },
      ],
    ]);
  });
});

describe('a call of authorizeUpgrade that is wrong', () => {
  const request = { headers: {}, url: '/', method: 'GET' } as IncomingMessage;
  const aSocket = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });

  it.each<[string, unknown[], string]>([
    ['no socket', [request], "write server.on('upgrade', async (req, socket) => {"],
    ['no request', [undefined, aSocket()], "write server.on('upgrade'"],
    ['an unknown option', [request, aSocket(), { origin: [] }], 'unknown option "origin": did you mean origins?'],
    ['the head', [request, aSocket(), Buffer.alloc(0)], 'the third argument must be an object with origins and app'],
    ['a fourth argument', [request, aSocket(), {}, 1], 'takes a request, a socket and options'],
    ['origins that are no list', [request, aSocket(), { origins: 'https://x.example' }], 'origins must be a list'],
    [
      'an origin without a scheme',
      [request, aSocket(), { origins: ['x.example'] }],
      'did you mean "https://x.example"?',
    ],
    ['an origin with a path', [request, aSocket(), { origins: ['https://x.example/'] }], 'mean "https://x.example"?'],
    ['every origin', [request, aSocket(), { origins: ['*'] }], 'every site could open connections'],
    ['no origin', [request, aSocket(), { origins: ['a b'] }], '"a b" is not an origin, such as'],
    ['an origin of nothing', [request, aSocket(), { origins: ['file:///x'] }], 'is not an origin, such as'],
    ['an origin that is no text', [request, aSocket(), { origins: [1] }], 'an origin is a text, not a number'],
    ['an app of another kind', [request, aSocket(), { app: {} }], 'app must be an Express app, not an object'],
  ])('says what to write, and leaves no connection: %s', async (_what, given, message) => {
    const auth = await createAuth({}, []);
    const call = auth.authorizeUpgrade(...(given as Parameters<typeof auth.authorizeUpgrade>));
    await expect(call).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
    if (given[1] instanceof Duplex) expect(given[1].destroyed).toBe(true);
  });

  it('is answered with 500 where it is used as a middleware', async () => {
    const auth = await createAuth({}, []);
    const res = new ServerResponse(request);
    const end = vi.spyOn(res, 'end').mockReturnThis();
    expect(await auth.authorizeUpgrade(request, res as never)).toBeUndefined();
    expect(res.statusCode).toBe(500);
    expect(String(end.mock.calls[0]?.[0])).toContain("write server.on('upgrade'");
  });
});
