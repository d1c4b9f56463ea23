import express from 'express';
import { describe, expect, it } from 'vitest';
import { listen, untilTold } from '../support/audit.js';
import { PAGE } from '../support/browser-headers.js';
import { basic, errorBody } from '../support/server.js';
import { cookieOf, FORM, post, SESSION, SIGN_IN, SIGN_OUT, serveSessions, userOf } from '../support/signed-in.js';

const HTTPS = { 'X-Forwarded-Proto': 'https', Host: 'app.example' };

describe('a sign-in', () => {
  it('gives a cookie that lets its user in, and nobody else', async () => {
    const { send } = await serveSessions();
    const answer = await post(send, 'api', 'pw');
    expect(answer).toMatchObject({ status: 200, body: { user: { name: 'api', permissions: ['api'] } } });
    expect(answer.body.user.link.href).toBe('/kapacitor/v1/users/api');
    expect(Date.parse(answer.body.expires) - Date.now()).toBeGreaterThan(11.9 * 3_600_000);
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^kapacitor-auth=kas_[0-9A-Za-z]{36}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const cookie = cookieOf(answer);
    const shown = await send({ path: '/', headers: { cookie } });
    expect(shown).toMatchObject({ status: 200, body: { name: 'api' } });
    expect(shown.headers['cache-control']).toBe('no-store');
    expect((await send({ path: '/', headers: { cookie: `${cookie.slice(0, -1)}_` } })).status).toBe(401);
    expect((await send({ path: '/', headers: { cookie, Authorization: basic('api:wrong') } })).status).toBe(401);
  });

  it('by the form of the page leads to the place that was asked for', async () => {
    const { send } = await serveSessions();
    const body = new URLSearchParams({ name: 'api', password: 'pw', next: '/reports?year=2026' }).toString();
    const answer = await send({ method: 'POST', path: SESSION, headers: { ...FORM, ...PAGE }, body });
    expect(answer).toMatchObject({
      status: 303,
      leadsTo: '/reports?year=2026',
      headers: { 'cache-control': 'no-store' },
    });
    expect(userOf(await send({ path: '/', headers: { cookie: cookieOf(answer) } }))).toBe('api');
    const evil = new URLSearchParams({ name: 'api', password: 'pw', next: '//evil.example' }).toString();
    expect((await send({ method: 'POST', path: SESSION, headers: FORM, body: evil })).leadsTo).toBe('/');
  });

  it.each([
    [
      'JSON as curl sends it',
      [],
      { 'Content-Type': FORM['Content-Type'] as string },
      '{"name":"api","password":"pw"}',
      200,
    ],
    [
      'JSON that the app has read',
      [express.json()],
      { 'Content-Type': 'application/json' },
      '{"name":"api","password":"pw"}',
      200,
    ],
    ['a form that the app has read', [express.urlencoded({ extended: true })], FORM, 'name=api&password=pw', 303],
    [
      'JSON that the app has read as a form',
      [express.urlencoded({ extended: false })],
      FORM,
      '{"name":"api","password":"pw"}',
      200,
    ],
  ] as const)('takes %s', async (_what, before, headers, body, status) => {
    const { send } = await serveSessions({ before });
    expect((await send({ method: 'POST', path: SESSION, headers, body })).status).toBe(status);
  });

  it.each([
    ['{', 400, 'invalid JSON'],
    ['[]', 400, 'the body must be an object with name and password, not an array'],
    ['{"username":"api","password":"pw"}', 400, 'unknown field "username": the body has name and password'],
    ['{"name":"api"}', 400, 'the body must have a name and a password, and both are texts'],
    ['{"name":["api"],"password":"pw"}', 400, 'the body must have a name and a password, and both are texts'],
    [`{"name":"${'x'.repeat(70_000)}","password":""}`, 413, 'request body must be at most 64 KiB'],
  ])('refuses the body %.40s', async (body, status, message) => {
    const { send } = await serveSessions();
    const answer = await send({ method: 'POST', path: SESSION, headers: { 'Content-Type': 'application/json' }, body });
    expect(answer).toMatchObject({ status, body: errorBody(message) });
  });

  it('refuses an unknown name, a wrong password, a disabled user and a key alike, without a challenge', async () => {
    const { send, auth } = await serveSessions();
    await auth.users.create({ name: 'disabled', password: 'pw', enabled: false });
    const { key } = await auth.keys.create('api', { name: 'prometheus' });
    const long = 'x'.repeat(20_000);
    for (const [name, password] of [
      ['nobody-here', 'pw'],
      ['api', 'wrong'],
      ['disabled', 'pw'],
      ['api', key],
      ['', key],
      [long, 'pw'],
    ] as const) {
      const answer = await post(send, name, password);
      expect(answer).toMatchObject({ status: 401, body: errorBody('authorization failed') });
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  it('refuses on the page, which keeps the name and not the password', async () => {
    const { send } = await serveSessions();
    const body = new URLSearchParams({ name: '"><b>', password: 'hunter2', next: '/a"b' }).toString();
    const answer = await send({ method: 'POST', path: SESSION, headers: { ...FORM, ...PAGE }, body });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(answer.text).toContain('<p id="message" role="alert">The name or the password is wrong.</p>');
    expect(answer.text).toContain('value="&quot;&gt;&lt;b&gt;"');
    expect(answer.text).toContain('name="next" value="/a%22b"');
    expect(answer.text).not.toMatch(/hunter2|<b>/);
  });

  it('is throttled like any login, and says when to try again', async () => {
    const { send } = await serveSessions({ config: { auth: { failureLimit: 1 } } });
    await post(send, 'api', 'wrong');
    const script = await post(send, 'api', 'pw');
    expect(script).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
    const person = await send({
      method: 'POST',
      path: SESSION,
      headers: { ...FORM, ...PAGE },
      body: 'name=api&password=pw',
    });
    expect(person).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
    expect(person.text).toContain('Too many attempts have failed. Try again in 10 minutes.');
  });

  it('ends the former session of the browser, and gives another value each time', async () => {
    const { send, signIn } = await serveSessions();
    const first = await signIn();
    const second = cookieOf(await post(send, 'root', 'r00t', { cookie: first }));
    expect(second).not.toBe(first);
    expect((await send({ path: '/', headers: { cookie: first } })).status).toBe(401);
    expect(userOf(await send({ path: '/', headers: { cookie: second } }))).toBe('root');
  });

  it.each([
    [{ 'Sec-Fetch-Site': 'cross-site' }],
    [{ 'Sec-Fetch-Site': 'same-site' }],
    [{ Origin: 'http://evil.example' }],
    [{ Origin: 'null' }],
    [{ 'Sec-Fetch-Site': 'none', Origin: 'http://evil.example' }],
  ])('is refused to a page of another site: %j', async (headers) => {
    const { send, auth } = await serveSessions();
    const told = listen(auth);
    const answer = await post(send, 'api', 'pw', headers as never);
    expect(answer).toMatchObject({ status: 403, body: errorBody('a page of another site may not sign in') });
    const person = await send({
      method: 'POST',
      path: SESSION,
      headers: { ...PAGE, 'Content-Type': FORM['Content-Type'], 'Sec-Fetch-Mode': 'navigate', ...headers } as never,
      body: 'name=api&password=pw',
    });
    expect(person.status).toBe(403);
    expect(person.text).toContain('The form did not come from this page.');
    expect([answer, person].map((each) => each.headers['set-cookie'])).toEqual([undefined, undefined]);
    await untilTold();
    expect(told.map(([event]) => event)).toEqual(['denied', 'denied']);
  });

  it('needs HTTPS, except on localhost, and says what to do', async () => {
    const { send } = await serveSessions();
    const answer = await post(send, 'api', 'pw', HTTPS);
    expect(answer.status).toBe(403);
    expect(answer.body.error).toMatch(/^signing in needs HTTPS: .*app\.set\("trust proxy", "loopback"\)/);
    const headers = { ...FORM, ...PAGE, Host: 'app.example' };
    const person = await send({ method: 'POST', path: SESSION, headers, body: 'name=api&password=pw' });
    expect(person.status).toBe(403);
    const page = await send({ path: SIGN_IN, headers: { Host: 'app.example' } });
    for (const { status, text } of [person, page]) {
      expect(status).toBe(403);
      expect(text).toContain('Signing in needs HTTPS');
      expect(text).not.toContain('<form');
    }
  });

  it('behind a proxy that ends TLS gives a cookie for HTTPS alone', async () => {
    const { send } = await serveSessions({ isProxied: true });
    const answer = await post(send, 'api', 'pw', HTTPS);
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-kapacitor-auth=kas_\w{36}; .*; Secure; SameSite=Lax$/);
    const cookie = cookieOf(answer);
    expect(userOf(await send({ path: '/', headers: { ...HTTPS, cookie } }))).toBe('api');
    expect((await send({ path: '/', headers: { ...HTTPS, cookie: cookie.replace('__Host-', '') } })).status).toBe(401);
  });

  it('is not limited by others, and to 60 a minute', async () => {
    const { send } = await serveSessions();
    for (let count = 0; count < 60; count += 1) expect((await post(send, 'api', 'pw')).status).toBe(200);
    expect(await post(send, 'api', 'pw')).toMatchObject({
      status: 429,
      body: { error: expect.stringContaining('too many new sessions') },
    });
    expect((await post(send, 'root', 'r00t')).status).toBe(200);
  });

  it('is told as a login with a password; the session then as one with a session', async () => {
    const { send, auth, signIn } = await serveSessions();
    const told = listen(auth);
    const cookie = await signIn();
    await send({ path: '/', headers: { cookie } });
    await send({ method: 'DELETE', path: SESSION, headers: { cookie, 'Sec-Fetch-Site': 'same-origin' } });
    await untilTold();
    expect(told).toMatchObject([
      ['login', { user: 'api', how: 'password', path: SESSION }],
      ['login', { user: 'api', how: 'session', path: '/' }],
      ['session-ended', { user: 'api', by: 'api', count: 1, path: SESSION }],
    ]);
    expect(JSON.stringify(told)).not.toContain('kas_');
  });
});

describe('can and explain', () => {
  it('say that everybody may sign in and out', async () => {
    const { auth } = await serveSessions();
    const nobody = { name: 'kim', type: 'normal', permissions: [], enabled: true } as const;
    for (const path of [SESSION, SIGN_IN, SIGN_OUT]) {
      expect(auth.can(undefined, 'POST', path), path).toBe(true);
      expect(auth.explain(nobody, 'POST', path), path).toMatchObject({
        allowed: true,
        reason: 'everybody may sign in and out',
      });
    }
  });
});
