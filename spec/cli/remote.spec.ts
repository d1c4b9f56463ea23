import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuth } from '../support/auth.js';
import { type CliOptions, run } from '../support/cli.js';
import { serve } from '../support/server.js';

const PEM = readFileSync(new URL('../examples/localhost.pem', import.meta.url));

/** A server with root:r00t, api:pw and the others, and what asks it. */
async function serveUsers(user = 'root:r00t') {
  const auth = await createAuth();
  const server = await serve(express().use(auth));
  const on = (args: readonly string[], options: CliOptions = {}) =>
    run(['-url', server.url.replace('://', `://${user}@`), ...args], options);
  return { auth, server, on };
}

/** A server that gives the same answer to everything, and remembers what it was asked. */
async function serveAnswer(answer: (req: IncomingMessage, res: ServerResponse) => void) {
  const asked: string[] = [];
  const server = await serve((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers.authorization ?? 'nobody'}`);
    answer(req, res);
  });
  const on = (args: readonly string[], input = '') =>
    run(['-url', server.url.replace('://', '://root:secret@'), ...args], { input });
  return { asked, server, on };
}

const json =
  (status: number, body: object, headers: Record<string, string> = {}) =>
  (_req: unknown, res: ServerResponse) => {
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

describe('the users of a server', () => {
  it('are listed and shown, with KAPACITOR_URL as well', async () => {
    const { server, on } = await serveUsers();
    expect((await on(['user', 'list', '?o*'])).stdout).toBe(
      'NAME    TYPE    PERMISSIONS   ENABLED\n' +
        'config  normal  config_api    yes\n' +
        'nobody  normal  none          yes\n' +
        'root    admin   (everything)  yes\n',
    );
    const env = { KAPACITOR_URL: server.url.replace('://', '://api:pw@') };
    expect((await run(['user', 'show', 'root', '--json'], { env })).stdout).toBe(
      '{"name":"root","type":"admin","permissions":[],"enabled":true}\n',
    );
    expect((await on(['user', 'show', 'stan'])).exitCode).toBe(1);
    expect((await on(['user', 'show', 'a/../b'])).exitCode).toBe(1);
  });

  it('are added, changed and deleted', async () => {
    const { auth, on } = await serveUsers();
    const added = await on(['user', 'add', 'Größe', '--permission', 'api', '--disabled', '--password-stdin'], {
      input: 'pw',
    });
    expect(added).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Größe  normal  api          no') });
    await on(['user', 'enable', 'Größe']);
    await on(['user', 'set', 'Größe', '--permission', 'write_points']);
    expect(await auth.users.get('Größe')).toMatchObject({ permissions: ['write_points'], enabled: true });
    expect((await on(['user', 'disable', 'Größe'])).stdout).toContain('no');
    expect((await on(['user', 'passwd', 'Größe', '--password-stdin'], { input: 'another' })).exitCode).toBe(0);
    expect((await on(['user', 'delete', 'Größe', '--yes'])).stdout).toBe('deleted Größe\n');
    expect(await auth.users.get('Größe')).toBeUndefined();
  });

  it('have rules, which the server tells of', async () => {
    const { on } = await serveUsers();
    expect(await on(['user', 'add', 'api', '--password-stdin'], { input: 'pw' })).toMatchObject({
      exitCode: 1,
      stderr: 'kapacitor-auth: user "api" already exists\n',
    });
    expect(await on(['user', 'passwd', 'api', '--password-stdin'], { input: 'api' })).toMatchObject({
      exitCode: 1,
      stderr: 'kapacitor-auth: password must not be the username\n',
    });
    expect(await on(['user', 'delete', 'root', '-y'])).toMatchObject({
      exitCode: 1,
      stderr: 'kapacitor-auth: the last admin cannot be deleted or demoted\n',
    });
  });

  it('are not for everybody', async () => {
    const { server, on } = await serveUsers('nobody:pw');
    const list = await on(['user', 'list']);
    expect(list.exitCode).toBe(1);
    expect(list.stderr).toBe(
      `kapacitor-auth: ${server.url} refuses: user nobody does not have "read" privilege for API endpoint "/kapacitor/v1/users"\n`,
    );
    const wrong = await run(['user', 'list', '-url', server.url.replace('://', '://root:wrong@')]);
    expect(wrong).toMatchObject({
      exitCode: 1,
      stderr: `kapacitor-auth: ${server.url} rejects the login of root: authorization failed. The name or the password is wrong, or the user is disabled\n`,
    });
    const unnamed = await run(['user', 'list', '-url', server.url]);
    expect(unnamed).toMatchObject({
      exitCode: 1,
      stderr: `kapacitor-auth: ${server.url} requires a user: name one with --url ${server.url.replace('://', '://NAME@')}, which asks for the password\n`,
    });
  });

  it('may do what "can" says', async () => {
    const { on } = await serveUsers();
    expect((await on(['can', 'api', 'DELETE', '/kapacitor/v1/tasks/x'])).exitCode).toBe(0);
    expect((await on(['can', 'nobody', 'GET', '/kapacitor/v1/tasks'])).exitCode).toBe(1);
  });

  it('have a password of their own, which is not asked for where nobody is', async () => {
    const { server } = await serveUsers();
    const result = await run(['user', 'list', '-url', server.url.replace('://', '://root@')]);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(
      /^kapacitor-auth: there is no terminal to ask for the password of root\. Put it into KAPACITOR_URL/,
    );
  });
});

describe('whoami', () => {
  it('tells who one is, and what one may', async () => {
    const { on } = await serveUsers('api:pw');
    expect((await on(['whoami'])).stdout).toBe(
      'NAME  TYPE    PERMISSIONS  ENABLED\n' +
        'api   normal  api          yes\n' +
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

  it('is for a server to say', async () => {
    expect(await run(['whoami', '--store', 'sqlite:./users.db'])).toMatchObject({
      exitCode: 2,
      stderr: 'kapacitor-auth: "whoami" asks a server: name one with --url http://USER@HOST:9092\n',
    });
  });

  it('fails where there is nobody to ask for', async () => {
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

  it('works out the privileges of a server that does not tell them, or tells nonsense', async () => {
    const user = { name: 'root', type: 'normal', permissions: [] };
    const silent = await serveAnswer(json(200, user));
    const strange = await serveAnswer(json(200, { ...user, privileges: { '\u001b[2J': ['x'] } }));
    const expected = await silent.on(['whoami']);
    expect(expected.stdout).toContain('/api/write   none');
    expect(await strange.on(['whoami'])).toEqual(expected);
  });
});

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
  it('lists everybody once, though it does not know where a page begins', async () => {
    const { on, asked } = await serveKapacitor();
    const { stdout } = await on(['user', 'list', '--json']);
    expect(new Set(JSON.parse(stdout).map(({ name }: { name: string }) => name)).size).toBe(2_500);
    expect(JSON.parse(stdout)).toHaveLength(2_500);
    expect(asked).toHaveLength(4);
  });

  it('does not disable anybody, which is told', async () => {
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

  it('answers 200 when a user is there already, which is seen', async () => {
    const { on } = await serveKapacitor();
    expect((await on(['user', 'add', 'user0001', '--password-stdin'], 'secret')).stderr).toBe(
      'kapacitor-auth: user "user0001" already exists\n',
    );
    expect((await on(['user', 'add', 'taken', '--password-stdin'], 'secret')).exitCode).toBe(1);
    expect((await on(['user', 'passwd', 'gone', '--password-stdin'], 'secret')).exitCode).toBe(1);
  });

  it('does not tell who one is, but for who one says to be', async () => {
    const { on } = await serveKapacitor();
    expect(await on(['whoami'])).toEqual({
      exitCode: 0,
      stdout: 'NAME  TYPE    PERMISSIONS  ENABLED\nroot  normal  api          yes\n',
      stderr:
        'kapacitor-auth: this server has no /kapacitor/v1/me, like a real Kapacitor: your privileges are not known\n',
    });
    expect(JSON.parse((await on(['whoami', '--json'])).stdout)).not.toHaveProperty('privileges');
  });
});

describe('a server that means ill', () => {
  it('is heard no longer than 16 MiB', async () => {
    let sent = 0;
    const { on, server } = await serveAnswer((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json' });
      const more = () => {
        while (!res.destroyed && res.write(' '.repeat(1024 * 1024))) sent += 1;
        sent += 1;
      };
      res.on('drain', more);
      more();
    });
    expect(await on(['user', 'list'])).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: `kapacitor-auth: ${server.url} answers with more than 16 MiB. Is this the address of a server with a users API?\n`,
    });
    expect(sent).toBeLessThan(64);
  });

  const users = (names: readonly string[]) => ({
    users: names.map((name) => ({ name, type: 'normal', permissions: [] })),
  });
  const names = (letter: string) =>
    Array.from({ length: 1_000 }, (_, index) => `${letter}${String(index).padStart(4, '0')}`);

  it.each([
    ['the same users on every page', () => names('a')],
    ['users who go round and round', (page: number) => names('cba'[page % 3] as string)],
    ['users in no order', () => ['b', 'a']],
  ])('is left when it lists %s', async (_what, page) => {
    let pages = 0;
    const { on } = await serveAnswer((req, res) => json(200, users(page(pages++)))(req, res));
    const { exitCode, stderr } = await on(['user', 'list', '--json']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 4,
      stderr: 'kapacitor-auth: the server does not answer with users. Is it a server with a users API?\n',
    });
    expect(pages).toBeLessThan(5);
  });

  it.each(['a b', 'a\u2028b', '$2b$10$x', '<b>'])('is not believed that a user is named %j', async (name) => {
    const { on } = await serveAnswer(json(200, users([name])));
    expect(await on(['user', 'list'])).toMatchObject({ exitCode: 4, stdout: '' });
  });
});

describe('an answer that is none', () => {
  const html = (status: number) => (_req: unknown, res: ServerResponse) => {
    res.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' }).end('<html>');
  };

  it.each([
    ['a page', html(200), 4, /answers 200 without JSON \(text\/html\)/],
    ['the page of a proxy', html(502), 4, /answers 502 without JSON \(text\/html\)/],
    ['a page that is not there', html(404), 4, /there is nothing at http:\S+\/kapacitor\/v1\/users \(404\)/],
    ['a closed door', html(401), 1, /rejects the login of root\. The name/],
    ['a refusal without a reason', html(403), 1, /refuses \(403\)$/m],
    ['other JSON', json(200, { hello: 'world' }), 4, /does not answer with users/],
    [
      'users that are none',
      json(200, { users: [{ name: 'a\u001b[2J', type: 'normal', permissions: [] }] }),
      4,
      /does not answer with users/,
    ],
    [
      'too many attempts',
      json(429, { error: 'too many failed attempts: try again in 9 s' }, { 'Retry-After': '9' }),
      4,
      /answers 429: too many failed attempts: try again in 9 s$/m,
    ],
    [
      'no time',
      json(503, { error: 'the user store is unavailable' }, { 'Retry-After': '5' }),
      4,
      /answers 503: the user store is unavailable\. Try again in 5 s$/m,
    ],
    ['orders to a terminal', json(400, { error: '\u001b[2Jgone' }), 1, /^kapacitor-auth: \\u001b\[2Jgone$/m],
    [
      'words that look like ours',
      json(400, { error: 'no\nkapacitor-auth: enter your password:' }),
      1,
      /^kapacitor-auth: no kapacitor-auth: enter your password:\n$/,
    ],
    ['a bad request', json(400, {}), 1, /rejects the request \(400\)/],
    ['a conflict', json(409, {}), 1, /refuses \(409\)/],
  ])('%s', async (_what, answer, exitCode, message) => {
    const { on } = await serveAnswer(answer);
    const result = await on(['user', 'list']);
    expect(result).toMatchObject({ exitCode, stdout: '', stderr: expect.stringMatching(message) });
    expect(result.stderr).not.toContain('secret');
  });

  it('a redirect, which the password does not follow', async () => {
    const elsewhere = await serveAnswer(json(200, { users: [] }));
    const { on, server } = await serveAnswer((_req, res) => {
      res.writeHead(302, { Location: `${elsewhere.server.url}/login?token=1` }).end();
    });
    const { exitCode, stderr } = await on(['user', 'list']);
    expect(exitCode).toBe(4);
    expect(stderr).toBe(
      `kapacitor-auth: ${server.url} redirects to ${elsewhere.server.url} (302), and the password is not sent there. ` +
        'If that address is right, name it with --url\n',
    );
    expect(elsewhere.asked).toEqual([]);
    const nowhere = await serveAnswer((_req, res) => res.writeHead(302).end());
    expect((await nowhere.on(['user', 'list'])).stderr).toContain('redirects to another address (302)');
  });

  it('a connection that ends, or never was', async () => {
    const { server, on } = await serveAnswer((req) => req.socket.destroy());
    expect((await on(['user', 'list'])).stderr).toContain(
      `the server closes the connection. Is it ${server.url.replace('http', 'https')}?`,
    );
    await server.close();
    expect(await on(['user', 'list'])).toMatchObject({
      exitCode: 4,
      stderr: `kapacitor-auth: cannot reach ${server.url}: no server listens there. Is the server running, and is the port right?\n`,
    });
    const unknown = await run(['user', 'list', '-url', 'http://nobody.invalid:9092']);
    expect(unknown).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/the host is unknown|EAI_|getaddrinfo/),
    });
  });
});

describe('https', () => {
  async function serveTls(): Promise<string> {
    const auth = await createAuth();
    const server = createHttpsServer({ cert: PEM, key: PEM }, express().use(auth));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `https://root:r00t@localhost:${(server.address() as AddressInfo).port}`;
  }

  it('takes a certificate that is known, or every one with -skipVerify, and warns', async () => {
    const url = await serveTls();
    const strict = await run(['-url', url, 'user', 'list']);
    expect(strict.exitCode).toBe(4);
    expect(strict.stderr).toMatch(
      /its certificate is not trusted \(.*\)\. .*NODE_EXTRA_CA_CERTS; -skipVerify trusts every certificate\n$/,
    );
    const base = url.replace('root:r00t@', '');
    for (const [args, env] of [
      [['-skipVerify'], {}],
      [[], { KAPACITOR_UNSAFE_SSL: 'true' }],
    ] as const) {
      expect(await run(['-url', url, ...args, 'user', 'show', 'root'], { env })).toMatchObject({
        exitCode: 0,
        stderr: `kapacitor-auth: warning: the certificate of ${base} is not verified: it may be anybody's\n`,
      });
    }
  });

  it('is not what every server speaks', async () => {
    const { server } = await serveUsers();
    const { exitCode, stderr } = await run(['-url', server.url.replace('http', 'https'), 'user', 'list']);
    expect(exitCode).toBe(4);
    expect(stderr).toContain(`the server does not speak TLS. Is it ${server.url}?`);
  });
});
