import { connect } from 'node:net';
import connectHost from 'connect';
import express, { type Express } from 'express';
import type { User } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { API_USER, createAuth } from '../support/auth.js';
import { basic, serve } from '../support/server.js';

/** Ways to write `/kapacitor/v1/config`, or something that a router could take for it. */
const SPELLINGS = [
  '/kapacitor/v1/config',
  '/kapacitor/v1/config/',
  '/kapacitor/v1/config//',
  '/kapacitor/v1/config/influxdb',
  '/kapacitor/v1/CONFIG',
  '/kapacitor/v1/Config',
  '/KAPACITOR/V1/config',
  '/kapacitor/v1/%63onfig',
  '/kapacitor/v1/%43ONFIG',
  '/kapacitor/v1/c%6Fnfig',
  '/kapacitor/v1/%2563onfig',
  '/kapacitor/v1/%252563onfig',
  '/%6bapacitor/v1/config',
  '/kapacitor/%76%31/config',
  '/kapacitor/v1%2Fconfig',
  '/kapacitor/v1%2fconfig',
  '/kapacitor/v1/config%2Finfluxdb',
  '/kapacitor%2Fv1%2Fconfig',
  '//kapacitor/v1/config',
  '/kapacitor//v1/config',
  '/kapacitor/v1//config',
  '/kapacitor/v1/./config',
  '/kapacitor/v1/%2e/config',
  '/kapacitor/v1/tasks/../config',
  '/kapacitor/v1/tasks/%2e%2e/config',
  '/kapacitor/v1/tasks/%2E%2E/config',
  '/kapacitor/v1/tasks/.%2e/config',
  '/kapacitor/v1/tasks%2F..%2Fconfig',
  '/kapacitor/v1/tasks/..%2Fconfig',
  '/kapacitor/v1/tasks/%252e%252e/config',
  '/kapacitor/v1/../config',
  '/kapacitor/v1/%2e%2e/config',
  '/kapacitor/v1/\\h/config',
  '/kapacitor/v1//h/config',
  '/kapacitor/v1/config/..',
  '/kapacitor/v1/config/../tasks',
  '/kapacitor/v1/config/%2e%2e',
  '/kapacitor/v1/config/.',
  '/kapacitor/v1/config;x',
  '/kapacitor/v1/config;x=1/influxdb',
  '/kapacitor/v1;x/config',
  '/kapacitor;a=b/v1;c/config',
  '/kapacitor/v1/config%3Bx',
  '/kapacitor/v1/config?x=1',
  '/kapacitor/v1/config%3Fx',
  '/kapacitor/v1/config#x',
  '/kapacitor/v1/config%23x',
  '/kapacitor/v1/config%00',
  '/kapacitor/v1/config%00.json',
  '/kapacitor/v1/config%20',
  '/kapacitor/v1/config%09',
  '/kapacitor/v1/con%0Afig',
  '/kapacitor\\v1\\config',
  '/kapacitor/v1\\config',
  '/kapacitor/v1%5Cconfig',
  '/kapacitor/v1/tasks\\..\\config',
  '/kapacitor/v1/%u0063onfig',
  '/kapacitor/v1/%25u0063onfig',
  '/kapacitor/v1/%u0025u0063onfig',
  '/kapacitor/v1/%u002563onfig',
  '/kapacitor/v1/%u00%36%33onfig',
  '/kapacitor/v1/%uFF23onfig',
  '/kapacitor/v1%u002fconfig',
  '/kapacitor%u002Fv1%u002Fconfig',
  '/kapacitor/v1/tasks%u002f%u002e%u002e%u002fconfig',
  '/kapacitor/v1/config%u003bx',
  '/kapacitor/v1/config%u0000',
  '/%u006bapacitor/v1/config',
  '/kapacitor/v1/%EF%BD%83onfig',
  '/kapacitor/v1/%EF%BC%A3ONFIG',
  '/kapacitor/v1/conf%C4%B1g',
  '/kapacitor/v1preview/config',
  'http://localhost/kapacitor/v1/config',
  'http://localhost:9092/kapacitor/v1/config',
  'HTTP://LOCALHOST/kapacitor/v1/CONFIG',
  'http://user@localhost/kapacitor/v1/%63onfig',
  'https://localhost//kapacitor/v1/config',
  'ftp://localhost/kapacitor/v1/config',
  'http://localhost%2Fkapacitor/v1/config',
  'http://localhost\\kapacitor\\v1\\config',
  'http://localhost\\@evil/kapacitor/v1/config',
  'http:///kapacitor/v1/config',
  '//localhost/kapacitor/v1/config',
  '///kapacitor/v1/config',
  '///h/kapacitor/v1/config',
  '/config',
  '/CONFIG',
  '/%63onfig',
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'MKCOL', 'REPORT'];

/** The ways in which an app may use a parameter of its path. */
function isConfig(section: string): boolean {
  const legacy = unescape(section);
  const readings = [section, decode(section), decode(decode(section)), legacy, unescape(legacy)];
  return readings.some((reading) => /^\/*config(?![a-z])/i.test(reading.normalize('NFKC').replace('ı', 'i')));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Every handler that could be one of the config's; each request that gets to one is kept in `reached`. */
function addHandlers(app: Express, reached: string[]): void {
  app.use('/kapacitor/v1/config', (req, res) => {
    reached.push(`use config: ${req.method} ${req.originalUrl}`);
    res.sendStatus(200);
  });
  app.use('/config', (req, res) => {
    reached.push(`use short config: ${req.method} ${req.originalUrl}`);
    res.sendStatus(200);
  });
  app.all('/kapacitor/v1/:section', (req, res) => {
    const { section } = req.params;
    if (isConfig(section as string)) reached.push(`section ${section}: ${req.method} ${req.originalUrl}`);
    res.sendStatus(200);
  });
  app.use('/kapacitor/v1', (req, _res, next) => {
    const { pathname } = new URL(req.url, 'http://localhost');
    if (/^\/+config(?![a-z])/i.test(pathname)) reached.push(`mounted ${pathname}: ${req.originalUrl}`);
    next();
  });
  // Routers of other kinds: by the URL standard, and by the decoded path.
  app.use((req, res) => {
    const { pathname } = new URL(req.originalUrl, 'http://localhost');
    const legacy = unescape(req.originalUrl);
    for (const path of [pathname, decode(pathname), decode(decode(pathname)), legacy, unescape(legacy)]) {
      if (/^\/+kapacitor\/+v1\/+config(?![a-z])/i.test(path)) reached.push(`fallback ${path}: ${req.originalUrl}`);
    }
    res.sendStatus(200);
  });
}

/** Sends a request line as it stands, which an HTTP client would not; resolves with the status. */
function sendRaw(port: number, line: string, auth: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(Number(answer.split(' ')[1])));
    socket.on('error', reject);
    socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${basic(auth)}\r\nConnection: close\r\n\r\n`);
  });
}

describe('a user with api and without config_api', () => {
  const auth = `${API_USER.name}:${API_USER.password}`;

  it.each(METHODS)('cannot reach the config with %s, however the path is written', async (method) => {
    const reached: string[] = [];
    const app = express();
    app.use(await createAuth());
    addHandlers(app, reached);
    const { port } = await serve(app);
    for (const path of SPELLINGS) {
      const status = await sendRaw(port, `${method} ${path}`, auth);
      expect([400, 403], `${method} ${path}`).toContain(status);
    }
    expect(reached).toEqual([]);
  });

  it('cannot reach the config of an app that is mounted below another path', async () => {
    const reached: string[] = [];
    const inner = express();
    inner.use(await createAuth());
    addHandlers(inner, reached);
    const app = express();
    app.use('/x', inner);
    const { port } = await serve(app);
    for (const path of SPELLINGS.filter((spelling) => spelling.startsWith('/'))) {
      await sendRaw(port, `GET /x${path}`, auth);
    }
    expect(reached).toEqual([]);
  });

  it('cannot reach the config of an app with the guard mounted in between', async () => {
    const reached: string[] = [];
    const inner = express();
    inner.use('/kapacitor', await createAuth());
    addHandlers(inner, reached);
    const app = express();
    app.use('/x', inner);
    const { port } = await serve(app);
    expect(await sendRaw(port, 'GET /x/kapacitor/v1/config', auth)).toBe(403);
    expect(reached).toEqual([]);
  });

  it('cannot reach the config with the guard mounted on it', async () => {
    const reached: string[] = [];
    const app = express();
    app.use('/kapacitor/v1/config', await createAuth());
    addHandlers(app, reached);
    const { port } = await serve(app);
    expect(await sendRaw(port, 'GET /kapacitor/v1/config', auth)).toBe(403);
    expect(await sendRaw(port, 'GET /kapacitor/v1/config/influxdb', auth)).toBe(403);
    expect(reached).toEqual([]);
  });

  it.each([
    '/inner/config',
    '/inner/config/x',
    'http://h/inner/config',
    'http://h/inner/config/x',
    'HTTP://h:80/inner/CONFIG/',
  ])('cannot reach the config of a router in a router with the guard mounted on it: %s', async (target) => {
    const guard = await createAuth();
    const router = express.Router().use('/config', guard, (_req, res) => {
      res.sendStatus(299);
    });
    const handler = connectHost().use('/config', guard);
    handler.use('/config', (_req, res) => {
      res.writeHead(299).end();
    });
    for (const app of [express().use('/inner', router), connectHost().use('/inner', handler)]) {
      const { port } = await serve(app);
      expect(await sendRaw(port, `GET ${target}`, auth)).toBe(403);
      expect(await sendRaw(port, `GET ${target}`, 'root:r00t')).toBe(299);
    }
  });

  it('cannot reach the config if a middleware before the guard rewrites the path', async () => {
    const reached: string[] = [];
    const app = express();
    app.use((req, _res, next) => {
      req.url = req.url.replace('/alias', '/kapacitor/v1/config');
      next();
    });
    app.use(await createAuth());
    addHandlers(app, reached);
    const { port } = await serve(app);
    expect(await sendRaw(port, 'GET /alias', auth)).toBe(403);
    expect(reached).toEqual([]);
  });

  it('reaches every permitted resource by any honest path', async () => {
    const app = express();
    app.use(await createAuth());
    app.use((_req, res) => {
      res.sendStatus(299);
    });
    const { port } = await serve(app);
    for (const path of [
      '/kapacitor/v1/tasks/a%20b',
      '/kapacitor/v1/configuration',
      '/kapacitor/v1/tasks/Gr%C3%B6%C3%9Fe',
      '/',
      'http://localhost:9092/kapacitor/v1/tasks',
      'https://user@[::1]/kapacitor/v1/tasks',
      'http://localhost',
    ]) {
      expect(await sendRaw(port, `GET ${path}`, auth), path).toBe(299);
    }
  });
});

describe('a path over 2 KiB', () => {
  it('is open to admins only, and is refused unread', async () => {
    const app = express();
    app.use(await createAuth());
    app.use((_req, res) => {
      res.sendStatus(299);
    });
    const { port } = await serve(app);
    const longest = `/${'x'.repeat(2_047)}`;
    expect(await sendRaw(port, `GET ${longest}?${'x'.repeat(2_000)}`, `${API_USER.name}:pw`)).toBe(299);
    expect(await sendRaw(port, `GET ${longest}x`, `${API_USER.name}:pw`)).toBe(403);
    expect(await sendRaw(port, `GET ${longest}x`, 'root:r00t')).toBe(299);
  });

  it('takes a normal user no longer than a short one', async () => {
    const auth = await createAuth();
    const path = `/${'%2e%2E/;x\\A//'.repeat(1_150)}`;
    const user = (await auth.users.get('api')) as User;
    const start = process.cpuUsage();
    for (let time = 0; time < 1_000; time += 1) expect(auth.can(user, 'GET', path)).toBe(false);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(1_000);
  });
});

describe('a user who may read the API', () => {
  it.each(['POST', 'PATCH', 'DELETE', 'PUT', 'PROPFIND'])(
    'cannot manage users of an app behind the guard with %s',
    async (method) => {
      const reached: string[] = [];
      const app = express();
      app.use(await createAuth());
      app.use((req, res) => {
        reached.push(req.originalUrl);
        res.sendStatus(200);
      });
      const { port } = await serve(app);
      const spellings = [
        '/kapacitor/v1/%75sers',
        '/kapacitor/v1//users',
        '/kapacitor/v1/x/../users/root',
        '/users',
        '/USERS/root',
        'http://h/kapacitor/v1/users',
      ];
      for (const path of spellings)
        expect(await sendRaw(port, `${method} ${path}`, `${API_USER.name}:pw`), path).toBe(403);
      expect(reached).toEqual([]);
    },
  );
});
