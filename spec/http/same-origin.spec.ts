import { createServer } from 'node:http';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { FORM, JSON_TYPE } from '../support/content-types.js';
import { serve } from '../support/server.js';
import { serveUsers, USERS } from '../support/users-server.js';

const errorBody = (message: string) => ({ error: message, message });

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
