import express from 'express';
import { type KapacitorAuthConfig, MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { createAuth, ROOT } from '../support/auth.js';
import { run } from '../support/cli.js';
import { serve } from '../support/server.js';
import { userNamed } from '../support/stored-user.js';

import { json, serveAnswer } from './servers.js';
import { done } from './stores.js';

const PERMISSIONS = {
  clerk: { '/orders': ['read', 'write'] },
  'night-shift_2': { '/orders-2/Café': 'read' },
} as const;
const KIM = { name: 'kim', password: 'pw', permissions: ['clerk', 'night-shift_2'] };

/** A server with these permissions, and what asks it as root or as another user. */
async function serveClerks(
  http: KapacitorAuthConfig['http'] = {},
  path = '',
  mount = '/',
  store = new MemoryUserRepository(),
) {
  const auth = await createAuth({ permissions: PERMISSIONS, http, auth: { store } }, [ROOT, KIM]);
  const { url } = await serve(express().use(mount, auth));
  const as = (user: string) => (args: readonly string[], input?: string) =>
    run(['--url', `${url.replace('://', `://${user}@`)}${path}`, ...args], input === undefined ? {} : { input });
  return { on: as('root:r00t'), onKim: as('kim:pw') };
}

describe("a server with the app's own permissions", () => {
  it('gives them to users, and refuses others with what was probably meant', async () => {
    const { on } = await serveClerks();
    const args = ['--permission', 'clerk', '--password-stdin'];
    expect((await on(['user', 'add', 'sam', ...args], 'pw')).stdout).toMatch(/sam +normal +clerk +enabled/);
    const wrong = await on(['user', 'set', 'sam', '--permission', 'clrk']);
    expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did you mean clerk?') });
  });

  it('lists them, and marks those of users that are not defined', async () => {
    const store = new MemoryUserRepository();
    store.insert(userNamed('old', { permissions: ['clerk', 'former'] }));
    const { on } = await serveClerks({}, '', '/', store);
    expect((await on(['permission', 'list'])).stdout).toContain('clerk          /orders         read, write\n');
    expect((await on(['permission', 'list', '--names'])).stdout).toMatch(/\nclerk\nnight-shift_2\n$/);
    expect((await on(['user', 'list'])).stdout).toMatch(/^old +normal +clerk, former \(undefined\) +enabled$/m);
    expect((await on(['user', 'list'])).stdout).toMatch(/^kim +normal +clerk, night-shift_2 +enabled$/m);
  });

  it('decides what "can" answers', async () => {
    const { on } = await serveClerks();
    expect(await on(['can', 'kim', 'POST', '/orders/5'])).toEqual(
      done('yes: clerk opens /orders for read and write, the nearest entry above /orders/5\n'),
    );
    expect((await on(['can', 'kim', 'DELETE', '/orders/5'])).exitCode).toBe(1);
  });

  it('shows the privileges of whoever asks, on each resource that a permission names', async () => {
    const { onKim } = await serveClerks();
    const { stdout } = await onKim(['whoami']);
    expect(stdout).toMatch(/^\/api\/orders +read, write$/m);
    expect(stdout).toMatch(/^\/api\/orders-2\/caf%C3%A9 +read$/im);
  });

  it('does not show its definitions to users who may not read users', async () => {
    const { onKim } = await serveClerks();
    expect(await onKim(['permission', 'list', '--names'])).toEqual({
      exitCode: 0,
      stdout: 'none\napi\nconfig_api\nwrite_points\nall\n',
      stderr: "kapacitor-auth: this server does not show permissions of its own: these are Kapacitor's\n",
    });
    // It tells users what they may do themselves.
    expect(await onKim(['can', 'kim', 'GET', '/orders'])).toEqual(
      done('yes: clerk opens /orders for read and write\n'),
    );
  });
});

describe('a server without such an endpoint', () => {
  const user = { name: 'root', type: 'normal', permissions: ['former'] };

  it.each([
    ['nothing is there', json(404, { error: 'Not Found' })],
    ['there is another page', json(200, { permissions: 'all' })],
    ['there is nonsense', json(200, { permissions: { '\u001b[2J': {} } })],
    ['a path is none', json(200, { permissions: { clerk: { orders: ['read'] } } })],
    ['a privilege is none', json(200, { permissions: { clerk: { '/orders': ['raed'] } } })],
    ['a name is taken', json(200, { permissions: { api: { '/': ['all'] } } })],
  ])('marks nothing, and notes nothing: %s', async (_what, permissions) => {
    const { on } = await serveAnswer((req, res) => {
      const isUser = req.url?.includes('/users/');
      if (req.url?.endsWith('/permissions')) permissions(req, res);
      else json(200, isUser ? user : { users: [user] })(req, res);
    });
    const table = 'NAME  TYPE    PERMISSIONS  STATE\nroot  normal  former       enabled\n';
    expect(await on(['user', 'list'])).toEqual(done(table));
    expect(await on(['user', 'show', 'root'])).toEqual(done(table));
  });
});

describe('the path in the URL of a server', () => {
  it.each([
    ['is the path of its API', { apiPath: '/auth' }, '/auth', '/'],
    ['may have a slash at the end', { apiPath: '/auth' }, '/auth/', '/'],
    ['may be empty, for an API at the root', { apiPath: '/' }, '', '/'],
    ['may be a prefix of Kapacitor’s', {}, '/behind/proxy', '/behind/proxy'],
  ] as const)('%s: %j at %s', async (_what, http, path, mount) => {
    const { on, onKim } = await serveClerks(http, path, mount);
    expect((await on(['user', 'list'])).stdout).toContain('kim   normal  clerk, night-shift_2  enabled');
    expect((await on(['user', 'add', 'sam', '--password-stdin'], 'pw')).exitCode).toBe(0);
    expect((await on(['user', 'passwd', 'sam', '--password-stdin'], 'pw2')).exitCode).toBe(0);
    expect((await on(['user', 'delete', 'sam', '--yes'])).stdout).toBe('deleted sam\n');
    expect((await on(['permission', 'list'])).stdout).toContain('/orders');
    expect((await onKim(['whoami'])).stdout).toMatch(/^\/api\/orders +read, write$/m);
  });

  it('leads to the resources of an API elsewhere', async () => {
    const { on } = await serveClerks({ apiPath: '/auth' }, '/auth');
    expect((await on(['can', 'kim', 'GET', '/auth/orders'])).exitCode).toBe(0);
  });

  it('is asked once, with one request more', async () => {
    const me = { name: 'root', type: 'admin', permissions: [], privileges: {} };
    const { server, asked } = await serveAnswer((req, res) => {
      if (req.url === '/auth/me') json(200, me)(req, res);
      else if (req.method !== 'POST' && req.url?.startsWith('/auth/users/')) json(200, me)(req, res);
      else json(404, { error: 'Not Found' })(req, res);
    });
    const args = ['user', 'delete', 'a', 'b', '--yes'];
    await run(['-url', `${server.url.replace('://', '://root:secret@')}/auth`, ...args]);
    expect(asked.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'GET /auth/kapacitor/v1/users/a',
      'GET /auth/me',
      'GET /auth/users/a',
      'GET /auth/users/b',
      'POST /auth/users/batch',
      'GET /auth/users/a',
      'DELETE /auth/users/a',
      'GET /auth/users/b',
      'DELETE /auth/users/b',
    ]);
  });
});
