import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import express from 'express';
import { type KapacitorAuth, MemoryUserRepository, type NewUser, type User } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { explain } from '../../lib/authorization/explain.js';
import { createAuth } from '../support/auth.js';
import { KAPACITORS } from '../support/policy.js';
import { basic, serve } from '../support/server.js';
import { user } from '../support/user.js';

const API = user('api', ['api']);
const EVERY_USER: readonly User[] = [
  user('nobody'),
  API,
  user('config', ['config_api']),
  user('write', ['write_points']),
  user('Größe', ['api', 'write_points']),
  user('config-write', ['config_api', 'write_points']),
  user('all', ['all']),
  user('root', [], { type: 'admin' }),
  user('gone', ['all'], { enabled: false }),
];

/** Those who may have one reading of an odd path, and not another. */
const DIFFERENT_USERS = ['nobody', 'Größe', 'config-write'];

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];

/** Ways to write the path of a section of the API, or something that a router could take for it. */
const spellings = (section: string): string[] => [
  `/kapacitor/v1/${section}`,
  `/kapacitor/v1/${section}/`,
  `/kapacitor/v1/${section}?x=1`,
  `/kapacitor/v1preview/${section}`,
  `/KAPACITOR/V1/${section}`,
  `/kapacitor/v1/${section[0]?.toUpperCase()}${section.slice(1)}`,
  `/kapacitor/v1/%${section.charCodeAt(0).toString(16)}${section.slice(1)}`,
  `/kapacitor/v1//${section}`,
  `//kapacitor/v1/${section}`,
  `/kapacitor/v1/tasks/../${section}`,
  `/kapacitor/v1/tasks/%2e%2e/${section}`,
  `/kapacitor/v1%2F${section}`,
  `/kapacitor/v1\\${section}`,
  `/kapacitor/v1/${section};x`,
  `/kapacitor/v1/${section}%00`,
  `/kapacitor/v1/${section}#x`,
  `/x/kapacitor/v1/${section}`,
  `/${section}`,
  `http://localhost/kapacitor/v1/${section}`,
  `http://user@localhost:9092/kapacitor/v1/${section}?x=1`,
  `http://localhost%2Fkapacitor/v1/${section}`,
];

const ODD_PATHS = ['config', 'me'].flatMap(spellings);
const PLAIN_PATHS = [
  '/',
  '/write',
  '/kapacitor/v1/config',
  '/kapacitor/v1/write',
  '/kapacitor/v1/%77rite',
  '/kapacitor/v1/ping',
  '/kapacitor/v1/tasks/a%20b',
  '/kapacitor/v1/tasks/../config/../write',
  '/kapacitor/v1/me',
  '/kapacitor/v1/me/else',
  '/kapacitor/v1/me//',
  '/kapacitor/v1/users',
  '/kapacitor/v1preview/users',
  'http://localhost/kapacitor/v1/users',
  '/kapacitor/v1/users/api',
  '/kapacitor/v1/users/%61pi',
  '/kapacitor/v1preview/Users/api/',
  '/kapacitor/v1/users/api#x',
  '/kapacitor/v1/users/API',
  '/kapacitor/v1/users/Gr%C3%B6%C3%9Fe',
  '/kapacitor/v1',
  '/kapacitor/v1/time',
  '/kapacitor/v1/configuration',
  '/kapacitor/v1/users/nobody',
  '/kapacitor/v1/users/unknown',
  '/kapacitor/v1/users/api/b',
  'http://localhost/kapacitor/v1/users/nobody#x',
];

/**
 * Sends one request with each method, all at once, as they stand; resolves with the statuses. They are fewer than the
 * methods where Node does not take the path.
 */
async function sendEach(port: number, path: string, auth: string): Promise<number[]> {
  const requests = METHODS.map((method, index) => {
    const connection = index === METHODS.length - 1 ? 'close' : 'keep-alive';
    // A body that is no JSON: who may change a user is told so, and no user is changed.
    const body = method === 'POST' || method === 'PATCH' ? 'Content-Length: 1\r\n\r\n{' : '\r\n';
    return `${method} ${path} HTTP/1.1\r\nHost: h\r\nAuthorization: ${auth}\r\nConnection: ${connection}\r\n${body}`;
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(requests.join(''));
  const answers = (await buffer(socket)).toString('latin1');
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

async function createAuthForAll(): Promise<KapacitorAuth> {
  const store = new MemoryUserRepository();
  // They are to be there for the next request as well.
  vi.spyOn(store, 'remove').mockReturnValue('not-found');
  const users = EVERY_USER.map((each): NewUser<string> => ({ ...each, password: 'pw' }));
  return createAuth({ auth: { store, failureLimit: 0 } }, users);
}

describe('the answer of can', () => {
  it.each(EVERY_USER)('matches the answer to a request: $name', async ({ name }) => {
    const auth = await createAuthForAll();
    const who = (await auth.users.get(name)) as User;
    // Reading an odd path takes its time, and a disabled user has a password verified at each request.
    const paths = !who.enabled ? ['/'] : DIFFERENT_USERS.includes(name) ? [...PLAIN_PATHS, ...ODD_PATHS] : PLAIN_PATHS;
    const app = express();
    app.use(auth);
    app.use((_req, res) => {
      res.status(299).end();
    });
    const { port } = await serve(app);
    const differences: string[] = [];
    let compared = 0;
    for (const path of paths) {
      const statuses = await sendEach(port, path, basic(`${name}:pw`));
      if (statuses.length < METHODS.length) continue;
      for (const [index, method] of METHODS.entries()) {
        compared += 1;
        const status = statuses[index] as number;
        const isAllowed = status !== 401 && status !== 403;
        if (auth.can(who, method, path) !== isAllowed) differences.push(`${method} ${path}: ${status}`);
      }
    }
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(0.9 * paths.length * METHODS.length);
  });
});

describe('can', () => {
  it('says what explain says, and false for a missing user', async () => {
    const auth = await createAuth();
    expect(auth.can(API, 'GET', '/kapacitor/v1/tasks')).toBe(true);
    expect(auth.can(API, 'GET', '/kapacitor/v1/config')).toBe(false);
    expect(auth.explain(API, 'GET', '/kapacitor/v1/config')).toEqual(
      explain(KAPACITORS, API, 'GET', '/kapacitor/v1/config'),
    );
    expect(auth.can(undefined, 'GET', '/kapacitor/v1/me')).toBe(false);
    expect(auth.can(null, 'GET', '/kapacitor/v1/me')).toBe(false);
  });
});
