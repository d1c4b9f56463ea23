import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { get } from 'node:https';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Example, temporaryFolder, writeFile } from '../examples/child.js';
import { startEcho, startUpstream } from '../gateway/upstream.js';
import { programNamed } from '../support/child-process.js';
import { run } from '../support/cli.js';
import { basic, send, serve } from '../support/server.js';

const BINARY = pathToFileURL(programNamed('cli'));
const PEM = fileURLToPath(new URL('../examples/localhost.pem', import.meta.url));
const ADMIN = 'root:rootPassword';

/** A cheap store in memory with an admin, on a free port. */
const ENV = {
  KAPACITOR_HTTP_BIND_ADDRESS: '127.0.0.1:0',
  KAPACITOR_AUTH_STORE: 'memory:',
  KAPACITOR_AUTH_BCRYPT_COST: '4',
  KAPACITOR_AUTH_ADMIN_USERNAME: 'root',
  KAPACITOR_AUTH_ADMIN_PASSWORD: 'rootPassword',
};

interface Started {
  readonly gateway: Example;
  readonly port: number;
}

/** `kapacitor-auth serve` in a process of its own, until the test is over. */
async function start(
  upstream: string,
  args: readonly string[] = [],
  { env = ENV, cwd = temporaryFolder() }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Started> {
  const gateway = new Example(BINARY, { args: ['serve', '--upstream', upstream, ...args], env, cwd });
  const [, port] = await gateway.printed(/^https?:\/\/\S+:(\d+) passes requests on to http:\/\/\S+\n/);
  return { gateway, port: Number(port) };
}

/** An upstream that answers when the test says so. */
async function startSlowUpstream() {
  const waiting: ServerResponse[] = [];
  let arrived: () => void = () => {};
  const { url } = await serve((_req, res) => {
    waiting.push(res);
    arrived();
  });
  return {
    url,
    /** Waits for so many requests. */
    async asked(count: number) {
      while (waiting.length < count) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
    },
    answer() {
      for (const res of waiting) res.end('at last');
    },
  };
}

/** Sends a request on a connection that stays open for the next one. */
function sendAndStay(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => {
    socket.destroy();
  });
  const head = ['GET /kapacitor/v1/tasks HTTP/1.1', 'Host: localhost', `Authorization: ${basic(ADMIN)}`];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  return text(socket);
}

describe('kapacitor-auth serve', () => {
  it('puts users and permissions in front of a server, and says where', async () => {
    const upstream = await startUpstream();
    const { gateway, port } = await start(upstream.url);
    expect(gateway.stdout).toBe(`http://127.0.0.1:${port} passes requests on to ${upstream.url}\n`);
    const status = async (method: string, path: string, auth?: string) =>
      (await send(port, { method, path, ...(auth && { auth }) })).status;
    const body = '{"name":"api","password":"apiPassword","permissions":["api"]}';
    const created = await send(port, { method: 'POST', path: '/kapacitor/v1/users', auth: ADMIN, body });
    expect(created.status).toBe(200);
    expect(await status('GET', '/kapacitor/v1/tasks')).toBe(401);
    expect(await status('GET', '/kapacitor/v1/tasks', 'api:wrong')).toBe(401);
    expect(await status('GET', '/kapacitor/v1/config', 'api:apiPassword')).toBe(403);
    expect(await status('GET', '/kapacitor/v1/tasks', 'api:apiPassword')).toBe(200);
    expect(upstream.received).toMatchObject([
      { url: '/kapacitor/v1/tasks', headers: { 'x-forwarded-user': 'api', 'x-forwarded-for': '127.0.0.1' } },
    ]);
    expect(await gateway.stop()).toBe(0);
  });

  it('heeds the config file, whose own permissions open paths', async () => {
    const upstream = await startUpstream();
    const file = writeFile(temporaryFolder(), 'own.conf', [
      '[http]',
      '  auth-enabled = true',
      '  refusals = "next"',
      '  api-path = "/auth"',
      '[auth]',
      '  enabled = true',
      '[permissions.clerk]',
      '  "/orders" = "read"',
    ]);
    const { port } = await start(upstream.url, ['--config', file]);
    const body = '{"name":"kim","password":"kimPassword","permissions":["clerk"]}';
    expect((await send(port, { method: 'POST', path: '/auth/users', auth: ADMIN, body })).status).toBe(200);
    expect((await send(port, { path: '/orders/5', auth: 'kim:kimPassword' })).status).toBe(200);
    const refused = await send(port, { method: 'DELETE', path: '/orders/5', auth: 'kim:kimPassword' });
    expect(refused).toMatchObject({ status: 403, body: { error: expect.stringContaining('"delete" privilege') } });
  });

  it('passes WebSockets on', async () => {
    const upstream = await startEcho();
    const { gateway, port } = await start(upstream.url);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/stream`, { headers: { Authorization: basic(ADMIN) } });
    const answer = await new Promise((resolve, reject) => {
      socket.on('error', reject).on('open', () => socket.send('hello'));
      socket.on('message', (message) => resolve(String(message)));
    });
    expect(answer).toBe('echo: hello');
    expect(upstream.handshakes[0]?.headers).toMatchObject({ 'x-forwarded-user': 'root' });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.close();
    await closed;
    expect(await gateway.stop()).toBe(0);
  });

  it('speaks TLS with the settings of the config file', async () => {
    const upstream = await startUpstream();
    const env = { ...ENV, KAPACITOR_HTTP_HTTPS_ENABLED: 'true', KAPACITOR_HTTP_HTTPS_CERTIFICATE: PEM };
    const { gateway, port } = await start(upstream.url, [], { env });
    expect(gateway.stdout).toMatch(/^https:\/\/127\.0\.0\.1:\d+ passes requests on to /);
    const [status, body] = await new Promise<[number | undefined, string]>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(PEM), agent: false };
      const headers = { Authorization: basic(ADMIN) };
      get({ ...options, path: '/kapacitor/v1/tasks', headers }, (response) => {
        text(response).then((body) => resolve([response.statusCode, body]), reject);
      }).on('error', reject);
    });
    expect([status, body]).toEqual([200, 'from the upstream']);
    expect(upstream.received[0]?.headers['x-forwarded-proto']).toBe('https');
    expect(await gateway.stop()).toBe(0);
  });

  it('counts failed logins for each client of a trusted proxy', async () => {
    const upstream = await startUpstream();
    const env = { ...ENV, KAPACITOR_AUTH_FAILURE_LIMIT: '1' };
    const { port } = await start(upstream.url, ['--trust-proxy', 'loopback'], { env });
    const failFrom = async (client: string) =>
      (await send(port, { path: '/', auth: 'api:wrong', headers: { 'X-Forwarded-For': client } })).status;
    expect(await failFrom('192.0.2.1')).toBe(401);
    expect(await failFrom('192.0.2.2')).toBe(401);
    expect(await failFrom('192.0.2.1')).toBe(429);
  });

  it('listens on every address if the configuration says so, and says how to make an admin', async () => {
    const { gateway } = await start('http://localhost:9093', [], {
      env: { KAPACITOR_HTTP_BIND_ADDRESS: ':0', KAPACITOR_AUTH_STORE: 'memory:' },
    });
    expect(gateway.stdout).toMatch(/^http:\/\/0\.0\.0\.0:\d+ passes requests on to /);
    await gateway.said(/there is no admin, so nobody can manage users\. To make one: /);
    expect(await gateway.stop()).toBe(0);
  });

  it('listens on localhost:9092 otherwise', async () => {
    const other = createServer();
    // If another program has that address already, this does as well.
    await new Promise<void>((resolve) => other.listen(9092, 'localhost', resolve).once('error', () => resolve()));
    onTestFinished(() => {
      other.close();
    });
    const gateway = new Example(BINARY, {
      args: ['serve', '--upstream', 'http://localhost:9093'],
      env: { KAPACITOR_AUTH_STORE: 'memory:' },
      cwd: temporaryFolder(),
    });
    expect(await gateway.exited).toBe(1);
    expect(gateway.stderr).toContain('cannot listen on localhost:9092: another program listens there');
  });
});

describe('kapacitor-auth serve, asked to stop', () => {
  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
    'finishes running requests after %s, and accepts no more',
    async (signal) => {
      const upstream = await startSlowUpstream();
      const { gateway, port } = await start(upstream.url);
      const running = send(port, { path: '/kapacitor/v1/tasks', auth: ADMIN });
      const received = sendAndStay(port);
      await upstream.asked(2);
      const stopped = gateway.stop(signal);
      await gateway.said(/requests and WebSockets have 8 s to end/);
      await expect(send(port, { path: '/kapacitor/v1/tasks', auth: ADMIN })).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      });
      upstream.answer();
      expect(await running).toMatchObject({ status: 200, text: 'at last' });
      expect(await received).toContain('at last');
      expect(await stopped).toBe(0);
    },
  );

  it('ends at once at the second signal', async () => {
    const upstream = await startSlowUpstream();
    const { gateway, port } = await start(upstream.url);
    const running = send(port, { path: '/kapacitor/v1/tasks', auth: ADMIN }).catch((error: Error) => error);
    await upstream.asked(1);
    void gateway.stop();
    await gateway.said(/A second signal ends them now/);
    expect(await gateway.stop()).toBe(null);
    expect(await running).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('kapacitor-auth serve, before it starts', () => {
  const url = 'http://localhost:9093';

  it.each<[string, readonly string[], RegExp]>([
    ['no upstream', [], /name the server behind: kapacitor-auth serve --upstream http:/],
    ['no scheme', ['--upstream', 'localhost:9093'], /It must be a URL, such as http:\/\/localhost:9093/],
    ['a path', ['--upstream', `${url}/kapacitor`], /leave out the path, as in http:\/\/localhost:9093/],
    ['a query', ['--upstream', `${url}?`], /leave out the path/],
    ['https', ['--upstream', 'https://localhost:9093'], /The upstream is reached with http:\/\//],
    ['a proxy that is none', ['--upstream', url, '--trust-proxy', 'true'], /the number of proxies, or their addresses/],
    ['a server with users', ['--upstream', url, '--url', url], /works on a store, and not on a server/],
    ['an argument', ['--upstream', url, 'more'], /too many arguments/],
  ])('rejects %s', async (_, args, words) => {
    const { exitCode, stdout, stderr } = await run(['serve', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(words);
  });

  it('rejects credentials in the upstream, and does not repeat them', async () => {
    const { exitCode, stderr } = await run(['serve', '--upstream', 'http://root:rootPassword@localhost:9093']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('The upstream needs no credentials');
    expect(stderr).not.toContain('rootPassword');
  });

  it('refuses a configuration without authentication, which would let everybody in', async () => {
    const file = writeFile(temporaryFolder(), 'open.conf', ['[http]', '  auth-enabled = false']);
    const { exitCode, stdout, stderr } = await run(['serve', '--upstream', url, '--config', file]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toBe(
      `kapacitor-auth: authentication is off ([http] auth-enabled is false in ${file}), and the gateway would let ` +
        'everybody in as an admin. Set [http] auth-enabled and [auth] enabled to true\n',
    );
  });

  it('names the file of a certificate that it cannot read', async () => {
    const env = { ...ENV, KAPACITOR_HTTP_HTTPS_ENABLED: 'true', KAPACITOR_HTTP_HTTPS_CERTIFICATE: '/none.pem' };
    const { exitCode, stderr } = await run(['serve', '--upstream', url], { env });
    expect(exitCode).toBe(3);
    expect(stderr).toContain("[http] https-certificate: ENOENT: no such file or directory, open '/none.pem'");
  });

  it('names the address that another program has', async () => {
    const other = await startUpstream();
    const { port } = new URL(other.url);
    const gateway = new Example(BINARY, {
      args: ['serve', '--upstream', url],
      env: { ...ENV, KAPACITOR_HTTP_BIND_ADDRESS: `127.0.0.1:${port}` },
      cwd: temporaryFolder(),
    });
    expect(await gateway.exited).toBe(1);
    expect(gateway.stderr).toContain(`cannot listen on 127.0.0.1:${port}: another program listens there`);
  });
});
