import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGateway } from '../../examples/gateway.js';
import { basic, send, serve } from '../support/server.js';
import { Example, temporaryFolder } from './child.js';

const GATEWAY = new URL('../../examples/gateway.ts', import.meta.url);

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server without authentication, which keeps what came through to it. */
async function startUpstream() {
  const received: Received[] = [];
  const server = await serve(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    received.push({ method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() });
    res.setHeader('X-Upstream', 'yes');
    res.end('from the upstream');
  });
  return { url: server.url, received };
}

async function startGateway(upstream: string) {
  const { app, auth } = createGateway({ auth: { store: 'memory:', bcryptCost: 4 } }, upstream);
  onTestFinished(() => auth.close());
  await auth.users.create({ name: 'root', password: 'rootPassword', type: 'admin' });
  await auth.users.create({ name: 'api', password: 'apiPassword', permissions: ['api'] });
  await auth.users.create({ name: 'Größe', password: 'größePassword', permissions: ['api'] });
  return serve(app);
}

describe('examples/gateway.ts', () => {
  it('lets through only what the permissions open', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const status = async (method: string, path: string, auth?: string) =>
      (await gateway.send({ method, path, ...(auth && { auth }) })).status;

    expect(await status('GET', '/kapacitor/v1/tasks')).toBe(401);
    expect(await status('GET', '/kapacitor/v1/tasks', 'api:wrong')).toBe(401);
    expect(await status('GET', '/kapacitor/v1/config', 'api:apiPassword')).toBe(403);
    expect(await status('GET', '/kapacitor/v1/tasks/../config', 'api:apiPassword')).toBe(403);
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
    await gateway.send({ path: '/kapacitor/v1/tasks', auth: 'api:apiPassword' });
    await gateway.send({ path: '/kapacitor/v1/tasks', auth: 'Größe:größePassword' });
    for (const { headers } of upstream.received) expect(headers).not.toHaveProperty('authorization');
    const names = upstream.received.map(({ headers }) => headers['x-forwarded-user']);
    expect(names).toEqual(['api', 'Gr%C3%B6%C3%9Fe']);
  });

  it('ignores credentials in the query, because the upstream would see them', async () => {
    const upstream = await startUpstream();
    const { app, auth } = createGateway(
      { auth: { store: 'memory:', bcryptCost: 4 }, http: { queryCredentials: true } },
      upstream.url,
    );
    onTestFinished(() => auth.close());
    await auth.users.create({ name: 'api', password: 'apiPassword', permissions: ['api'] });
    const gateway = await serve(app);
    expect((await gateway.send({ path: '/kapacitor/v1/tasks?u=api&p=apiPassword' })).status).toBe(401);
    expect(upstream.received).toEqual([]);
  });

  it('does the same for a request with Expect: 100-continue, as curl sends before a long body', async () => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    const headers = { Expect: '100-continue', 'X-Forwarded-User': 'root', 'Content-Length': '4' };
    const request = { method: 'POST', path: '/kapacitor/v1/tasks', auth: 'api:apiPassword', headers, body: 'body' };
    expect((await gateway.send(request)).status).toBe(200);
    expect(upstream.received).toMatchObject([{ body: 'body', headers: { 'x-forwarded-user': 'api' } }]);
    expect(upstream.received[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    { header: 'X-Forwarded-User', value: 'root' },
    { header: 'x-forwarded-user', value: 'root' },
    { header: 'X_Forwarded_User', value: 'root' },
    { header: 'Connection', value: 'upgrade, X-Forwarded-User' },
  ])('drops a forged $header: $value', async ({ header, value }) => {
    const upstream = await startUpstream();
    const gateway = await startGateway(upstream.url);
    await gateway.send({ path: '/kapacitor/v1/tasks', auth: 'api:apiPassword', headers: { [header]: value } });
    const headers = upstream.received[0]?.headers ?? {};
    expect(headers['x-forwarded-user']).toBe('api');
    expect(headers).not.toHaveProperty('x_forwarded_user');
    expect(headers.connection).toBe('close');
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

  it("answers 502 with Kapacitor's body if the upstream is down", async () => {
    const upstream = await serve(() => {});
    const gateway = await startGateway(upstream.url);
    await upstream.close();
    const message = 'the upstream does not answer';
    expect(await gateway.send({ path: '/kapacitor/v1/tasks', auth: 'api:apiPassword' })).toMatchObject({
      status: 502,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: { error: message, message },
    });
  });

  it('aborts its answer if the upstream does', async () => {
    const upstream = createServer((req, res) => {
      res.writeHead(200, { 'Content-Length': '100' });
      res.write('half', () => req.socket.destroy());
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => upstream.close(() => resolve())));
    const { port } = upstream.address() as { port: number };
    const gateway = await startGateway(`http://127.0.0.1:${port}`);
    const answer = gateway.send({ path: '/kapacitor/v1/tasks', auth: 'api:apiPassword' });
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('counts failed logins for each client of a trusted proxy', async () => {
    const gateway = new Example(GATEWAY, {
      cwd: temporaryFolder(),
      env: {
        TRUST_PROXY: 'loopback',
        KAPACITOR_HTTP_BIND_ADDRESS: '127.0.0.1:0',
        KAPACITOR_AUTH_STORE: 'memory:',
        KAPACITOR_AUTH_BCRYPT_COST: '4',
        KAPACITOR_AUTH_FAILURE_LIMIT: '1',
      },
    });
    const [, port] = await gateway.printed(/^http:\S+:(\d+) is the way/);
    const failFrom = async (client: string) =>
      (await send(Number(port), { path: '/', auth: 'api:wrong', headers: { 'X-Forwarded-For': client } })).status;
    expect(await failFrom('192.0.2.1')).toBe(401);
    expect(await failFrom('192.0.2.2')).toBe(401);
    expect(await failFrom('192.0.2.1')).toBe(429);
  });

  it('runs as a program in front of UPSTREAM, and stops on a signal', async () => {
    const upstream = await startUpstream();
    const gateway = new Example(GATEWAY, {
      cwd: temporaryFolder(),
      env: {
        UPSTREAM: upstream.url,
        KAPACITOR_HTTP_BIND_ADDRESS: '127.0.0.1:0',
        KAPACITOR_HTTP_AUTH_ENABLED: 'false',
        KAPACITOR_AUTH_STORE: 'memory:',
      },
    });
    const [, url] = await gateway.printed(/^(http:\S+) is the way to http:\S+\n/);
    expect(await (await fetch(`${url}/kapacitor/v1/tasks`)).text()).toBe('from the upstream');
    expect(upstream.received[0]?.headers['x-forwarded-user']).toBe('ADMIN_USER');
    expect(await gateway.stop()).toBe(0);
  });
});
