import { describe, expect, it } from 'vitest';
import { FORM, SESSION, SIGN_OUT, serveSessions } from '../support/signed-in.js';

describe('a sign-out', () => {
  it('ends the session, takes the cookie away, and may be repeated', async () => {
    const { send, signIn } = await serveSessions();
    const cookie = await signIn();
    const out = { method: 'DELETE', path: SESSION, headers: { cookie, 'Sec-Fetch-Site': 'same-origin' } };
    expect((await send({ ...out, headers: { cookie } })).status).toBe(403);
    const answer = await send(out);
    expect(answer.status).toBe(204);
    expect(answer.headers['set-cookie']).toEqual(['kapacitor-auth=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
    expect((await send({ path: '/', headers: { cookie } })).status).toBe(401);
    expect((await send(out)).status).toBe(204);
    expect((await send({ method: 'DELETE', path: SESSION })).status).toBe(204);
  });

  it.each([
    ['', '/kapacitor/v1/sign-in?signed-out'],
    ['next=/bye', '/bye'],
    ['next=//evil.example', '/'],
  ])('by a form leads on: %j', async (body, location) => {
    const { send, signIn } = await serveSessions();
    const cookie = await signIn();
    const answer = await send({ method: 'POST', path: SIGN_OUT, headers: { ...FORM, cookie }, body });
    expect(answer).toMatchObject({ status: 303, leadsTo: location });
    expect((await send({ path: '/', headers: { cookie } })).status).toBe(401);
    if (body === '')
      expect((await send({ path: location })).text).toContain('<p id="message" role="status">You are signed out.</p>');
  });

  it('is refused to a page of another site', async () => {
    const { send, signIn } = await serveSessions();
    const cookie = await signIn();
    const headers = { ...FORM, cookie, 'Sec-Fetch-Site': 'cross-site' };
    expect((await send({ method: 'POST', path: SIGN_OUT, headers })).status).toBe(403);
    expect((await send({ path: '/', headers: { cookie } })).status).toBe(200);
  });
});
