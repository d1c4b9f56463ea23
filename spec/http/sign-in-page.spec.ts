import express from 'express';
import { describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { PAGE } from '../support/browser-headers.js';
import { serve } from '../support/server.js';
import { FORM, NAVIGATION, post, SESSION, SIGN_IN, SIGN_OUT, serveSessions, userOf } from '../support/signed-in.js';

describe('the sign-in page', () => {
  it('has a form for password managers, without a script, behind a strict policy', async () => {
    const { send } = await serveSessions({ config: { http: { realm: 'My <Realm>' } } });
    const answer = await send({ path: `${SIGN_IN}?next=/reports` });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      ),
    });
    expect(answer.text).toContain('<title>My &lt;Realm&gt;</title>');
    expect(answer.text).toContain('<form method="post" action="session">');
    expect(answer.text).toContain('name="next" value="/reports"');
    expect(answer.text).toMatch(/<input id="name" [^>]*autocomplete="username"[^>]* autofocus>/);
    expect(answer.text).toMatch(/<input id="password" [^>]*type="password" autocomplete="current-password"/);
    expect(answer.text).not.toMatch(/<script|onload|http:/);
    const head = await send({ method: 'HEAD', path: SIGN_IN });
    expect(head).toMatchObject({ status: 200, text: '' });
  });

  it('has the words of the configuration, and their direction', async () => {
    const texts = { lang: 'he', dir: 'rtl', signIn: 'כניסה', throttled: 'נסו שוב {time}' };
    const { send } = await serveSessions({
      config: { http: { realm: '', sessions: { texts } }, auth: { failureLimit: 1 } },
    });
    const { text } = await send({ path: SIGN_IN });
    expect(text).toContain('<html lang="he" dir="rtl">');
    expect(text).toContain('<title>כניסה</title>');
    expect(text).toContain('<label for="name">Name</label>');
    await post(send, 'api', 'wrong');
    const body = 'name=api&password=pw';
    const again = await send({ method: 'POST', path: SESSION, headers: { ...FORM, ...PAGE }, body });
    expect(again.text).toContain('נסו שוב בעוד 10 דקות');
  });

  it('sends somebody on who is signed in, or while authentication is off', async () => {
    const { send, auth, signIn } = await serveSessions();
    const cookie = await signIn();
    const page = { path: `${SIGN_IN}?next=/a%3Fb`, headers: { cookie } };
    expect(await send(page)).toMatchObject({ status: 303, leadsTo: '/a?b' });
    await auth.users.update('api', { password: 'another' });
    const ended = await send(page);
    expect(ended.status).toBe(200);
    expect(ended.headers['set-cookie']?.[0]).toMatch(/^kapacitor-auth=; Max-Age=0/);
    auth.authEnabled = false;
    expect(await send({ path: SIGN_IN })).toMatchObject({ status: 303, leadsTo: '/' });
    expect(await post(send, 'x', 'y')).toMatchObject({ status: 200, body: { user: { name: 'ADMIN_USER' } } });
  });

  it('answers other methods with 405, other hosts with 421, and OPTIONS', async () => {
    const { send } = await serveSessions({ config: { http: { allowedHosts: ['127.0.0.1'] } } });
    expect(await send({ method: 'PUT', path: SIGN_IN })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, POST, OPTIONS' },
    });
    expect(await send({ path: SESSION })).toMatchObject({ status: 405, headers: { allow: 'POST, DELETE, OPTIONS' } });
    expect(await send({ path: SIGN_OUT })).toMatchObject({ status: 405, headers: { allow: 'POST, OPTIONS' } });
    expect(await send({ method: 'OPTIONS', path: SESSION })).toMatchObject({ status: 204 });
    expect((await send({ path: SIGN_IN, headers: { Host: 'evil.example' } })).status).toBe(421);
  });

  it('is below the mount and the path of the API', async () => {
    const { auth } = await serveSessions({ config: { http: { apiPath: '/auth' } } });
    const app = express().use('/admin', auth);
    const { send } = await serve(app);
    const away = await send({ path: '/admin/x', headers: NAVIGATION });
    expect(away.leadsTo).toBe('/admin/auth/sign-in?next=%2Fadmin%2Fx');
    expect((await send({ path: '/admin/auth/sign-in' })).text).toContain('action="session"');
  });

  it('is on this host, whatever path the client gives to a mount at a pattern', async () => {
    const auth = await createAuth({ http: { sessions: true } });
    const app = express();
    app.use(/.*/, auth);
    const { send } = await serve(app);
    for (const path of ['//evil.example/x', '/\\evil.example/x', '///evil.example', '/.//evil.example/x', '/x']) {
      const { status, leadsTo } = await send({ path, headers: NAVIGATION });
      expect([status, leadsTo], path).toEqual([303, expect.stringMatching(/^\//)]);
    }
  });

  it('belongs to the app while there are no sessions', async () => {
    const { send } = await serveSessions({ config: { http: { sessions: false } } });
    expect(userOf(await send({ path: SIGN_IN, auth: 'api:pw', isDocumented: false }))).toBe('api');
    expect(await send({ path: '/', headers: NAVIGATION })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.any(String) },
    });
  });

  it('says 503 while the store is unavailable', async () => {
    const { send, auth, signIn } = await serveSessions();
    const cookie = await signIn();
    await auth.close();
    const page = await send({ path: SIGN_IN, headers: { cookie } });
    expect(page.status).toBe(503);
    expect(page.text).toContain('Signing in is not possible at the moment.');
    expect((await post(send, 'api', 'pw')).status).toBe(503);
  });
});

describe('somebody who is signed in', () => {
  it('goes on from the page to what the user may open, and can become somebody else for the rest', async () => {
    const { auth, send, signIn } = await serveSessions();
    await auth.users.create({ name: 'kim', password: 'pw' });
    const open = (cookie: string, next: string) => send({ path: `${SIGN_IN}?next=${next}`, headers: { cookie } });
    expect(await open(await signIn(), '/two')).toMatchObject({ status: 303, leadsTo: '/two' });
    const kim = await signIn('kim', 'pw');
    const page = await open(kim, '/two');
    expect(page.status).toBe(200);
    expect(page.text).toContain('role="alert">You are signed in as kim, who may not open this page.');
    expect(page.text).toContain('<input type="hidden" name="next" value="/two">');
    expect(page.headers['set-cookie']).toBeUndefined();
    expect((await open(kim, '/kapacitor/v1/me')).status).toBe(303);
  });
});

describe('a page that a proxy has sent over TLS, and whose app does not trust the proxy', () => {
  it('causes one warning that says what to do', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { send } = await serveSessions();
    const headers = { host: 'example.com', 'x-forwarded-proto': 'https' };
    for (let time = 0; time < 2; time += 1) expect((await send({ path: SIGN_IN, headers })).status).toBe(403);
    expect(warnings.mock.calls).toEqual([
      [
        expect.stringContaining('app.set("trust proxy", "loopback")'),
        { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_PROXY' },
      ],
    ]);
  });
});
