import { describe, expect, it } from 'vitest';
import {
  cookieOf,
  FORM,
  NAVIGATION,
  post,
  SESSION,
  SIGN_IN,
  SIGN_OUT,
  serveSessions,
  userOf,
} from '../support/signed-in.js';

describe('a sign-in', () => {
  it('gives a cookie that lets its user in, and nobody else', async () => {
    const { send, signIn } = await serveSessions();
    const cookie = await signIn();
    expect(cookie).toMatch(/^kapacitor-auth=kas_[0-9A-Za-z]{36}$/);
    const answer = await send({ path: '/', headers: { cookie } });
    expect(answer).toMatchObject({ status: 200, body: { name: 'api', permissions: ['api'] } });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await send({ path: '/', headers: { cookie: cookie.replace(/.$/, '_') } })).status).toBe(401);
  });
});
