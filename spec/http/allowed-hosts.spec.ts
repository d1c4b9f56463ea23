import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import express, { type Express } from 'express';
import type { KapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allowedHostProblem, createHostCheck } from '../../lib/request/allowed-hosts.js';
import { showUser } from '../support/app-behind.js';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';

const MESSAGE = 'this host is not served here: [http] allowed-hosts does not name it';

/** A request of Node.js with this `Host`. */
function request(host: string | undefined, { url = '/', rawHeaders }: { url?: string; rawHeaders?: string[] } = {}) {
  const headers = host === undefined ? {} : { host };
  return { url, headers, rawHeaders: rawHeaders ?? Object.entries(headers).flat() } as never;
}

function isAllowed(host: string | undefined, ...allowed: readonly string[]): boolean {
  return createHostCheck(allowed)(request(host));
}

describe('a host', () => {
  it.each([
    ['example.com', 'example.com'],
    ['example.com', 'EXAMPLE.com'],
    ['Example.COM', 'example.com'],
    ['example.com', 'example.com.'],
    ['example.com.', 'example.com'],
    ['example.com', 'example.com:8080'],
    ['example.com:8080', 'example.com:8080'],
    ['example.com:80', 'example.com'],
    ['example.com:443', 'example.com'],
    ['.example.com', 'example.com'],
    ['.example.com', 'a.example.com'],
    ['.example.com', 'a.b.example.com:1'],
    ['*.example.com', 'a.b.example.com'],
    ['.example.com:81', 'a.example.com:81'],
    ['127.0.0.1', '127.0.0.1:9092'],
    ['[::1]', '[::1]:9092'],
    ['[::1]', '[0:0:0:0:0:0:0:1]'],
    ['[0:0::1]', '[::1]'],
    ['[FE80::A]:80', '[fe80::a]'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['my_container', 'my_container:80'],
    ['*', 'anything.example'],
  ])('that is listed as %s is allowed: %s', (entry, host) => {
    expect(isAllowed(host, entry)).toBe(true);
    expect(isAllowed(host, 'other.example', entry)).toBe(true);
  });

  it.each([
    ['example.com', 'example.org'],
    ['example.com', 'a.example.com'],
    ['example.com', 'example.com.evil.example'],
    ['example.com', 'notexample.com'],
    ['.example.com', 'notexample.com'],
    ['.example.com', 'a.example.com.evil.example'],
    ['*.example.com', 'example.com'],
    ['*.example.com', 'notexample.com'],
    ['example.com:8080', 'example.com'],
    ['example.com:8080', 'example.com:8081'],
    ['example.com:8080', 'example.com:80'],
    ['127.0.0.1', 'localhost'],
    ['localhost', '127.0.0.1'],
    ['[::1]', '::1'],
    ['[::1]', '[::2]'],
    ['localhost', ''],
    ['localhost', 'evil.example@localhost'],
    ['localhost', 'localhost:evil.example'],
    ['localhost', 'localhost/evil.example'],
    ['localhost', 'localhost, evil.example'],
    ['localhost', 'localhost evil.example'],
    ['localhost', '%6cocalhost'],
    ['localhost', 'localhost:'],
    ['localhost', 'localhost:123456'],
    ['localhost', '.localhost'],
    ['localhost', 'localhost..'],
  ])('is refused if the list has %s: %j', (entry, host) => {
    expect(isAllowed(host, entry)).toBe(false);
  });

  it('is refused if the request has none or two', () => {
    expect(isAllowed(undefined, 'localhost')).toBe(false);
    const rawHeaders = ['Host', 'localhost', 'hOST', 'localhost'];
    expect(createHostCheck(['localhost'])(request('localhost', { rawHeaders }))).toBe(false);
    const other = ['X-Host', 'host', 'Host', 'localhost', 'Accept', 'host'];
    expect(createHostCheck(['localhost'])(request('localhost', { rawHeaders: other }))).toBe(true);
  });

  it('comes from a target in absolute form, and not from Host', () => {
    const check = createHostCheck(['localhost']);
    expect(check(request('evil.example', { url: 'http://localhost:9092/x?y=http://evil.example' }))).toBe(true);
    expect(check(request('localhost', { url: 'http://evil.example/localhost' }))).toBe(false);
    expect(check(request('localhost', { url: 'HTTP://evil.example' }))).toBe(false);
    const belowMount = { ...(request('localhost', { url: '/x' }) as object), originalUrl: 'http://evil.example/a/x' };
    expect(check(belowMount as never)).toBe(false);
    expect(check(request('localhost', { url: 'http://localhost@evil.example/' }))).toBe(false);
    expect(check(request('localhost', { url: 'http:///x' }))).toBe(false);
    expect(check(request('localhost', { url: '//evil.example/x' }))).toBe(true);
    expect(check(request('localhost', { url: '/http://evil.example/x' }))).toBe(true);
    expect(check(request('localhost', { url: '*' }))).toBe(true);
  });
});

describe('an entry in the list of hosts', () => {
  it.each([
    ['http://localhost:3000', '"http://localhost:3000" is a URL: write "localhost:3000"'],
    ['https://example.com/?p=secret', '"https://example.com/?…" is a URL: write "example.com"'],
    ['https://example.com/app', '"https://example.com/app" is a URL: write "example.com"'],
    ['localhost/app', '"localhost/app" has a path: write "localhost"'],
    ['localhost?x', '"localhost?…" has a path: write "localhost"'],
    ['::1', '"::1" has no brackets: write "[::1]"'],
    ['example.com:65536', '"example.com:65536" has a port over 65535'],
    ['user:hunter2@example.com', 'a host has no @ in it: write only the host, such as "example.com"'],
    ['http://user:hunter2@example.com', 'a host has no @ in it: write only the host, such as "example.com"'],
  ])('like %s is refused, with a correction', (entry, fault) => {
    expect(allowedHostProblem(entry)).toBe(fault);
  });

  it.each([
    '',
    ' ',
    '.',
    '*.',
    '/',
    '//',
    'a b',
    'a.*.example',
    '*example.com',
    'a,b',
    '[::1',
    '[localhost]',
    'a:b',
    '%6c',
    'http://',
  ])('cannot be %j', (entry) => {
    expect(allowedHostProblem(entry)).toMatch(/ is not a host, such as "localhost", /);
  });
});

describe('http.allowedHosts', () => {
  const apps: Record<string, (auth: KapacitorAuth) => Express> = {
    auth: (auth) => express().use(auth, showUser),
    'auth, in a mounted app': (auth) => express().use('/a', auth, showUser),
    authenticate: (auth) => express().use(auth.authenticate, showUser),
    'requirePrivilege()': (auth) => express().use(auth.requirePrivilege(), showUser),
    requireAdmin: (auth) => express().use(auth.requireAdmin, showUser),
    usersRouter: (auth) => express().use('/a', auth.usersRouter),
  };

  it.each(
    Object.keys(apps).flatMap((name) => [
      { name, authEnabled: true },
      { name, authEnabled: false },
    ]),
  )('answers 421 for another host: $name, authentication $authEnabled', async ({ name, authEnabled }) => {
    const auth = await createAuth({ http: { authEnabled, allowedHosts: ['a.example'] } });
    const { send } = await serve((apps[name] as (auth: KapacitorAuth) => Express)(auth));
    const ask = (host: string, more: Record<string, string> = {}) =>
      send({ path: '/a', auth: 'root:r00t', headers: { Host: host, ...more } });
    expect((await ask('a.example:8080')).status).toBe(200);
    const refused = await ask('evil.example', { 'X-Forwarded-Host': 'a.example' });
    expect(refused.status).toBe(421);
    expect(refused.body).toEqual({ error: MESSAGE, message: MESSAGE });
    expect(refused.headers['cache-control']).toBe('no-store');
    expect(refused.headers['www-authenticate']).toBeUndefined();
  });

  it('answers 421 to a preflight and to wrong credentials as well', async () => {
    const auth = await createAuth({ http: { allowedHosts: ['a.example'] } });
    const { send } = await serve(express().use(auth, showUser));
    const headers = { Host: 'evil.example' };
    expect((await send({ method: 'OPTIONS', path: '/', headers })).status).toBe(421);
    expect((await send({ path: '/', auth: 'root:wrong', headers })).status).toBe(421);
    expect((await send({ path: '/', auth: 'root:wrong', headers: { Host: 'a.example' } })).status).toBe(401);
  });

  it('answers 421 to a request without a host, or with two', async () => {
    const auth = await createAuth({ http: { authEnabled: false, allowedHosts: ['a.example'] } });
    const { port } = await serve(express().use(auth, showUser));
    const statusOf = async (lines: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.end(`${lines}\r\nConnection: close\r\n\r\n`);
      return Number(/^HTTP\/1\.1 (\d+)/.exec(await text(socket))?.[1]);
    };
    expect(await statusOf('GET / HTTP/1.0\r\nAccept: */*')).toBe(421);
    expect(await statusOf('GET / HTTP/1.1\r\nHost: a.example\r\nHost: evil.example')).toBe(421);
    expect(await statusOf('GET http://evil.example/ HTTP/1.1\r\nHost: a.example')).toBe(421);
    expect(await statusOf('GET / HTTP/1.1\r\nHost: a.example')).toBe(200);
  });

  it('reads the host of an HTTP/2 request', async () => {
    const check = createHostCheck(['a.example']);
    const server = createHttp2Server((req, res) => void res.end(String(check(req as never))));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
      session.close();
      server.close();
    });
    expect(await text(session.request({ ':authority': 'a.example' }))).toBe('true');
    expect(await text(session.request({ ':authority': 'evil.example' }))).toBe('false');
    expect(await text(session.request({ host: 'a.example' }))).toBe('true');
    expect(await text(session.request({ ':authority': 'evil.example', host: 'a.example' }))).toBe('false');
  });

  it('allows every host if it is unset or contains *', async () => {
    for (const http of [{}, { allowedHosts: ['*'] }]) {
      const { send } = await serve(express().use(await createAuth({ http }), showUser));
      expect((await send({ path: '/', auth: 'root:r00t', headers: { Host: 'any.example' } })).status).toBe(200);
    }
  });

  it('changes only when it is set as a whole', async () => {
    const auth = await createAuth({ http: { allowedHosts: ['a.example'] } });
    expect(() => (auth.allowedHosts as string[]).push('b.example')).toThrow(TypeError);
    expect(() => (auth.config.http.allowedHosts as string[]).push('b.example')).toThrow(TypeError);
  });

  it('can be set and unset while the app runs', async () => {
    const auth = await createAuth({ http: { authEnabled: false } });
    const { send } = await serve(express().use(auth, showUser));
    const status = async () => (await send({ path: '/', headers: { Host: 'a.example' } })).status;
    expect(auth.allowedHosts).toBeUndefined();
    auth.allowedHosts = ['localhost'];
    expect(await status()).toBe(421);
    auth.allowedHosts = ['a.example'];
    expect(await status()).toBe(200);
    auth.allowedHosts = ['localhost'];
    auth.allowedHosts = undefined;
    expect(await status()).toBe(200);
  });

  it('refuses anything but a list of hosts', async () => {
    const auth = await createAuth({ http: { allowedHosts: ['a.example'] } });
    const set = (hosts: unknown) => () => {
      auth.allowedHosts = hosts as string[];
    };
    expect(set('localhost')).toThrow('allowedHosts: must be a list of hosts, such as ["localhost", ');
    expect(set([])).toThrow('allowedHosts: an empty list allows no host: leave it out to allow every host');
    expect(set(['http://localhost'])).toThrow('allowedHosts: "http://localhost" is a URL: write "localhost"');
    expect(auth.allowedHosts).toEqual(['a.example']);
  });
});
