import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { userNamed } from '../support/stored-user.js';

import { json, serveAnswer, serveUsers } from './servers.js';
import { done, failed, storeWith } from './stores.js';

describe('can', () => {
  it('answers yes or no, with the reason and as the exit code', async () => {
    const { on, repository } = await storeWith();
    await repository.insert(userNamed('stan', { permissions: ['api'] }));
    expect(await on(['can', 'stan', 'get', '/kapacitor/v1/tasks'])).toEqual(
      done('yes: api opens / for everything, the nearest entry above /tasks\n'),
    );
    const no = await on(['can', 'stan', 'POST', '/kapacitor/v1/write', '--json']);
    expect(no.exitCode).toBe(1);
    expect(JSON.parse(no.stdout)).toEqual({
      user: 'stan',
      method: 'POST',
      path: '/kapacitor/v1/write',
      allowed: false,
      privilege: 'write',
      resource: '/api/write',
      reason: expect.stringMatching(/^api closes \/write; POST needs write, which /),
    });
  });

  it('says which user is missing, and which argument is wrong', async () => {
    const { on } = await storeWith();
    expect(await on(['can', 'stan', 'GET', '/x'])).toEqual(
      failed(1, 'there is no user "stan". Names are case-sensitive: "user list" shows them'),
    );
    expect(await on(['can', 'root', '/x', 'GET'])).toEqual(
      failed(2, 'the method comes before the path: can USER GET /kapacitor/v1/tasks'),
    );
    expect(await on(['can', 'root', 'GET', 'x'])).toEqual(failed(2, 'the path begins with a slash: did you mean /x?'));
    expect(await on(['can', 'root', 'read', '/x'])).toEqual(
      failed(2, '"read" is a privilege: a request has a method, such as GET'),
    );
    expect((await on(['can', 'root', 'delete', '/x'])).exitCode).toBe(0);
  });
});

describe('whoami', () => {
  it('prints the user and its privileges', async () => {
    const { on } = await serveUsers('api:pw');
    expect((await on(['whoami'])).stdout).toBe(
      'NAME  TYPE    PERMISSIONS  STATE\n' +
        'api   normal  api          enabled\n' +
        '\n' +
        'RESOURCE     PRIVILEGES\n' +
        '/api         read, write, delete\n' +
        '/api/ping    read, write, delete\n' +
        '/api/write   none\n' +
        '/api/config  none\n' +
        '/api/users   read\n',
    );
    expect(JSON.parse((await on(['whoami', '--json'])).stdout)).toEqual({
      name: 'api',
      type: 'normal',
      permissions: ['api'],
      enabled: true,
      privileges: {
        '/api': ['read', 'write', 'delete'],
        '/api/ping': ['read', 'write', 'delete'],
        '/api/write': [],
        '/api/config': [],
        '/api/users': ['read'],
      },
    });
  });

  it('is refused without a server', async () => {
    expect(await run(['whoami', '--store', 'sqlite:./users.db'])).toMatchObject({
      exitCode: 2,
      stderr: 'kapacitor-auth: "whoami" asks a server: name one with --url http://USER@HOST:9092\n',
    });
  });

  it('fails if the server does not answer, or sends no users', async () => {
    const { server, on } = await serveAnswer((req, res) => {
      json(404, { error: req.url?.endsWith('/me') ? 'Not Found' : 'no user exists' })(req, res);
    });
    expect(await on(['whoami'])).toMatchObject({
      exitCode: 1,
      stderr: 'kapacitor-auth: the server accepts root, but has no such user\n',
    });
    expect(await run(['whoami', '-url', server.url])).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('there is nothing at'),
    });
    const closed = await serveAnswer(json(403, { error: 'go away' }));
    expect(await closed.on(['whoami'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('refuses: go away'),
    });
  });

  it('computes the privileges if a server sends none, or sends nonsense', async () => {
    const user = { name: 'root', type: 'normal', permissions: [] };
    const silent = await serveAnswer(json(200, user));
    const strange = await serveAnswer(json(200, { ...user, privileges: { '\u001b[2J': ['x'] } }));
    const expected = await silent.on(['whoami']);
    expect(expected.stdout).toContain('/api/write   none');
    expect(await strange.on(['whoami'])).toEqual(expected);
  });
});
