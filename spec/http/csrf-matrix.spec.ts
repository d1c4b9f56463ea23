import { Agent, createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import passport from 'passport';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuth } from '../support/auth.js';
import { basic, type SentRequest, serve } from '../support/server.js';
import { cookieOf, post } from '../support/signed-in.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'];
const TYPES = [
  undefined,
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/json',
];
const SITES = [
  undefined,
  'same-origin',
  'same-site',
  'cross-site',
  'none',
  'Same-Origin',
  'same-origin, cross-site',
  '',
];
const OWN = 'http://127.0.0.1:PORT';
const ORIGINS = [
  undefined,
  OWN,
  'http://127.0.0.1:1',
  'https://evil.example',
  'null',
  'http://127.0.0.1:PORT.evil.example',
];
const CREDENTIALS = ['cookie', 'basic', 'both', 'none'] as const;

interface Case {
  readonly method: string;
  readonly type: string | undefined;
  readonly site: string | undefined;
  readonly origin: string | undefined;
  readonly credentials: (typeof CREDENTIALS)[number];
}

const CASES: readonly Case[] = METHODS.flatMap((method) =>
  TYPES.flatMap((type) =>
    SITES.flatMap((site) =>
      ORIGINS.flatMap((origin) => CREDENTIALS.map((credentials) => ({ method, type, site, origin, credentials }))),
    ),
  ),
);

/** The expected answer, written by hand: no code of the package takes part in it. */
function oracle({ method, site, origin, credentials }: Case): 'passes' | 'forged' | 'nobody' {
  if (credentials === 'none') return 'nobody';
  if (credentials === 'basic' || credentials === 'both') return 'passes';
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return 'passes';
  switch (site) {
    case 'same-origin':
    case 'none':
      return 'passes';
    case undefined:
      return origin === OWN ? 'passes' : 'forged';
    default:
      return 'forged';
  }
}

/** The same users in the middlewares of an app, each below a path of its own. */
async function serveRoutes() {
  const auth = await createAuth({ http: { sessions: true, public: ['/open'] } });
  const ownPassport = new passport.Passport();
  ownPassport.use(auth.strategy);
  const passes: express.RequestHandler = (_req, res) => {
    res.status(299).end();
  };
  const app = express();
  app.set('trust proxy', 'loopback');
  app.use('/strategy', ownPassport.authenticate('basic', { session: false }) as express.RequestHandler, passes);
  app.use('/authenticate', auth.authenticate, passes);
  app.use('/optional', auth.optional, (req, res) => {
    res.status(req.user === undefined ? 298 : 299).end();
  });
  app.use('/admin', auth.requireAdmin, passes);
  app.use('/privilege', auth.requirePrivilege(), passes);
  app.use(auth, passes);
  const server = createServer(app);
  server.on('upgrade', async (req, socket) => {
    if ((await auth.authorizeUpgrade(req, socket, { origins: ['https://app.example'] })) === undefined) return;
    socket.end('HTTP/1.1 299 Yes\r\nConnection: close\r\n\r\n');
  });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const { send, port } = await serve(server.listeners('request')[0] as never, { agent });
  const cookie = cookieOf(await post(send, 'root', 'r00t'));
  return { auth, app, send, port, cookie, server };
}

function headersOf({ type, site, origin, credentials }: Case, port: number, cookie: string): Record<string, string> {
  return {
    ...(type !== undefined && { 'Content-Type': type }),
    ...(site !== undefined && { 'Sec-Fetch-Site': site }),
    ...(origin !== undefined && { Origin: origin.replace('PORT', String(port)) }),
    ...((credentials === 'cookie' || credentials === 'both') && { Cookie: cookie }),
    ...((credentials === 'basic' || credentials === 'both') && { Authorization: basic('root:r00t') }),
  };
}

/** The statuses of the three outcomes. */
const STATUSES = { passes: 299, forged: 403, nobody: 401 } as const;

/** Compares all cases with the oracle. */
async function differences(
  send: (request: SentRequest) => Promise<{ readonly status: number }>,
  requestFor: (each: Case) => SentRequest,
  expectedFor: (each: Case) => number,
  cases: readonly Case[] = CASES,
): Promise<string[]> {
  const different: string[] = [];
  for (const each of cases) {
    const { status } = await send(requestFor(each));
    if (status !== expectedFor(each)) different.push(`${status}, not ${expectedFor(each)}: ${JSON.stringify(each)}`);
  }
  return different;
}

const SOME: readonly Case[] = CASES.filter(({ type }) => type === undefined || type === 'text/plain').filter(
  ({ method }) => ['GET', 'POST', 'DELETE'].includes(method),
);

describe('a cross-site request', () => {
  it(`is known by method, content type, Sec-Fetch-Site, Origin and credentials: ${CASES.length} cases`, async () => {
    const { send, port, cookie } = await serveRoutes();
    const request = (each: Case) => ({ method: each.method, path: '/x', headers: headersOf(each, port, cookie) });
    const expected = (each: Case) =>
      each.method === 'OPTIONS' && each.credentials === 'none' ? 204 : STATUSES[oracle(each)];
    expect(await differences(send, request, expected)).toEqual([]);
  }, 120_000);

  it.each(['/authenticate', '/strategy', '/admin', '/privilege', '/optional', '/open'])(
    `is refused at %s by the same rule: ${SOME.length} cases`,
    async (path) => {
      const { send, port, cookie } = await serveRoutes();
      const request = (each: Case) => ({ method: each.method, path, headers: headersOf(each, port, cookie) });
      const isOpen = path === '/optional' || path === '/open';
      const expected = (each: Case) => {
        if (isOpen && oracle(each) === 'nobody') return path === '/open' ? 299 : 298;
        return STATUSES[oracle(each)];
      };
      expect(await differences(send, request, expected, SOME)).toEqual([]);
    },
    60_000,
  );

  it('is refused by the endpoint for proxies, by the method that the proxy names', async () => {
    const { send, port, cookie } = await serveRoutes();
    const request = (each: Case) => ({
      path: '/kapacitor/v1/check',
      headers: { ...headersOf(each, port, cookie), 'X-Original-Method': each.method, 'X-Original-URI': '/x' },
    });
    const expected = (each: Case) => ({ passes: 204, forged: 403, nobody: 401 })[oracle(each)];
    expect(await differences(send, request, expected, SOME)).toEqual([]);
  }, 60_000);

  it('is refused as a link in a mail that method overriding turns into another method', async () => {
    const { auth } = await serveRoutes();
    const app = express();
    app.use((req, _res, next) => {
      req.method = 'DELETE';
      next();
    });
    app.use(auth, (_req, res) => {
      res.status(299).end();
    });
    const { send, port } = await serve(app);
    const cookie = cookieOf(await post((await serveRoutesOf(auth)).send, 'root', 'r00t'));
    const link = { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate', cookie };
    expect((await send({ path: '/x', headers: link })).status).toBe(403);
    expect((await send({ path: '/x', headers: { cookie, Origin: `http://127.0.0.1:${port}` } })).status).toBe(299);
  });
});

async function serveRoutesOf(auth: Awaited<ReturnType<typeof createAuth>>) {
  return serve(express().use(auth));
}

describe('an upgrade with the cookie of a session', () => {
  it.each([
    [{}, 403],
    [{ Origin: OWN }, 299],
    [{ Origin: 'https://app.example' }, 299],
    [{ Origin: 'https://evil.example' }, 403],
    [{ Origin: 'null' }, 403],
    [{ 'Sec-Fetch-Site': 'same-origin' }, 299],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'same-site', Origin: 'https://app.example' }, 299],
    [{ Origin: 'https://app.example', Authorization: basic('root:r00t') }, 299],
    [{ Authorization: basic('root:r00t') }, 299],
  ])('needs a page of this host, or one that the app names: %j', async (headers, status) => {
    const { server, cookie } = await serveRoutes();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    const lines = Object.entries({
      ...{ Host: `127.0.0.1:${port}`, Connection: 'Upgrade', Upgrade: 'websocket', Cookie: cookie },
      ...headers,
    }).map(([name, value]) => `${name}: ${value.replace('PORT', String(port))}`);
    socket.write(`GET /x HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('is one through a middleware as well, and behind a proxy that asks', async () => {
    const { send, cookie } = await serveRoutes();
    const handshake = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', cookie };
    expect((await send({ path: '/x', headers: handshake })).status).toBe(403);
    expect((await send({ path: '/x', headers: { ...handshake, 'Sec-Fetch-Site': 'same-origin' } })).status).toBe(299);
  });
});
