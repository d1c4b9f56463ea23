import { MemoryUserRepository, type NewUser } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { listen, serveAudited, type Told, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { failure } from '../support/failure.js';
import type { SentRequest } from '../support/server.js';
import { USERS } from '../support/users-server.js';

const NEW: NewUser = { name: 'new', password: 'secret', permissions: ['write_points', 'api'] };
const NEW_USER = { name: 'new', type: 'normal', permissions: ['api', 'write_points'], enabled: true };
const ADMIN = { auth: 'root:r00t', headers: { 'X-Forwarded-For': '192.0.2.7', 'X-Request-Id': 'r-1' } };

/** The events of an admin's request, without the login. */
async function toldOf(request: SentRequest): Promise<{ status: number; told: Told[] }> {
  const { told, send } = await serveAudited();
  const { status } = await send({ ...ADMIN, ...request });
  await untilTold();
  return { status, told: told.filter(([event]) => event !== 'login') };
}

const context = (method: string, path: string) => ({
  time: expect.any(Date),
  by: 'root',
  from: '192.0.2.7',
  method,
  path,
  requestId: 'r-1',
});

describe('over HTTP', () => {
  it('user-created has the user and the acting user', async () => {
    const { status, told } = await toldOf({ method: 'POST', path: USERS, body: JSON.stringify(NEW) });
    expect(status).toBe(200);
    expect(told).toEqual([['user-created', { ...context('POST', USERS), user: NEW_USER }]]);
  });

  it('user-changed has the changed parts and the user before', async () => {
    const path = `${USERS}/api`;
    const body = '{"password":"secret","permissions":["api","config_api"]}';
    const { status, told } = await toldOf({ method: 'PATCH', path, body });
    expect(status).toBe(200);
    const before = { name: 'api', type: 'normal', permissions: ['api'], enabled: true };
    const user = { ...before, permissions: ['api', 'config_api'] };
    const changed = ['password', 'permissions'];
    expect(told).toEqual([['user-changed', { ...context('PATCH', path), user, before, changed }]]);
  });

  it('user-changed follows a user’s change of its own password', async () => {
    const path = `${USERS}/nobody`;
    const { status, told } = await toldOf({ method: 'PATCH', path, auth: 'nobody:pw', body: '{"password":"secret"}' });
    expect(status).toBe(200);
    expect(told).toMatchObject([['user-changed', { by: 'nobody', user: { name: 'nobody' }, changed: ['password'] }]]);
  });

  it('user-deleted has the deleted user', async () => {
    const path = `${USERS}/api`;
    const { status, told } = await toldOf({ method: 'DELETE', path });
    expect(status).toBe(204);
    const user = { name: 'api', type: 'normal', permissions: ['api'], enabled: true };
    expect(told).toEqual([['user-deleted', { ...context('DELETE', path), user }]]);
  });

  it('the deletion of a missing user causes no event', async () => {
    expect(await toldOf({ method: 'DELETE', path: `${USERS}/unknown` })).toEqual({ status: 204, told: [] });
  });

  it('reading users causes no event', async () => {
    expect(await toldOf({ path: USERS })).toEqual({ status: 200, told: [] });
    expect(await toldOf({ path: `${USERS}/api` })).toEqual({ status: 200, told: [] });
  });

  const long = 'secret'.repeat(20);
  it.each<[string, SentRequest, number, object]>([
    [
      'a name that is taken',
      { method: 'POST', path: USERS, body: '{"name":"api","password":"secret"}' },
      409,
      { operation: 'create', user: 'api', code: 'USER_EXISTS', reason: 'user "api" already exists' },
    ],
    [
      'a name that is none',
      { method: 'POST', path: USERS, body: '{"name":"a b","password":"secret"}' },
      400,
      {
        operation: 'create',
        user: undefined,
        code: 'USER_INVALID',
        reason: `username must contain only letters, numbers, '-', '.', '@' and '_'. "a b"`,
      },
    ],
    [
      'a password that is none',
      { method: 'POST', path: USERS, body: `{"name":"new","password":"${long}"}` },
      400,
      { operation: 'create', user: 'new', code: 'USER_INVALID', reason: expect.stringContaining('72 bytes') },
    ],
    [
      'a body that is no JSON',
      { method: 'POST', path: USERS, body: '{"name":"new","password":secret}' },
      400,
      { operation: 'create', user: undefined, code: 'REQUEST_INVALID', reason: 'invalid JSON' },
    ],
    [
      'a field that is misspelt, of a new user',
      { method: 'POST', path: USERS, body: '{"name":"new","pasword":"secret"}' },
      400,
      {
        operation: 'create',
        user: 'new',
        code: 'USER_INVALID',
        reason: 'unknown field "pasword": did you mean password?',
      },
    ],
    [
      'a field that is misspelt, of a change',
      { method: 'PATCH', path: `${USERS}/api`, body: '{"enable":false}' },
      400,
      {
        operation: 'change',
        user: 'api',
        code: 'USER_INVALID',
        reason: 'unknown field "enable": did you mean enabled?',
      },
    ],
    [
      'a change that is no JSON',
      { method: 'PATCH', path: `${USERS}/api`, body: '"secret"' },
      400,
      { operation: 'change', user: 'api', code: 'REQUEST_INVALID', reason: 'invalid JSON' },
    ],
    [
      'another name',
      { method: 'PATCH', path: `${USERS}/api`, body: '{"name":"other"}' },
      400,
      { operation: 'change', user: 'api', code: 'USER_INVALID', reason: 'a user cannot be renamed' },
    ],
    [
      'a user who is not there',
      { method: 'PATCH', path: `${USERS}/unknown`, body: '{"permissions":[]}' },
      404,
      { operation: 'change', user: 'unknown', code: 'USER_NOT_FOUND', reason: 'no user exists' },
    ],
    [
      'the last admin, who would be demoted',
      { method: 'PATCH', path: `${USERS}/root`, body: '{"type":"normal"}' },
      409,
      {
        operation: 'change',
        user: 'root',
        code: 'LAST_ADMIN',
        reason: 'the last admin cannot be deleted or demoted',
      },
    ],
    [
      'the last admin, who would be disabled',
      { method: 'PATCH', path: `${USERS}/root`, body: '{"enabled":false}' },
      409,
      { operation: 'change', user: 'root', code: 'LAST_ADMIN', reason: 'the last admin cannot be disabled' },
    ],
    [
      'the last admin, who would be deleted',
      { method: 'DELETE', path: `${USERS}/root` },
      409,
      {
        operation: 'delete',
        user: 'root',
        code: 'LAST_ADMIN',
        reason: 'the last admin cannot be deleted or demoted',
      },
    ],
  ])('user-operation-failed follows %s', async (_what, request, expected, details) => {
    const { status, told } = await toldOf(request);
    expect(status).toBe(expected);
    const { method = '', path } = request;
    expect(told).toEqual([['user-operation-failed', { ...context(method, path), ...details }]]);
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('user-operation-failed and denied follow when an admin is demoted while a password is hashed', async () => {
    const store = new MemoryUserRepository();
    const { auth, told, send } = await serveAudited({ config: { auth: { store } } });
    await auth.users.create({ name: 'root2', password: 'pw', type: 'admin' });
    const find = store.find.bind(store);
    // It is looked up when all is checked, and the password is about to be hashed.
    vi.spyOn(store, 'find').mockImplementation((name) => {
      const root = find('root');
      if (name === 'new' && root !== undefined) store.replace({ ...root, type: 'normal' }, root.revision);
      return find(name);
    });
    const { status } = await send({ ...ADMIN, method: 'POST', path: USERS, body: JSON.stringify(NEW) });
    expect(status).toBe(403);
    await untilTold();
    const reason = 'user root may not manage users: an admin is required';
    expect(told.slice(-2)).toEqual([
      [
        'user-operation-failed',
        { ...context('POST', USERS), operation: 'create', user: 'new', code: 'FORBIDDEN', reason },
      ],
      ['denied', { ...context('POST', USERS), user: 'root', status: 403, reason }],
    ]);
    expect(find('new')).toBeUndefined();
  });

  it('each event has ADMIN_USER while authentication is off', async () => {
    const { auth, told, send } = await serveAudited();
    auth.authEnabled = false;
    await send({ method: 'DELETE', path: `${USERS}/api` });
    await untilTold();
    expect(told).toMatchObject([
      ['authentication-switched', { authEnabled: false }],
      ['user-deleted', { by: 'ADMIN_USER', user: { name: 'api' }, path: `${USERS}/api` }],
    ]);
  });
});

describe('by code', () => {
  async function setUp() {
    const auth = await createAuth();
    await untilTold();
    return { auth, told: listen(auth) };
  }

  it('each event has neither a request nor an acting user', async () => {
    const { auth, told } = await setUp();
    await auth.users.create(NEW);
    await auth.users.update('new', { enabled: false });
    await auth.users.delete('new');
    await expect(auth.users.create({ name: 'api', password: 'secret' })).rejects.toThrow('already exists');
    await untilTold();
    const time = expect.any(Date);
    const disabled = { ...NEW_USER, enabled: false };
    expect(told).toEqual([
      ['user-created', { time, user: NEW_USER }],
      ['user-changed', { time, user: disabled, before: NEW_USER, changed: ['enabled'] }],
      ['user-deleted', { time, user: disabled }],
      [
        'user-operation-failed',
        { time, operation: 'create', user: 'api', code: 'USER_EXISTS', reason: 'user "api" already exists' },
      ],
    ]);
  });

  it('each event has the acting user and the details of users.by', async () => {
    const { auth, told } = await setUp();
    const users = auth.users.by({ by: 'cron', from: '192.0.2.9', requestId: 'job-1' });
    await users.create(NEW);
    await users.by({ by: 'jane' }).update('new', { permissions: ['all'] });
    await users.delete('new');
    await expect(users.delete('root')).rejects.toThrow('last admin');
    await untilTold();
    const cron = { by: 'cron', from: '192.0.2.9', requestId: 'job-1' };
    expect(told).toMatchObject([
      ['user-created', cron],
      ['user-changed', { by: 'jane', changed: ['permissions'] }],
      ['user-deleted', cron],
      ['user-operation-failed', { ...cron, operation: 'delete', user: 'root', code: 'LAST_ADMIN' }],
    ]);
    expect(told[1]?.[1].from).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ['a typo', { by: 'cron', requestid: '1' }, 'unknown field "requestid": did you mean requestId?'],
    [
      'another word',
      { who: 'cron' },
      'unknown field "who": the context of users.by has by, from, method, path and requestId',
    ],
    ['a user', { by: { name: 'jane' } }, 'users.by: by must be a text, not an object'],
    [
      'a request',
      { method: 'POST', path: '/admin', headers: { authorization: 'Basic cm9vdDpyMDB0' } },
      'users.by takes words for the audit, not a request: did you mean users.by({ by: req.user.name, from: req.ip })?',
    ],
    [
      'nothing',
      undefined,
      'the context of users.by must be an object with by, from, method, path and requestId, not undefined',
    ],
  ])('users.by refuses %s', async (_what, context, message) => {
    const { auth } = await setUp();
    expect(() => auth.users.by(context as never)).toThrow(failure('CONFIG_INVALID', 500, message));
  });

  it.each<[string, object, readonly string[]]>([
    ['nothing', {}, []],
    ['what is there already', { type: 'normal', permissions: ['api'], enabled: true }, []],
    ['the password, even if it is the same', { password: 'pw' }, ['password']],
    ['everything', { password: 'new', type: 'admin', enabled: false }, ['password', 'type', 'permissions', 'enabled']],
  ])('user-changed names the changed parts: %s', async (_what, changes, changed) => {
    const { auth, told } = await setUp();
    await auth.users.update('api', changes);
    await untilTold();
    expect(told).toMatchObject([['user-changed', { user: { name: 'api' }, changed }]]);
  });

  it('user-operation-failed has no message of a foreign error', async () => {
    const { auth, told } = await setUp();
    const confirm = () => {
      throw new Error('secret');
    };
    await expect(auth.users.create(NEW, confirm)).rejects.toThrow('secret');
    await expect(auth.users.create({ name: 7, password: 'secret' } as never)).rejects.toThrow('must be a text');
    await untilTold();
    expect(told).toMatchObject([
      ['user-operation-failed', { user: 'new', code: undefined, reason: 'an unexpected error' }],
      ['user-operation-failed', { user: undefined, code: 'USER_INVALID', reason: 'name must be a text, not a number' }],
    ]);
  });
});
