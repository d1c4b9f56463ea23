import { describe, expect, it } from 'vitest';

import { json, serveAnswer } from './servers.js';

/** Answers as the recorded Kapacitor does: 200 to what it does not know, and all of them at each `after`. */
async function serveKapacitor() {
  const names = Array.from({ length: 2_500 }, (_, index) => `user${String(index).padStart(4, '0')}`);
  const user = (name: string) => ({
    link: { rel: 'self', href: `/kapacitor/v1/users/${name}` },
    name,
    permissions: ['api'],
    type: 'normal',
  });
  return serveAnswer((req, res) => {
    const { pathname, searchParams } = new URL(req.url as string, 'http://host');
    const name = decodeURIComponent(pathname.replace(/^\/kapacitor\/v1\/users\/?/, ''));
    if (!pathname.startsWith('/kapacitor/v1/users')) json(404, { error: 'Not Found', message: 'Not Found' })(req, res);
    else if (name === '' && req.method === 'GET') {
      const offset = Number(searchParams.get('offset'));
      json(200, { users: names.slice(offset, offset + Number(searchParams.get('limit'))).map(user) })(req, res);
    } else if (req.method === 'POST') json(200, { ...user(''), permissions: [] })(req, res);
    else if (name === 'root' || names.includes(name)) json(200, user(name))(req, res);
    else if (req.method === 'PATCH') {
      json(500, { error: 'failed to create user: updating user: no user exists' })(req, res);
    } else json(404, { error: 'no user exists', message: 'no user exists' })(req, res);
  });
}

describe('a real Kapacitor', () => {
  it('lists every user once, although it ignores where a page begins', async () => {
    const { on, asked } = await serveKapacitor();
    const { stdout } = await on(['user', 'list', '--json']);
    expect(new Set(JSON.parse(stdout).map(({ name }: { name: string }) => name)).size).toBe(2_500);
    expect(JSON.parse(stdout)).toHaveLength(2_500);
    expect(asked).toHaveLength(4);
  });

  it('cannot disable a user, and the command says so', async () => {
    const { on } = await serveKapacitor();
    expect(await on(['user', 'disable', 'user0001'])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^kapacitor-auth: user0001 is not disabled: this server cannot disable users, like a real Kapacitor/,
      ),
    });
    expect((await on(['user', 'enable', 'user0001'])).exitCode).toBe(0);
  });

  it('answers 200 for an existing user, and the command detects that', async () => {
    const { on } = await serveKapacitor();
    expect((await on(['user', 'add', 'user0001', '--password-stdin'], 'secret')).stderr).toBe(
      'kapacitor-auth: user "user0001" already exists\n',
    );
    expect((await on(['user', 'add', 'taken', '--password-stdin'], 'secret')).exitCode).toBe(1);
    expect((await on(['user', 'passwd', 'gone', '--password-stdin'], 'secret')).exitCode).toBe(1);
  });

  it('does not say who is logged in, so the name in the URL is shown', async () => {
    const { on } = await serveKapacitor();
    expect(await on(['whoami'])).toEqual({
      exitCode: 0,
      stdout: 'NAME  TYPE    PERMISSIONS  STATE\nroot  normal  api          enabled\n',
      stderr:
        'kapacitor-auth: this server has no /kapacitor/v1/me, like a real Kapacitor: your privileges are not known\n',
    });
    expect(JSON.parse((await on(['whoami', '--json'])).stdout)).not.toHaveProperty('privileges');
  });
});
