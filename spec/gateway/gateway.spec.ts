import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { UpstreamProxy } from '../../lib/gateway/upstream-proxy.js';
import { basic, serve } from '../support/server.js';
import { startGateway } from './start.js';
import { startRaw, startUpstream } from './upstream.js';

const TASKS = { path: '/kapacitor/v1/tasks', auth: 'api:apiPassword' };

/** Sends bytes, and gives everything that comes back until the connection is closed. */
function sendRaw(port: number, lines: readonly string[], body = ''): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => {
    socket.destroy();
  });
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  return text(socket);
}

describe('the gateway', () => {
  it('lets through only what the permissions open', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const status = async (method: string, path: string, auth?: string) =>
      (await gateway.send({ method, path, ...(auth && { auth }) })).status;

    expect(await status('GET', '/kapacitor/v1/tasks')).toBe(401);
    expect(await status('GET', '/kapacitor/v1/tasks', 'api:wrong')).toBe(401);
    expect(await status('GET', '/kapacitor/v1/config', 'api:apiPassword')).toBe(403);
    expect(await status('GET', '/kapacitor/v1/tasks/../config', 'api:apiPassword')).toBe(403);
    expect(await status('GET', 'http://other/kapacitor/v1/config', 'api:apiPassword')).toBe(403);
    expect(await status('POST', '/kapacitor/v1/%75sers', 'api:apiPassword')).toBe(403);
    expect(await status('POST', '/kapacitor/v1/write', 'api:apiPassword')).toBe(403);
    expect(upstream.received).toEqual([]);

    const answer = await gateway.send({ path: '/kapacitor/v1/tasks?limit=1', auth: 'api:apiPassword' });
    expect(answer).toMatchObject({ status: 200, text: 'from the upstream', headers: { 'x-upstream': 'yes' } });
    expect(await status('GET', '/kapacitor/v1/config', 'root:rootPassword')).toBe(200);
    expect(upstream.received).toMatchObject([
      { method: 'GET', url: '/kapacitor/v1/tasks?limit=1' },
      { method: 'GET', url: '/kapacitor/v1/config' },
    ]);
  });

  it('keeps the cookie of a session from the upstream, and passes the others on', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url, {}, { http: { sessions: true } });
    const body = '{"name":"api","password":"apiPassword"}';
    const signedIn = await gateway.send({ method: 'POST', path: '/kapacitor/v1/session', body });
    const cookie = String(signedIn.headers['set-cookie']).split(';', 1)[0] as string;
    const ask = (cookies: string) => gateway.send({ path: '/kapacitor/v1/tasks', headers: { cookie: cookies } });
    expect((await ask(`a=1; ${cookie}; b="2; 3"; __Host-kapacitor-auth=x`)).status).toBe(200);
    expect((await ask(cookie)).status).toBe(200);
    const [first, second] = upstream.received.map(({ headers }) => headers);
    expect(first).toMatchObject({ cookie: 'a=1; b="2; 3"', 'x-forwarded-user': 'api' });
    expect(second).not.toHaveProperty('cookie');
  });

  it('answers the users API itself', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const body = '{"name":"new","password":"newPassword","permissions":["api"]}';
    const created = await gateway.send({
      method: 'POST',
      path: '/kapacitor/v1/users',
      auth: 'root:rootPassword',
      body,
    });
    expect(created).toMatchObject({ status: 200, body: { name: 'new', permissions: ['api'] } });
    expect(upstream.received).toEqual([]);
    expect((await gateway.send({ path: '/kapacitor/v1/tasks', auth: 'new:newPassword' })).status).toBe(200);
  });

  it("sends the user's name to the upstream, and never the password", async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    await gateway.send(TASKS);
    await gateway.send({ path: '/kapacitor/v1/tasks', auth: 'Größe:größePassword' });
    for (const { headers } of upstream.received) expect(headers).not.toHaveProperty('authorization');
    const names = upstream.received.map(({ headers }) => headers['x-forwarded-user']);
    expect(names).toEqual(['api', 'Gr%C3%B6%C3%9Fe']);
  });

  it('refuses credentials in the query unless the configuration accepts them', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    expect((await gateway.send({ path: '/kapacitor/v1/tasks?u=api&p=apiPassword' })).status).toBe(401);
    expect(upstream.received).toEqual([]);
  });

  it('keeps credentials in the query from the upstream', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url, {}, { http: { queryCredentials: true } });
    const sent = await gateway.send({ path: '/kapacitor/v1/tasks?limit=1&u=api&%70=apiPassword&pattern=a?b' });
    expect(sent.status).toBe(200);
    expect((await gateway.send({ path: '/kapacitor/v1/tasks?u=api&p=apiPassword' })).status).toBe(200);
    expect(upstream.received.map(({ url }) => url)).toEqual([
      '/kapacitor/v1/tasks?limit=1&pattern=a?b',
      '/kapacitor/v1/tasks',
    ]);
  });

  it('does the same for a request with Expect: 100-continue, as curl sends before a long body', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const headers = { Expect: '100-continue', 'X-Forwarded-User': 'root', 'Content-Length': '4' };
    expect((await gateway.send({ ...TASKS, method: 'POST', headers, body: 'body' })).status).toBe(200);
    expect(upstream.received).toMatchObject([{ body: 'body', headers: { 'x-forwarded-user': 'api' } }]);
    expect(upstream.received[0]?.headers).not.toHaveProperty('authorization');
  });

  it('keeps the connection of a client open, whatever the upstream does with its own', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const lines = ['GET /kapacitor/v1/tasks HTTP/1.1', 'Host: localhost', `Authorization: ${basic('api:apiPassword')}`];
    const first = [...lines, ''].join('\r\n');
    const received = await sendRaw(gateway.port, [first, ...lines, 'Connection: close']);
    expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(received.match(/^connection: .*$/gim)).toEqual(['connection: keep-alive', 'connection: close']);
    expect(upstream.received.map(({ headers }) => headers.connection)).toEqual(['close', 'close']);
  });

  it('streams a body', async () => {
    let arrived: (chunk: string) => void = () => {};
    const upstream = await serve((req, res) => {
      req.setEncoding('utf8').on('data', (chunk) => arrived(chunk));
      req.on('end', () => res.end());
    });
    const gateway = await startGateway(upstream.url);
    const request = httpRequest({
      port: gateway.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/kapacitor/v1/tasks',
      headers: { Authorization: basic('api:apiPassword') },
      agent: false,
    });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      request.on('error', reject).on('response', (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
    });
    for (const part of ['first', 'second']) {
      const chunk = new Promise<string>((resolve) => {
        arrived = resolve;
      });
      request.write(part);
      // The client has not ended its request yet.
      expect(await chunk).toBe(part);
    }
    request.end();
    expect(await answered).toBe(200);
  });
});

describe('a target that is no path', () => {
  it.each([
    ['*', 400],
    ['http://', 404],
    ['http://[x/tasks', 404],
  ])("reaches nobody, also from an admin: '%s'", async (target, status) => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const lines = [`GET ${target} HTTP/1.1`, 'Host: localhost', `Authorization: ${basic('root:rootPassword')}`];
    const answer = await sendRaw(gateway.port, [...lines, 'Connection: close']);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const upgrade = await sendRaw(gateway.port, [...lines, 'Connection: Upgrade', 'Upgrade: websocket']);
    expect(upgrade).toMatch(/^HTTP\/1\.1 400 /);
    expect(upstream.received).toEqual([]);
  });

  it('is refused without the words of the error', async () => {
    const fails = (_req: unknown, _res: unknown, next: (error: Error) => void) => next(new Error('secret'));
    const proxy = Object.assign(fails, { upgrade: () => {} }) as unknown as UpstreamProxy;
    const gateway = await startGateway('http://localhost:9093', { proxy });
    const message = 'this request cannot be passed on: its target is not a path';
    expect(await gateway.send(TASKS)).toMatchObject({ status: 400, body: { error: message, message } });
  });

  it('may be in absolute form, and its path decides', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    expect((await gateway.send({ ...TASKS, path: 'http://other/kapacitor/v1/tasks' })).status).toBe(200);
    expect((await gateway.send({ ...TASKS, path: 'http://other/kapacitor/v1/config' })).status).toBe(403);
    expect(upstream.received.map(({ url }) => url)).toEqual(['/kapacitor/v1/tasks']);
  });
});

describe('a body that the upstream could take for another request', () => {
  const hidden = 'GET /kapacitor/v1/config HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const chunked = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;

  it.each(['DELETE', 'OPTIONS'])('is refused in a %s without Content-Length', async (method) => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const headers = { 'Transfer-Encoding': 'chunked' };
    const answer = await gateway.send({ ...TASKS, method, headers, body: hidden });
    const message = `a ${method} with a body needs Content-Length`;
    expect(answer).toMatchObject({ status: 411, body: { error: message, message } });
    expect(upstream.received).toEqual([]);
  });

  it.each(['GET', 'POST', 'PATCH', 'DELETE'])('stays the body of a %s, whatever Connection names', async (method) => {
    const upstream = await startRaw('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
    const gateway = await startGateway(upstream.url);
    const isDelete = method === 'DELETE';
    const lines = [
      `${method} /kapacitor/v1/tasks HTTP/1.1`,
      'Host: localhost',
      `Authorization: ${basic('api:apiPassword')}`,
      'Connection: close, Transfer-Encoding, Content-Length, Host',
      isDelete ? `Content-Length: ${hidden.length}` : 'Transfer-Encoding: chunked',
    ];
    const received = await sendRaw(gateway.port, lines, isDelete ? hidden : chunked);
    expect(received).toMatch(/^HTTP\/1\.1 204 /);
    const [head = ''] = upstream.connections[0]?.text.split('\r\n\r\n') ?? [];
    const framing = isDelete ? `content-length: ${hidden.length}` : 'transfer-encoding: chunked';
    expect(head.toLowerCase().split('\r\n')).toContain(framing);
    expect(head).toMatch(/^host: 127\.0\.0\.1:\d+$/im);
  });
});

describe('headers for the upstream', () => {
  const receive = async (headers: Record<string, string>, trustProxy?: number) => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url, { trustProxy });
    await gateway.send({ ...TASKS, headers });
    return upstream.received[0]?.headers;
  };

  it.each([
    { header: 'X-Forwarded-User', value: 'root' },
    { header: 'x-forwarded-user', value: 'root' },
    { header: 'X_Forwarded_User', value: 'root' },
    { header: 'X-Forwarded_User', value: 'root' },
    { header: 'Connection', value: 'upgrade, X-Forwarded-User' },
  ])('name the user although a client forges $header: $value', async ({ header, value }) => {
    const headers = await receive({ [header]: value });
    expect(headers).toMatchObject({ 'x-forwarded-user': 'api', connection: 'close' });
    expect(Object.keys(headers ?? {}).filter((name) => name.includes('_'))).toEqual([]);
  });

  it.each([
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-Method-Override',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Original-URI',
    'X_Original_URL',
    'Proxy-Authorization',
    'HTTP2-Settings',
    'Upgrade',
    'TE',
    'Transfer_Encoding',
    'Content_Length',
  ])('do not contain %s', async (name) => {
    expect(await receive({ [name]: '/kapacitor/v1/config' })).not.toHaveProperty(name.toLowerCase());
  });

  it('do not contain what Connection names', async () => {
    const headers = await receive({ Connection: 'close, X-For-This-Hop', 'X-For-This-Hop': 'yes', 'X-Other': 'yes' });
    expect(headers).not.toHaveProperty('x-for-this-hop');
    expect(headers).toHaveProperty('x-other');
  });

  const FORWARDED = {
    Host: 'gateway.example.com',
    Forwarded: 'for=192.0.2.1',
    'X-Forwarded-For': '192.0.2.1',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'www.example.com',
    'X-Forwarded-Port': '443',
    'X-Real-IP': '192.0.2.1',
  };

  it('tell the client, the protocol and the host, and not what a client says of them', async () => {
    const headers = await receive(FORWARDED);
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'gateway.example.com',
    });
    for (const name of ['forwarded', 'x-forwarded-port', 'x-real-ip']) expect(headers).not.toHaveProperty(name);
  });

  it('tell what a trusted proxy says, and the address of that proxy', async () => {
    expect(await receive({ ...FORWARDED, X_Forwarded_For: '192.0.2.9' }, 1)).toMatchObject({
      forwarded: 'for=192.0.2.1',
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'www.example.com',
      'x-forwarded-port': '443',
      'x-real-ip': '192.0.2.1',
    });
  });
});

describe('an upstream that fails', () => {
  it("is answered for with 502 and Kapacitor's body, and reported until it answers again", async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    await upstream.close();
    const message = 'the upstream does not answer';
    const isDown = {
      status: 502,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: { error: message, message },
    };
    expect(await gateway.send(TASKS)).toMatchObject(isDown);
    expect(await gateway.send(TASKS)).toMatchObject(isDown);
    expect(gateway.failures).toEqual([expect.stringContaining('ECONNREFUSED')]);

    const again = createServer((_req, res) => res.end('back'));
    await new Promise<void>((resolve) => again.listen(Number(new URL(upstream.url).port), '127.0.0.1', resolve));
    expect(await gateway.send(TASKS)).toMatchObject({ status: 200, text: 'back' });
    await new Promise((resolve) => again.close(resolve));
    expect(await gateway.send(TASKS)).toMatchObject(isDown);
    expect(gateway.failures).toHaveLength(2);
  });

  it('aborts its answer, and so does the gateway', async () => {
    const upstream = createServer((req, res) => {
      res.writeHead(200, { 'Content-Length': '100' });
      res.write('half', () => req.socket.destroy());
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => upstream.close(() => resolve())));
    const { port } = upstream.address() as AddressInfo;
    const gateway = await startGateway(`http://127.0.0.1:${port}`);
    await expect(gateway.send(TASKS)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it.each(['no answer yet', 'half an answer'])('is left alone when the client hangs up (%s)', async (state) => {
    let arrived: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const left = new Promise<void>((resolve) => {
      void serve((req, res) => {
        req.socket.once('close', resolve);
        if (state === 'half an answer') res.write('half');
        arrived();
      }).then(async (upstream) => {
        const gateway = await startGateway(upstream.url);
        const client = connect({ port: gateway.port, host: '127.0.0.1' });
        client.write(
          `GET /kapacitor/v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('api:apiPassword')}\r\n\r\n`,
        );
        await asked;
        if (state === 'half an answer') await new Promise((resolve) => client.once('data', resolve));
        client.destroy();
      });
    });
    await left;
  });
});
