import { describe, expect, it } from 'vitest';
import { errorBody } from '../support/server.js';
import { serveSessions } from '../support/signed-in.js';

describe('the sessions of a user', () => {
  const SESSIONS = '/kapacitor/v1/users/api/sessions';

  it('are listed and ended by the user, and by an admin', async () => {
    const { send, signIn } = await serveSessions();
    const [first, second] = [await signIn(), await signIn()];
    const own = { cookie: second, 'Sec-Fetch-Site': 'same-origin' };
    const { body } = await send({ path: SESSIONS, headers: { cookie: second } });
    expect(body.sessions).toHaveLength(2);
    const [{ link, id, created, expires }] = body.sessions;
    expect(link.href).toBe(`${SESSIONS}/${id}`);
    expect(Date.parse(expires) - Date.parse(created)).toBe(43_200_000);
    expect(JSON.stringify(body)).not.toContain('kas_');
    expect((await send({ method: 'DELETE', path: link.href, headers: own })).status).toBe(204);
    expect(await send({ method: 'DELETE', path: link.href, headers: own })).toMatchObject({
      status: 404,
      body: errorBody('no session exists'),
    });
    expect((await send({ path: '/', headers: { cookie: first } })).status).toBe(401);
    expect((await send({ method: 'DELETE', path: SESSIONS, auth: 'root:r00t' })).status).toBe(204);
    expect((await send({ path: '/', headers: { cookie: second } })).status).toBe(401);
  });

  it('are not for others, for keys, or for users who are not there', async () => {
    const { send, auth, signIn } = await serveSessions();
    const cookie = await signIn();
    for (const method of ['GET', 'DELETE']) {
      expect((await send({ method, path: SESSIONS, auth: 'config:pw' })).status).toBe(403);
      expect((await send({ method, path: SESSIONS.replace('api', 'nobody-here'), auth: 'root:r00t' })).status).toBe(
        404,
      );
    }
    const { key } = await auth.keys.create('api', { name: 'k' });
    const byKey = await send({ method: 'DELETE', path: SESSIONS, headers: { Authorization: `Bearer ${key}` } });
    expect(byKey).toMatchObject({
      status: 403,
      body: errorBody('a key does not end the sessions of its owner: log in with the password'),
    });
    expect((await send({ path: '/', headers: { cookie } })).status).toBe(200);
  });

  it('end with the password, with enabled: false and with the user', async () => {
    const { send, auth, signIn } = await serveSessions();
    const statusOf = async (cookie: string) => (await send({ path: '/', headers: { cookie } })).status;
    let cookie = await signIn();
    await auth.users.update('api', { permissions: ['all'] });
    expect(await statusOf(cookie)).toBe(200);
    await auth.users.update('api', { password: 'other' });
    expect(await statusOf(cookie)).toBe(401);
    cookie = await signIn('api', 'other');
    await auth.users.update('api', { enabled: false });
    expect(await statusOf(cookie)).toBe(401);
    await auth.users.update('api', { enabled: true });
    expect(await statusOf(cookie)).toBe(401);
    cookie = await signIn('api', 'other');
    await auth.users.delete('api');
    expect(await statusOf(cookie)).toBe(401);
  });

  it('are answered with 501 while there are none', async () => {
    const { send } = await serveSessions({ config: { http: { sessions: false } } });
    expect((await send({ path: SESSIONS, auth: 'api:pw' })).status).toBe(501);
  });
});
