import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import express, { type RequestHandler } from 'express';
import type { KapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { basic, serve } from '../support/server.js';

const USERS = '/kapacitor/v1/users';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

async function serveUsers(...before: RequestHandler[]) {
  const auth = await createAuth();
  const app = express();
  for (const handler of before) app.use(handler);
  app.use(auth);
  const server = await serve(app);
  return { auth, ...server };
}

const errorBody = (message: string) => ({ error: message, message });

describe('the users API', () => {
  it('is kept out of every cache', async () => {
    const { send } = await serveUsers();
    for (const path of [USERS, `${USERS}/api`, `${USERS}/nobody/x`]) {
      expect((await send({ path, auth: 'root:r00t' })).headers['cache-control']).toBe('no-store');
    }
    expect((await send({ path: USERS })).headers['cache-control']).toBe('no-store');
  });

  it('lets a user change its own password, and nothing else of itself', async () => {
    const { send } = await serveUsers();
    const change = (auth: string, body: object, name = 'nobody') =>
      send({ method: 'PATCH', path: `${USERS}/${name}`, auth, headers: FORM, body: JSON.stringify(body) });
    expect((await change('nobody:pw', { password: 'mine' })).status).toBe(200);
    expect((await send({ path: `${USERS}/nobody`, auth: 'nobody:pw' })).status).toBe(401);
    expect((await send({ path: `${USERS}/nobody`, auth: 'nobody:mine' })).status).toBe(200);
    expect((await change('nobody:mine', { name: 'nobody', password: 'other' })).status).toBe(200);
    for (const body of [{ type: 'admin' }, { type: 'normal' }, { permissions: [] }, { password: 'x', type: 'admin' }]) {
      const { status, body: answer } = await change('nobody:other', body);
      expect(status).toBe(403);
      expect(answer).toEqual(errorBody('user nobody may not manage users: an admin is required'));
    }
    expect((await change('nobody:other', { password: 'x' }, 'api')).status).toBe(403);
    expect((await change('nobody:other', { password: 'x' }, 'NOBODY')).status).toBe(403);
    expect((await send({ path: `${USERS}/nobody`, auth: 'nobody:other' })).status).toBe(200);
  });

  it.each([
    ['PUT', `${USERS}/api`, 'GET, HEAD, PATCH, DELETE, OPTIONS'],
    ['DELETE', USERS, 'GET, HEAD, POST, OPTIONS'],
    ['PROPFIND', USERS, 'GET, HEAD, POST, OPTIONS'],
  ])('says which methods there are: %s %s', async (method, path, allow) => {
    const { send } = await serveUsers();
    const answer = await send({ method, path, auth: 'root:r00t' });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    expect((await send({ method, path, auth: 'api:pw' })).status).toBe(403);
  });

  it('answers OPTIONS with credentials to those who may read', async () => {
    const { send } = await serveUsers();
    expect((await send({ method: 'OPTIONS', path: USERS, auth: 'api:pw' })).headers.allow).toBe(
      'GET, HEAD, POST, OPTIONS',
    );
    expect((await send({ method: 'OPTIONS', path: USERS, auth: 'nobody:pw' })).status).toBe(403);
  });

  it('answers 400 to a path that cannot be decoded', async () => {
    const { send } = await serveUsers();
    const { status, body } = await send({ path: `${USERS}/%ff`, auth: 'root:r00t' });
    expect(status).toBe(400);
    expect(body).toEqual(errorBody('malformed path'));
  });

  it('leaves to the app what is no address of its', async () => {
    const { send } = await serveUsers();
    expect((await send({ path: '/kapacitor/v1/usersx', auth: 'api:pw' })).status).toBe(404);
    expect((await send({ path: '/kapacitor/v1/tasks/users', auth: 'api:pw' })).status).toBe(404);
    expect((await send({ path: '/kapacitor/v1/tasks/users', auth: 'nobody:pw' })).status).toBe(403);
  });
});

describe('a body', () => {
  const user = { name: 'new', password: 'a+b & c=%41é', permissions: ['api', 'config_api'] };

  it.each([
    ['a form’s, as curl sends it', FORM],
    ['JSON’s', JSON_TYPE],
    ['a text’s', { 'Content-Type': 'text/plain; charset=utf-8' }],
    ['another', { 'Content-Type': 'application/octet-stream' }],
    ['none', {}],
  ])('is read as JSON when its content type is %s', async (_what, headers) => {
    const { send, auth } = await serveUsers();
    const body = JSON.stringify(user);
    const { status } = await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body });
    expect(status).toBe(200);
    expect(await auth.users.get('new')).toMatchObject({ permissions: user.permissions });
    expect((await send({ path: `${USERS}/new`, auth: `new:${user.password}` })).status).toBe(200);
  });

  it.each<[string, RequestHandler, Record<string, string>]>([
    ['express.json()', express.json(), JSON_TYPE],
    ['express.text()', express.text({ type: '*/*' }), FORM],
    ['express.raw()', express.raw({ type: '*/*' }), FORM],
    ['express.urlencoded(), simple', express.urlencoded({ extended: false }), FORM],
    ['express.json() that does not want it', express.json(), FORM],
  ])('is read where the app has run %s', async (_parser, parser, headers) => {
    const { send, auth } = await serveUsers(parser);
    const body = '{"name":"new", "password":"p=q&r=s","permissions":["api","config_api"]}';
    const answer = await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body });
    expect(answer.status).toBe(200);
    expect((await send({ path: `${USERS}/new`, auth: 'new:p=q&r=s' })).status).toBe(200);
    expect(await auth.users.get('new')).toMatchObject({ permissions: ['api', 'config_api'] });
  });

  it('is read, or refused whole, where the app has run express.urlencoded(), extended, which loses brackets', async () => {
    const { send, auth } = await serveUsers(express.urlencoded({ extended: true }));
    const post = (body: string) => send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: FORM, body });
    expect((await post('{"name":"a","password":"p","type":"admin"}')).status).toBe(200);
    expect((await post('{"name":"b","password":"p","permissions":["api","config_api"]}')).status).toBe(200);
    expect(await auth.users.get('b')).toMatchObject({ permissions: ['api', 'config_api'] });
    const lost = await post('{"name":"c","permissions":["api"],"password":"p"}');
    expect(lost.body.error).toContain('mount kapacitorAuth before it');
    expect(await auth.users.get('c')).toBeUndefined();
  });

  it.each(['a+b', 'a b', '%41', 'a%2Bb'])(
    'is refused where express.urlencoded() may have changed the password %s',
    async (password) => {
      for (const extended of [true, false]) {
        const { send, auth } = await serveUsers(express.urlencoded({ extended }));
        const body = JSON.stringify({ name: 'new', password });
        const answer = await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: FORM, body });
        expect(answer.status).toBe(400);
        expect(answer.body.error).toBe(
          'the body was read as a form by express.urlencoded(), which may have changed it: ' +
            'mount kapacitorAuth before it, or send Content-Type: application/json',
        );
        expect(await auth.users.get('new')).toBeUndefined();
      }
    },
  );

  it.each([
    ['{"name":"u","password":"p=&q","x":[]}', FORM],
    ['{"name":"u","password":"p&&q","x":[]}', FORM],
    [Buffer.from('{"name":"u","password":"\xe9%41"}', 'latin1'), FORM],
    ['{"name":"u","password":"é%41"}', { 'Content-Type': 'application/x-www-form-urlencoded; charset=iso-8859-1' }],
  ])('is refused, or read as it was sent, where express.urlencoded() has read %s', async (body, headers) => {
    for (const extended of [true, false]) {
      const { send, auth } = await serveUsers(express.urlencoded({ extended }));
      await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body });
      if ((await auth.users.get('u')) === undefined) continue;
      const { password } = JSON.parse(body.toString());
      expect((await send({ path: `${USERS}/u`, auth: `u:${password}` })).status).toBe(200);
    }
  });

  it.each(['', 'a=b', '{"a', 'a=b&a=c', '%7B%7D'])(
    'that is no JSON is invalid where express.urlencoded() has read it: %j',
    async (body) => {
      const { send } = await serveUsers(express.urlencoded({ extended: true }));
      expect((await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: FORM, body })).status).toBe(400);
    },
  );

  it.each([
    undefined,
    '',
    ' ',
    '{',
    '[]',
    '"x"',
    '5',
    'true',
    '{"name":"a","password":"p"}}',
    '{"name":"a"',
    "{'name':'a'}",
    Buffer.from('{"name":"\xff","password":"p"}', 'latin1'),
  ])('that is no JSON object is invalid: %s', async (body) => {
    const { send } = await serveUsers();
    const { status, body: answer } = await send({
      method: 'POST',
      path: USERS,
      auth: 'root:r00t',
      ...(body !== undefined && { body }),
    });
    expect(status).toBe(400);
    expect(answer).toEqual(errorBody('invalid JSON'));
  });

  it('is not taken for a prototype', async () => {
    const { send, auth } = await serveUsers();
    const body = '{"name":"new","password":"p","__proto__":{"type":"admin"},"constructor":{"type":"admin"}}';
    await send({ method: 'POST', path: USERS, auth: 'root:r00t', body });
    expect(await auth.users.get('new')).toMatchObject({ type: 'normal' });
    const inherited = '{"__proto__":{"name":"other","password":"p"}}';
    expect((await send({ method: 'POST', path: USERS, auth: 'root:r00t', body: inherited })).body.error).toBe(
      'username is required',
    );
  });

  it('is taken up to 64 KiB', async () => {
    const { send } = await serveUsers();
    const padded = (size: number) => {
      const body = JSON.stringify({ name: 'new', password: 'p', padding: '' });
      return body.replace('""', `"${'x'.repeat(size - body.length)}"`);
    };
    const tooLarge = errorBody('request body must be at most 64 KiB');
    const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
      send({ method: 'POST', path: USERS, auth: 'root:r00t', body, headers });
    expect(await post(padded(65_537))).toMatchObject({ status: 413, body: tooLarge });
    expect(await post(padded(65_537), { 'Transfer-Encoding': 'chunked' })).toMatchObject({ status: 413 });
    expect(await post(gzipSync(padded(65_537)), { 'Content-Encoding': 'gzip' })).toMatchObject({ status: 413 });
    expect(await post(padded(65_536))).toMatchObject({ status: 200 });
    const parsed = await serveUsers(express.json({ limit: '1mb' }));
    expect(
      await parsed.send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: JSON_TYPE, body: padded(65_537) }),
    ).toMatchObject({ status: 413 });
  });

  it('may be compressed, in ways that are known', async () => {
    const { send } = await serveUsers();
    const body = gzipSync('{"name":"new","password":"p"}');
    const post = (encoding: string, bytes: Buffer) =>
      send({ method: 'POST', path: USERS, auth: 'root:r00t', headers: { 'Content-Encoding': encoding }, body: bytes });
    expect((await post('gzip', body)).status).toBe(200);
    expect((await post('unknown', body)).body).toEqual(errorBody('content encoding is not supported'));
    expect((await post('gzip', Buffer.from('not gzip'))).body).toEqual(errorBody('request body cannot be read'));
  });

  it('that somebody else has read without keeping it is missed at once', async () => {
    const { send } = await serveUsers((req, _res, next) => {
      req.resume().on('end', next);
    });
    const { status, body } = await send({ method: 'POST', path: USERS, auth: 'root:r00t', body: '{"name":"a"}' });
    expect(status).toBe(400);
    expect(body.error).toBe('another middleware has read the body and not kept it: mount kapacitorAuth before it');
  });
});

describe('a client that holds its body back', () => {
  /** Sends all of a request but its last byte; gives what sends the rest, once the server waits for it. */
  async function holdBack(method: string, path: string, who: string, body: string) {
    let waits = () => {};
    const waiting = new Promise<void>((resolve) => {
      waits = resolve;
    });
    const auth = await createAuth();
    const app = express();
    app.use((req, _res, next) => {
      // Somebody reads the body only when the user is known.
      req.once('resume', () => waits());
      next();
    });
    app.use(auth);
    const { port } = await serve(app);
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      headers: { Authorization: basic(who), 'Content-Length': Buffer.byteLength(body) },
    });
    const answered = once(request, 'response');
    request.write(body.slice(0, -1));
    await waiting;
    const finish = async (): Promise<number> => {
      request.end(body.slice(-1));
      const [response] = (await answered) as [IncomingMessage];
      response.resume();
      return response.statusCode as number;
    };
    return { auth, finish };
  }

  it('does not take an account over with a password that has been changed meanwhile', async () => {
    const { auth, finish } = await holdBack('PATCH', `${USERS}/api`, 'api:pw', '{"password":"thief"}');
    await auth.users.update('api', { password: 'owner' });
    expect(await finish()).toBe(403);
  });

  it('does not take over a later user of the same name', async () => {
    const { auth, finish } = await holdBack('PATCH', `${USERS}/api`, 'api:pw', '{"password":"thief"}');
    await auth.users.delete('api');
    await auth.users.create({ name: 'api', password: 'owner', type: 'admin' });
    expect(await finish()).toBe(403);
  });

  it.each([
    ['deleted', (auth: KapacitorAuth) => auth.users.delete('root')],
    ['demoted', (auth: KapacitorAuth) => auth.users.update('root', { type: 'normal' })],
  ])('does not make an admin when it has been %s meanwhile', async (_what, change) => {
    const body = '{"name":"back","password":"p","type":"admin"}';
    const { auth, finish } = await holdBack('POST', USERS, 'root:r00t', body);
    await auth.users.create({ name: 'other', password: 'p', type: 'admin' });
    await change(auth);
    expect(await finish()).toBe(403);
    expect(await auth.users.get('back')).toBeUndefined();
  });

  it('does what it asks for at the first request as well, where the router is mounted alone', async () => {
    const auth = await createAuth();
    const app = express();
    app.use('/admin/users', auth.usersRouter);
    const { send } = await serve(app);
    const post = { method: 'POST', path: '/admin/users', auth: 'root:r00t', body: '{"name":"new","password":"p"}' };
    expect((await send(post)).status).toBe(200);
    const patch = { method: 'PATCH', path: '/admin/users/nobody', auth: 'nobody:pw', body: '{"password":"q"}' };
    expect((await send(patch)).status).toBe(200);
  });

  it('does what it asks for when nothing has changed', async () => {
    const { auth, finish } = await holdBack('PATCH', `${USERS}/api`, 'api:pw', '{"password":"own"}');
    await auth.users.update('api', { permissions: [] });
    expect(await finish()).toBe(200);
  });
});

describe('a page of another site', () => {
  const body = '{"name":"evil","password":"p","type":"admin"}';

  it.each<[string, Record<string, string>]>([
    ['a form', { ...FORM, 'Sec-Fetch-Site': 'cross-site' }],
    ['a form of a neighbour', { ...FORM, 'Sec-Fetch-Site': 'same-site' }],
    ['a form from another origin', { ...FORM, Origin: 'http://evil.example' }],
    ['a form of a sandboxed page', { ...FORM, Origin: 'null' }],
    ['a form of the same host on another port', { ...FORM, Origin: 'http://127.0.0.1:1' }],
    ['a text', { 'Content-Type': 'text/plain', Origin: 'http://evil.example' }],
    ['a form with files', { 'Content-Type': 'Multipart/Form-Data; boundary=x', Origin: 'http://evil.example' }],
    ['no content type', { Origin: 'http://evil.example' }],
    [
      'a forwarded host that no trusted proxy names',
      { Origin: 'http://evil.example', 'X-Forwarded-Host': 'evil.example' },
    ],
  ])('does not create users with %s', async (_what, headers) => {
    const { send, auth } = await serveUsers();
    const answer = await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body });
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual(errorBody('a page of another site may not change users'));
    expect(await auth.users.get('evil')).toBeUndefined();
  });

  it('does not create users while authentication is off either', async () => {
    const { send, auth } = await serveUsers();
    auth.authEnabled = false;
    const headers = { ...FORM, 'Sec-Fetch-Site': 'cross-site' };
    expect((await send({ method: 'POST', path: USERS, headers, body })).status).toBe(403);
  });

  it('is left to CORS where a browser asks first', async () => {
    const { send } = await serveUsers();
    const headers = { ...JSON_TYPE, Origin: 'http://other.example', 'Sec-Fetch-Site': 'cross-site' };
    expect((await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body })).status).toBe(200);
  });

  it('is not a page of our own', async () => {
    const { send, port } = await serveUsers();
    const post = (headers: Record<string, string>, name: string) =>
      send({
        method: 'POST',
        path: USERS,
        auth: 'root:r00t',
        headers: { ...FORM, ...headers },
        body: `{"name":"${name}","password":"p"}`,
      });
    expect((await post({ Origin: `http://127.0.0.1:${port}` }, 'a')).status).toBe(200);
    expect((await post({ Origin: 'http://public.example', 'Sec-Fetch-Site': 'same-origin' }, 'b')).status).toBe(200);
    expect((await post({ 'Sec-Fetch-Site': 'none' }, 'c')).status).toBe(200);
  });

  it.each(['DELETE', 'PATCH'])('does not %s users by way of method-override', async (method) => {
    const { send, auth } = await serveUsers((req, _res, next) => {
      Object.assign(req, { originalMethod: req.method, method });
      next();
    });
    const headers = { 'Content-Type': 'text/plain', Origin: 'http://evil.example' };
    const change = '{"permissions":["all"]}';
    const answer = await send({ method: 'POST', path: `${USERS}/api`, auth: 'root:r00t', headers, body: change });
    expect(answer.status).toBe(403);
    expect(await auth.users.get('api')).toMatchObject({ permissions: ['api'] });
  });

  it('is told by the host that a trusted proxy names', async () => {
    const auth = await createAuth();
    const app = express();
    app.set('trust proxy', 'loopback');
    app.use(auth);
    const { send } = await serve(createServer(app).listeners('request')[0] as never);
    const headers = { ...FORM, Origin: 'https://public.example', 'X-Forwarded-Host': 'public.example, inner' };
    expect((await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body })).status).toBe(200);
  });
});
