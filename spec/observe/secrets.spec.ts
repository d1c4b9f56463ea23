import { inspect } from 'node:util';
import { MemoryUserRepository, type NewUser, type StoredUser } from 'kapacitor-auth';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { AUDIT_EVENTS } from '../../lib/users/audit-events.js';
import { digestOfSecret } from '../../lib/users/secret-text.js';
import { serveAudited, untilTold } from '../support/audit.js';
import { basic, type SentRequest } from '../support/server.js';
import { cookieOf, post, SESSION } from '../support/signed-in.js';
import { USERS } from '../support/users-server.js';

const SECRET = 's3cr3t';
const PASSWORDS = ['root', 'api', 'new', 'changed', 'wrong'].map((whose) => `${whose}-${SECRET}`);
const [ROOT_PASSWORD, API_PASSWORD, NEW_PASSWORD, CHANGED_PASSWORD, WRONG_PASSWORD] = PASSWORDS as [
  string,
  string,
  string,
  string,
  string,
];
const USERS_OF_THE_SESSION: NewUser[] = [
  { name: 'root', password: ROOT_PASSWORD, type: 'admin' },
  { name: 'api', password: API_PASSWORD, permissions: ['api'] },
  { name: 'nobody', password: API_PASSWORD },
];

/** Every way in which a request can bring a password. */
function session(): SentRequest[] {
  const root = `root:${ROOT_PASSWORD}`;
  const api = `api:${API_PASSWORD}`;
  const json = (body: object) => JSON.stringify(body);
  const query = (name: string, password: string) => `?u=${name}&p=${password}`;
  return [
    { path: '/kapacitor/v1/tasks', auth: root },
    { path: '/kapacitor/v1/tasks', auth: api },
    { path: '/kapacitor/v1/config', auth: api },
    { path: '/kapacitor/v1/tasks', auth: `api:${WRONG_PASSWORD}` },
    { path: '/kapacitor/v1/tasks', auth: `:${WRONG_PASSWORD}` },
    { path: '/kapacitor/v1/tasks', headers: { Authorization: `Bearer ${WRONG_PASSWORD}` } },
    { path: '/kapacitor/v1/tasks', auth: `unknown:${WRONG_PASSWORD}` },
    { path: `/kapacitor/v1/tasks${query('api', API_PASSWORD)}` },
    { path: `/kapacitor/v1/config${query('api', API_PASSWORD)}` },
    { path: `/kapacitor/v1/tasks${query('api', WRONG_PASSWORD)}` },
    { path: `/kapacitor/v1/tasks${query('', WRONG_PASSWORD)}` },
    { path: `http://name:${WRONG_PASSWORD}@h/kapacitor/v1/config`, auth: api },
    { path: `http://name:${WRONG_PASSWORD}@h/kapacitor/v1/config` },
    ...[undefined, api].flatMap((auth) =>
      [
        `//name:${WRONG_PASSWORD}@h/kapacitor/v1/config`,
        `/proxy/http://name:${WRONG_PASSWORD}@h/kapacitor/v1/config`,
        `/\\name:${WRONG_PASSWORD}@h/kapacitor/v1/config`,
        `/kapacitor/v1/config%3fu=api&p=${WRONG_PASSWORD}`,
        `/kapacitor/v1/config%253fu=api&p=${WRONG_PASSWORD}`,
        `/kapacitor/v1/config%23p=${WRONG_PASSWORD}`,
        `/kapacitor/v1/config;pw=${WRONG_PASSWORD}`,
        `/kapacitor/v1/config%3bpw=${WRONG_PASSWORD}/x`,
        `/kapacitor/v1/config&u=api&p=${WRONG_PASSWORD}`,
      ].map((path) => ({ path, ...(auth !== undefined && { auth }) })),
    ),
    { path: `${USERS}/x%3fp=${WRONG_PASSWORD}`, auth: `nobody:${API_PASSWORD}` },
    { path: `${USERS};pw=${WRONG_PASSWORD}`, auth: api, method: 'DELETE' },
    { path: `${USERS}${query('api', API_PASSWORD)}` },
    { path: `/kapacitor/v1/me${query('api', API_PASSWORD)}` },
    { method: 'POST', path: USERS, auth: root, body: json({ name: 'new', password: NEW_PASSWORD }) },
    { method: 'POST', path: USERS, auth: root, body: json({ name: 'new', password: NEW_PASSWORD }) },
    { method: 'POST', path: USERS, auth: api, body: json({ name: 'other', password: NEW_PASSWORD }) },
    { method: 'POST', path: USERS, auth: root, body: json({ name: 'a b', password: NEW_PASSWORD }) },
    { method: 'POST', path: USERS, auth: root, body: json({ name: 'a', password: NEW_PASSWORD.repeat(9) }) },
    { method: 'POST', path: USERS, auth: root, body: json({ name: NEW_PASSWORD.repeat(30), password: 'x' }) },
    { method: 'POST', path: USERS, auth: root, body: json({ name: 'a', password: [NEW_PASSWORD] }) },
    { method: 'POST', path: USERS, auth: root, body: `{"name":"a","password":"${NEW_PASSWORD}` },
    { method: 'PATCH', path: `${USERS}/new`, auth: root, body: json({ password: CHANGED_PASSWORD }) },
    { method: 'PATCH', path: `${USERS}/new`, auth: `new:${CHANGED_PASSWORD}`, body: json({ password: NEW_PASSWORD }) },
    { method: 'PATCH', path: `${USERS}/new${query('root', ROOT_PASSWORD)}`, body: json({ password: NEW_PASSWORD }) },
    { method: 'PATCH', path: `${USERS}/unknown`, auth: root, body: json({ password: NEW_PASSWORD }) },
    { method: 'PATCH', path: `${USERS}/root`, auth: root, body: json({ type: 'normal', password: NEW_PASSWORD }) },
    { method: 'DELETE', path: `${USERS}/new`, auth: root },
    { method: 'DELETE', path: `${USERS}/root`, auth: root },
    { method: 'DELETE', path: `${USERS}/root`, auth: api },
  ];
}

beforeEach(() => {
  vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
});

describe('the events of all operations', () => {
  it('contain no password, no hash and no Authorization header', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const store = new MemoryUserRepository();
    const { auth, told, send } = await serveAudited({
      config: { http: { queryCredentials: true, sessions: true }, auth: { store } },
      users: USERS_OF_THE_SESSION,
    });
    auth.on('denied', () => {
      throw new Error(SECRET);
    });
    const hashes = new Set<string>();
    for (const method of ['insert', 'replace'] as const) {
      const store_ = store[method].bind(store) as (user: StoredUser, ...more: unknown[]) => never;
      vi.spyOn(store, method).mockImplementation((user: StoredUser, ...more: unknown[]) => {
        hashes.add(user.hash);
        return store_(user, ...more);
      });
    }
    for (const { name } of USERS_OF_THE_SESSION) hashes.add((store.find(name) as StoredUser).hash);
    for (const request of session()) await send(request);
    const { id, key } = await auth.keys.create('api', { name: 'a machine' });
    for (const authorization of [`Bearer ${key}`, `Bearer ${key.slice(0, -1)}`, `Token ${key}`]) {
      await send({ path: '/x', headers: { authorization } });
    }
    for (const name of ['', 'api', 'root']) await send({ path: '/x', auth: `${name}:${key}` });
    await send({ path: `/x?u=api&p=${key}` });
    await auth.keys.delete('api', id);
    await send({ path: '/x', auth: `api:${key}` });
    const signedIn = await post(send, 'api', API_PASSWORD);
    const cookie = cookieOf(signedIn);
    const token = cookie.slice(cookie.indexOf('kas_'));
    await send({ path: '/x', headers: { cookie } });
    await send({ method: 'DELETE', path: SESSION, headers: { cookie, 'Sec-Fetch-Site': 'cross-site' } });
    await send({ method: 'DELETE', path: SESSION, headers: { cookie, 'Sec-Fetch-Site': 'same-origin' } });
    expect(token).toMatch(/^kas_\w{36}$/);
    for (let index = 0; index < 12; index += 1) await send({ path: '/x', auth: `root:${WRONG_PASSWORD}` });
    vi.spyOn(store, 'find').mockImplementation(() => {
      throw new Error(`row ${[...hashes].join()}`);
    });
    await send({ path: '/x', auth: `api:${WRONG_PASSWORD}` });
    auth.authEnabled = false;
    await untilTold();

    expect(new Set(told.map(([event]) => event))).toEqual(new Set(AUDIT_EVENTS));
    const shown = inspect([told, warnings.mock.calls], { depth: 20, maxArrayLength: null, maxStringLength: null });
    const headers = PASSWORDS.flatMap((password) =>
      ['root', 'api', 'new', 'unknown', ''].map((name) => basic(`${name}:${password}`)),
    );
    expect(hashes.size).toBeGreaterThan(4);
    for (const secret of [
      SECRET,
      key.slice(4, -6),
      digestOfSecret(key),
      token.slice(4, -6),
      digestOfSecret(token),
      '$2b$',
      ...hashes,
      ...headers,
      'Basic ',
      'Bearer ',
    ]) {
      expect(shown).not.toContain(secret);
    }
  });
});
