import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import express, { type RequestHandler } from 'express';
import methodOverride from 'method-override';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { BROWSER, POWERSHELL } from '../support/browser-headers.js';
import { FORM, JSON_TYPE } from '../support/content-types.js';
import { basic, errorBody, serve } from '../support/server.js';
import { serveUsers, USERS } from '../support/users-server.js';

describe('a page of another site', () => {
  const body = '{"name":"evil","password":"p","type":"admin"}';

  it.each<[string, Record<string, string>]>([
    ['a form', { ...FORM, 'Sec-Fetch-Site': 'cross-site' }],
    ['a form of a neighbour', { ...FORM, 'Sec-Fetch-Site': 'same-site' }],
    ['a form from another origin', { ...FORM, Origin: 'http://evil.example' }],
    ['a form of a sandboxed page', { ...FORM, Origin: 'null' }],
    ['a form of the same host on another port', { ...FORM, Origin: 'http://127.0.0.1:1' }],
    ['a form of the parent domain', { ...FORM, Host: 'app.example.com', Origin: 'http://example.com' }],
    ['a form of a domain that ends alike', { ...FORM, Host: 'example.com', Origin: 'http://an-example.com' }],
    ['a form in a file', { ...FORM, Host: 'localhost', Origin: 'file:///page.html' }],
    [
      'a form whose Referer says otherwise than its Origin',
      { ...FORM, Host: 'public.example', Origin: 'null', Referer: 'http://public.example/' },
    ],
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

  it('does not create users while authentication is off', async () => {
    const { send, auth } = await serveUsers();
    auth.authEnabled = false;
    const headers = { ...FORM, 'Sec-Fetch-Site': 'cross-site' };
    expect((await send({ method: 'POST', path: USERS, headers, body })).status).toBe(403);
  });

  it('is left to CORS if the browser sends a preflight', async () => {
    const { send } = await serveUsers();
    const headers = { ...JSON_TYPE, Origin: 'http://other.example', 'Sec-Fetch-Site': 'cross-site' };
    expect((await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body })).status).toBe(200);
  });

  it('is not a page of the app’s own origin', async () => {
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
    expect((await post({ 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' }, 'f')).status).toBe(200);
    expect((await post({ Referer: `http://127.0.0.1:${port}/admin` }, 'd')).status).toBe(200);
    expect((await post({ Origin: 'https://public.example', Host: 'Public.example:443' }, 'e')).status).toBe(200);
  });

  it('is recognized by the host that a trusted proxy forwards', async () => {
    const auth = await createAuth();
    const app = express();
    app.set('trust proxy', 'loopback');
    app.use(auth);
    const { send } = await serve(createServer(app).listeners('request')[0] as never);
    const headers = { ...FORM, Origin: 'https://public.example', 'X-Forwarded-Host': 'public.example, inner' };
    expect((await send({ method: 'POST', path: USERS, auth: 'root:r00t', headers, body })).status).toBe(200);
  });
});

describe('a page of another site behind method overriding', () => {
  const CROSS_SITE = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' };
  const TEXT = { 'Content-Type': 'text/plain' };
  const PERMISSIONS = '{"permissions":["all"]}';
  const homeMade: RequestHandler = (req, _res, next) => {
    const method = new URL(req.url, 'http://h').searchParams.get('_method');
    if (method !== null) req.method = method;
    next();
  };
  const OVERRIDES: [string, () => RequestHandler][] = [
    ['method-override', () => methodOverride('_method', { methods: null as never })],
    ['a middleware of the app’s own', () => homeMade],
  ];

  describe.each(OVERRIDES)('with %s', (_what, override) => {
    const change = async (method: string, overridden: string, headers: Record<string, string>, body = '') => {
      const { send, auth } = await serveUsers(override());
      const path = `${USERS}/api?_method=${overridden}`;
      const { status } = await send({ method, path, auth: 'root:r00t', headers, body, isDocumented: false });
      return { status, user: await auth.users.get('api') };
    };

    it.each<[string, string, string, Record<string, string>]>([
      ['an image', 'GET', 'DELETE', CROSS_SITE],
      ['an image of a neighbour', 'GET', 'DELETE', { 'Sec-Fetch-Site': 'same-site' }],
      ['an image in an older browser', 'GET', 'DELETE', { Referer: 'http://evil.example/page' }],
      ['a link in a mail', 'GET', 'DELETE', { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' }],
      ['a page over plain HTTP that hides where it is', 'GET', 'DELETE', BROWSER],
      ['a form', 'POST', 'DELETE', { ...FORM, ...CROSS_SITE }],
      ['a text', 'POST', 'PATCH', { ...TEXT, ...CROSS_SITE }],
      ['a text in an older browser', 'POST', 'PATCH', { ...TEXT, Origin: 'http://evil.example' }],
      ['a text of a sandboxed page', 'POST', 'PATCH', { ...TEXT, Origin: 'null' }],
    ])('changes no user by %s', async (_by, method, overridden, headers) => {
      const { status, user } = await change(method, overridden, headers, method === 'POST' ? PERMISSIONS : '');
      expect(status).toBe(403);
      expect(user).toMatchObject({ permissions: ['api'] });
    });

    it('differs from a client that is not a browser, and from a page of the app’s own origin', async () => {
      expect(await change('GET', 'DELETE', {})).toMatchObject({ status: 204, user: undefined });
      expect(await change('DELETE', 'DELETE', POWERSHELL)).toMatchObject({ status: 204, user: undefined });
      expect(await change('GET', 'DELETE', { 'Sec-Fetch-Site': 'same-origin' })).toMatchObject({ status: 204 });
      const changed = { status: 200, user: { permissions: ['all'] } };
      expect(await change('POST', 'PATCH', FORM, PERMISSIONS)).toMatchObject(changed);
    });
  });
});

describe('a change of users after a preflight', () => {
  it.each(['DELETE', 'PATCH'])('needs a content type that is not simple: %s', async (method) => {
    const { send } = await serveUsers();
    const change = (headers: Record<string, string>) =>
      send({
        method,
        path: `${USERS}/api`,
        auth: 'root:r00t',
        headers,
        body: method === 'PATCH' ? '{"permissions":[]}' : '',
      });
    const other = { Origin: 'http://other.example', 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' };
    expect((await change(other)).status).toBe(403);
    expect((await change({ ...other, ...JSON_TYPE })).status).toBe(method === 'DELETE' ? 204 : 200);
  });

  it('needs none of these headers from a client that is not a browser', async () => {
    const { send } = await serveUsers();
    expect((await send({ method: 'DELETE', path: `${USERS}/api`, auth: 'root:r00t' })).status).toBe(204);
  });
});

describe('a request without a Host', () => {
  it.each(['null', 'http://', 'http://evil.example'])('has no origin: %s', async (origin) => {
    const { port, auth } = await serveUsers();
    const socket = connect(port, '127.0.0.1');
    const head = [`DELETE ${USERS}/api HTTP/1.0`, `Authorization: ${basic('root:r00t')}`, `Origin: ${origin}`];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await auth.users.get('api')).toBeDefined();
  });
});
