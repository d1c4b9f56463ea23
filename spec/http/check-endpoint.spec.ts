import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import { type KapacitorAuthConfig, kapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listen, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { basic, serve } from '../support/server.js';

const CHECK = '/kapacitor/v1/check';

interface Asked {
  readonly method?: string;
  readonly uri?: string;
  readonly auth?: string;
  readonly headers?: Record<string, string>;
}

/** An app behind a proxy on this machine. */
async function setUp(config: KapacitorAuthConfig = {}, trustProxy: unknown = 'loopback') {
  const auth = await createAuth(config);
  const app = express();
  app.set('trust proxy', trustProxy);
  app.use(auth, (_req, res) => {
    res.status(299).end();
  });
  const server = await serve(app);
  const check = ({ method = 'GET', uri = '/kapacitor/v1/tasks', auth, headers = {} }: Asked) =>
    server.send({
      path: CHECK,
      ...(auth !== undefined && { auth }),
      headers: { 'X-Original-Method': method, 'X-Original-URI': uri, ...headers },
    });
  return { ...server, auth, check };
}

describe('GET /kapacitor/v1/check', () => {
  it('answers 204 with the name of the user, 401 with a challenge, or 403, and no cache keeps it', async () => {
    const { check, auth } = await setUp();
    await auth.users.create({ name: 'Größe', password: 'pw', permissions: ['api'] });
    const allowed = await check({ auth: 'Größe:pw', headers: { 'X-Forwarded-User': 'root' } });
    expect(allowed).toMatchObject({
      status: 204,
      text: '',
      headers: { 'x-forwarded-user': 'Gr%C3%B6%C3%9Fe', 'cache-control': 'no-store' },
    });
    const nobody = await check({});
    const reason = 'unable to parse authentication credentials';
    expect(nobody).toMatchObject({
      status: 401,
      body: { error: reason, message: reason },
      headers: { 'www-authenticate': 'Basic realm="Kapacitor", charset="UTF-8"', 'cache-control': 'no-store' },
    });
    expect(await check({ auth: 'api:wrong' })).toMatchObject({ status: 401, body: { error: 'authorization failed' } });
    expect(await check({ auth: 'api:pw', method: 'DELETE', uri: '/kapacitor/v1/config/x?y=1' })).toMatchObject({
      status: 403,
      headers: { 'cache-control': 'no-store' },
      body: { error: 'user api does not have "delete" privilege for API endpoint "/kapacitor/v1/config/x"' },
    });
    expect(nobody.headers).not.toHaveProperty('x-forwarded-user');
  });

  it('decides about every path as the guard does', async () => {
    const { check, send } = await setUp({ http: { public: ['/public', 'GET /status'] } });
    const uris = [
      '/kapacitor/v1/tasks',
      '/kapacitor/v1/tasks?x=/kapacitor/v1/config',
      '/kapacitor/v1/config',
      '/kapacitor/v1/tasks/../config',
      '/kapacitor/v1/tasks/%2e%2e/config',
      '/kapacitor/v1/%63onfig',
      '/kapacitor/v1/%2563onfig',
      '/kapacitor/v1//config',
      '//host/kapacitor/v1/config',
      '/kapacitor/v1/tasks;/../config',
      '/KAPACITOR/V1/CONFIG',
      '/kapacitor/v1/tasks/%5c..%5cconfig',
      '/kapacitor/v1/write',
      '/public',
      '/public/x',
      '/public/../kapacitor/v1/config',
      '/public/..%2fkapacitor/v1/config',
      '/public%2f..%2f..%2fkapacitor/v1/config',
      '/publicity',
      '/status',
      `/${'x'.repeat(3_000)}`,
    ];
    const seen = new Set<number>();
    for (const auth of [undefined, 'api:pw', 'config:pw', 'nobody:pw', 'root:r00t']) {
      for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PROPFIND']) {
        const credentials = auth === undefined ? {} : { auth };
        for (const uri of uris) {
          const { status: guarded } = await send({ method, path: uri, ...credentials });
          const { status } = await check({ method, uri, ...credentials });
          expect({ auth, method, uri, status }).toEqual({ auth, method, uri, status: guarded === 299 ? 204 : guarded });
          seen.add(status);
        }
      }
    }
    expect([...seen].sort()).toEqual([204, 401, 403]);
  });

  it('knows no rights of users on themselves, which the users API alone has', async () => {
    const { check } = await setUp();
    const uri = '/kapacitor/v1/users/nobody';
    for (const method of ['GET', 'PATCH']) expect((await check({ auth: 'nobody:pw', method, uri })).status).toBe(403);
  });

  it('refuses OPTIONS without credentials, which the proxy would pass on', async () => {
    const { check } = await setUp();
    expect(await check({ method: 'OPTIONS' })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringMatching(/^Basic /) },
    });
    expect((await check({ method: 'OPTIONS', auth: 'api:pw' })).status).toBe(204);
  });

  it('tells no user for a public path without credentials, and the user with them', async () => {
    const { check } = await setUp({ http: { public: ['/public'] } });
    const nobody = await check({ uri: '/public/x' });
    expect(nobody.status).toBe(204);
    expect(nobody.headers).not.toHaveProperty('x-forwarded-user');
    expect((await check({ uri: '/public/x', auth: 'nobody:pw' })).headers['x-forwarded-user']).toBe('nobody');
    expect((await check({ uri: '/public/x', auth: 'nobody:wrong' })).status).toBe(401);
  });

  it('lets everybody through while authentication is off', async () => {
    const { check, auth } = await setUp();
    auth.authEnabled = false;
    expect(await check({})).toMatchObject({ status: 204, headers: { 'x-forwarded-user': 'ADMIN_USER' } });
  });

  it('is where http.apiPath says, and below a mount', async () => {
    const auth = await createAuth({ http: { apiPath: '/auth' } });
    const app = express();
    app.set('trust proxy', 'loopback');
    app.use('/mount', auth, (_req, res) => void res.status(299).end());
    const { send } = await serve(app);
    const headers = { 'X-Original-Method': 'GET', 'X-Original-URI': '/tasks' };
    for (const path of ['/mount/auth/check', '/mount/AUTH/Check/', '/mount/auth/check?x']) {
      expect((await send({ path, auth: 'api:pw', headers })).status).toBe(204);
    }
    for (const path of ['/mount/kapacitor/v1/check', '/mount/auth/check/x']) {
      expect((await send({ path, auth: 'api:pw', headers })).status).toBe(299);
    }
  });

  it('is open to every user, as auth.explain says', async () => {
    const { auth } = await setUp();
    const nobody = { name: 'nobody', type: 'normal', permissions: [], enabled: true } as const;
    const reasonFor = (method: string) => auth.explain(nobody, method, CHECK).reason;
    expect(reasonFor('GET')).toBe('every user may be checked by a proxy');
    expect(reasonFor('OPTIONS')).toBe('every user may be checked by a proxy, and OPTIONS is answered with 405');
  });
});

describe('a check from an address that "trust proxy" does not name', () => {
  it.each([
    ['the default', false],
    ['0 proxies', 0],
    ['another address', '192.0.2.1'],
  ])('is refused, whatever the credentials, and reported once: %s', async (_, trustProxy) => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { check } = await setUp({}, trustProxy);
    const problem =
      'only a proxy may ask here, and the setting "trust proxy" does not name 127.0.0.1: set it to the address of your ' +
      'proxy, such as app.set("trust proxy", "loopback")';
    for (const auth of ['root:r00t', 'api:wrong']) {
      expect(await check({ auth, headers: { 'X-Forwarded-For': '127.0.0.1' } })).toMatchObject({
        status: 403,
        body: { error: problem, message: problem },
      });
    }
    expect(warned.mock.calls).toEqual([[problem, { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_PROXY' }]]);
  });

  it('is refused without Express, which has that setting', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const auth = await createAuth();
    const { send } = await serve((req, res) => auth(req, res, () => res.writeHead(299).end()));
    const headers = { 'X-Original-Method': 'GET', 'X-Original-URI': '/tasks' };
    expect((await send({ path: CHECK, auth: 'root:r00t', headers })).status).toBe(403);
  });
});

describe('a check that a proxy asks the wrong way', () => {
  const URI =
    'X-Original-URI must be a path with its query, once: write  proxy_set_header X-Original-URI $request_uri;';
  const METHOD = 'X-Original-Method must be a method, once: write  proxy_set_header X-Original-Method $request_method;';

  it.each<[string, readonly string[], string]>([
    ['no headers', [], METHOD],
    ['no method', ['X-Original-URI: /tasks'], METHOD],
    ['no URI', ['X-Original-Method: GET'], URI],
    ['two URIs', ['X-Original-Method: GET', 'X-Original-URI: /public', 'X-Original-URI: /tasks'], URI],
    ['two methods', ['X-Original-Method: GET', 'X-Original-Method: DELETE', 'X-Original-URI: /tasks'], METHOD],
    ['an absolute URI', ['X-Original-Method: GET', 'X-Original-URI: http://host/tasks'], URI],
    ['no slash', ['X-Original-Method: GET', 'X-Original-URI: tasks'], URI],
    ['an empty URI', ['X-Original-Method: GET', 'X-Original-URI: '], URI],
    ['words for a method', ['X-Original-Method: GET /x', 'X-Original-URI: /tasks'], METHOD],
    ['an underscore', ['X-Original-Method: GET', 'X_Original_URI: /tasks'], URI],
  ])('gets 400, which nginx makes a 500 of: %s', async (_, lines, message) => {
    const { port } = await setUp();
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => {
      socket.destroy();
    });
    const head = [`GET ${CHECK} HTTP/1.1`, 'Host: localhost', `Authorization: ${basic('root:r00t')}`, ...lines];
    socket.write(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n`);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(JSON.stringify({ error: message, message }));
  });

  it.each(['OPTIONS', 'POST', 'DELETE'])('gets 405 for a %s, with credentials or without', async (method) => {
    const { send } = await setUp();
    const headers = { 'X-Original-Method': 'GET', 'X-Original-URI': '/public' };
    for (const auth of [{}, { auth: 'root:r00t' }]) {
      const answer = await send({ method, path: CHECK, headers, ...auth });
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
  });
});

describe('a check that cannot be answered', () => {
  it('is a 401 while the client is throttled, because nginx makes a 500 of a 429', async () => {
    const { check, send } = await setUp({ auth: { failureLimit: 1 } });
    const headers = { 'X-Forwarded-For': '192.0.2.1' };
    expect((await check({ auth: 'api:wrong', headers })).status).toBe(401);
    const throttled = await check({ auth: 'api:pw', headers });
    expect(throttled).toMatchObject({
      status: 401,
      body: { error: expect.stringMatching(/^too many failed attempts/) },
    });
    expect(Number(throttled.headers['retry-after'])).toBeGreaterThan(0);
    expect((await send({ path: '/tasks', auth: 'api:pw', headers })).status).toBe(429);
    expect((await check({ auth: 'api:pw', headers: { 'X-Forwarded-For': '192.0.2.2' } })).status).toBe(204);
  });

  it('is a 503 while the store fails, with http.refusals: "next" as well', async () => {
    const repository = new MemoryUserRepository();
    const { check } = await setUp({ http: { refusals: 'next' }, auth: { store: repository } });
    vi.spyOn(repository, 'find').mockRejectedValue(new Error('out of order'));
    const message = 'the user store is unavailable';
    expect(await check({ auth: 'api:pw' })).toMatchObject({ status: 503, body: { error: message, message } });
  });

  it('is a 421 for a host that is not served', async () => {
    const { check } = await setUp({ http: { allowedHosts: ['example.com'] } });
    expect((await check({ auth: 'api:pw' })).status).toBe(421);
    expect((await check({ auth: 'api:pw', headers: { Host: 'example.com' } })).status).toBe(204);
  });
});

describe('a check in the audit', () => {
  it('has the method and the path that the proxy asks about', async () => {
    const { auth, check } = await setUp();
    const told = listen(auth);
    await check({ auth: 'api:pw', method: 'DELETE', uri: '/kapacitor/v1/config?p=secret' });
    await untilTold();
    expect(told.map(([event, details]) => [event, details])).toContainEqual([
      'denied',
      expect.objectContaining({
        user: 'api',
        status: 403,
        method: 'DELETE',
        path: '/kapacitor/v1/config',
        from: '127.0.0.1',
      }),
    ]);
  });

  it('counts for credentials in the query too, where they are accepted', async () => {
    const { check } = await setUp({ http: { queryCredentials: true } });
    expect((await check({ uri: '/kapacitor/v1/tasks?u=api&p=pw' })).status).toBe(204);
    expect((await check({ uri: '/kapacitor/v1/tasks?u=api&p=wrong' })).status).toBe(401);
  });
});

describe('without users', () => {
  it('there is no check', async () => {
    const auth = kapacitorAuth({ http: { authEnabled: false }, auth: { enabled: false } });
    onTestFinished(() => auth.close());
    const app = express().use(auth, (_req, res) => void res.status(299).end());
    expect((await (await serve(app)).send({ path: CHECK, isDocumented: false })).status).toBe(299);
  });
});
