import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuth } from '../support/auth.js';
import { run } from '../support/cli.js';

import { json, serveAnswer, serveUsers } from './servers.js';

const PEM = readFileSync(new URL('../examples/localhost.pem', import.meta.url));

describe('a hostile server', () => {
  it('may send at most 16 MiB', async () => {
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
  ])('is not followed when it lists %s', async (_what, page) => {
    let pages = 0;
    const { on } = await serveAnswer((req, res) => json(200, users(page(pages++)))(req, res));
    const { exitCode, stderr } = await on(['user', 'list', '--json']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 4,
      stderr: 'kapacitor-auth: the server does not answer with users. Is it a server with a users API?\n',
    });
    expect(pages).toBeLessThan(5);
  });

  it.each(['a b', 'a\u2028b', '$2b$10$x', '<b>'])('may not name a user %j', async (name) => {
    const { on } = await serveAnswer(json(200, users([name])));
    expect(await on(['user', 'list'])).toMatchObject({ exitCode: 4, stdout: '' });
  });
});

describe('an error for a bad answer', () => {
  const html = (status: number) => (_req: unknown, res: ServerResponse) => {
    res.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' }).end('<html>');
  };

  it.each([
    ['a page', html(200), 4, /answers 200 without JSON \(text\/html\)/],
    ['the page of a proxy', html(502), 4, /answers 502 without JSON \(text\/html\)/],
    ['a missing page', html(404), 4, /there is nothing at http:\S+\/kapacitor\/v1\/users \(404\)/],
    ['a 401 without JSON', html(401), 1, /rejects the login of root\. The name/],
    ['a refusal without a reason', html(403), 1, /refuses \(403\)$/m],
    ['other JSON', json(200, { hello: 'world' }), 4, /does not answer with users/],
    [
      'invalid users',
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
      'an unavailable store',
      json(503, { error: 'the user store is unavailable' }, { 'Retry-After': '5' }),
      4,
      /answers 503: the user store is unavailable\. Try again in 5 s$/m,
    ],
    ['control characters', json(400, { error: '\u001b[2Jgone' }), 1, /^kapacitor-auth: \\u001b\[2Jgone$/m],
    [
      'a message that imitates ours',
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

  it('names a redirect, and the password does not follow it', async () => {
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

  it('names a connection that ends or was never made', async () => {
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

  it('accepts a trusted certificate, or every one with -skipVerify and a warning', async () => {
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

  it('is named if the server does not speak it', async () => {
    const { server } = await serveUsers();
    const { exitCode, stderr } = await run(['-url', server.url.replace('http', 'https'), 'user', 'list']);
    expect(exitCode).toBe(4);
    expect(stderr).toContain(`the server does not speak TLS. Is it ${server.url}?`);
  });
});
