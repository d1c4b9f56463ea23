import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuth } from '../support/auth.js';
import { openApi } from '../support/openapi-document.js';
import { serve } from '../support/server.js';
import { serveUsers } from '../support/users-server.js';

const PATH = '/kapacitor/v1/openapi.json';
const ROOT = 'root:r00t';

describe('GET openapi.json', () => {
  it('answers with docs/openapi.yaml, whose server is the place that was asked', async () => {
    const { send } = await serveUsers();
    const { status, headers, body } = await send({ path: PATH, auth: ROOT });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    expect(body).toEqual({ ...openApi, servers: [{ url: '/kapacitor/v1' }] });
  });

  it.each<[string, string, string, string]>([
    ['the other prefix', '', '/kapacitor/v1', '/kapacitor/v1preview'],
    ['a mount', '/app', '/kapacitor/v1', '/app/kapacitor/v1'],
    ['a path of its own', '', '/api/v2', '/api/v2'],
    ['the root', '', '/', '/'],
  ])('names the server at %s', async (_what, mount, apiPath, url) => {
    const auth = await createAuth({ http: { apiPath } });
    const { send } = await serve(express().use(mount || '/', auth));
    const { body } = await send({ path: `${url === '/' ? '' : url}/OpenAPI.json/`, auth: ROOT });
    expect(body.servers).toEqual([{ url }]);
  });

  it('names no other host, whatever path a mount takes from the client', async () => {
    const auth = await createAuth();
    const { send } = await serve(express().use(/^\/\/[^/]+/, auth));
    const { body } = await send({ path: '//evil.example/kapacitor/v1/openapi.json', auth: ROOT });
    expect(body.servers).toEqual([{ url: '/' }]);
  });

  it.each<[string, string | undefined, number]>([
    ['an admin', ROOT, 200],
    ['a user who may read users', 'api:pw', 200],
    ['a user without permissions', 'nobody:pw', 403],
    ['nobody', undefined, 401],
  ])('is for those who may read users: %s', async (_who, credentials, status) => {
    const { send, auth } = await serveUsers();
    const answer = await send({ path: PATH, ...(credentials && { auth: credentials }) });
    expect(answer.status).toBe(status);
    const [name] = credentials?.split(':') ?? [];
    const user = name === undefined ? undefined : await auth.users.get(name);
    expect(auth.can(user, 'GET', PATH)).toBe(status === 200);
  });

  it('is read only', async () => {
    const { send } = await serveUsers();
    const { status, headers } = await send({ method: 'PUT', path: PATH, auth: ROOT });
    expect(status).toBe(405);
    expect(headers['allow']).toBe('GET, HEAD, OPTIONS');
  });

  it('is the app’s while there are no users', async () => {
    const auth = kapacitorAuth({ http: { authEnabled: false }, auth: { enabled: false } });
    onTestFinished(() => auth.close());
    const app = express().use(auth, (_req, res) => void res.status(299).end());
    expect((await (await serve(app)).send({ path: PATH, isDocumented: false })).status).toBe(299);
  });
});
