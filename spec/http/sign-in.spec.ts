import express, { type RequestHandler } from 'express';
import { describe, expect, it, vi } from 'vitest';
import { listen, untilTold } from '../support/audit.js';
import { createAuth } from '../support/auth.js';
import { BROWSER, PAGE } from '../support/browser-headers.js';
import { basic, serve } from '../support/server.js';
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

const errorBody = (message: string) => ({ error: message, message });
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
    const { serve } = await import('../support/server.js');
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

describe('a browser without credentials', () => {
  it.each([[NAVIGATION], [{ ...BROWSER, ...PAGE }], [{ accept: 'text/html' }]])(
    'goes to the sign-in page: %j',
    async (headers) => {
      const { send } = await serveSessions();
      const answer = await send({ path: '/a?b=c&d', headers });
      expect(answer).toMatchObject({
        status: 303,
        leadsTo: `${SIGN_IN}?next=%2Fa%3Fb%3Dc%26d`,
        headers: { 'cache-control': 'no-store' },
      });
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect((await send({ method: 'HEAD', path: '/', headers })).leadsTo).toBe(SIGN_IN);
      expect((await send({ method: 'POST', path: '/a', headers })).leadsTo).toBe(SIGN_IN);
      expect((await send({ path: `/${'x'.repeat(3_000)}`, headers })).leadsTo).toBe(SIGN_IN);
    },
  );

  it('is told the path where the response does not know its request', async () => {
    const forget: RequestHandler = (_req, res, next) => {
      Object.defineProperty(res, 'req', { value: undefined });
      next();
    };
    const { send } = await serveSessions({ before: [forget] });
    const { headers } = await send({ path: '/a', headers: NAVIGATION });
    expect(headers.location).toBe(`${SIGN_IN}?next=%2Fa`);
  });

  it('goes there too when its session has ended, and loses the cookie, beside cookies of the app', async () => {
    const { send } = await serveSessions({
      before: [
        (_req, res, next) => {
          res.setHeader('Set-Cookie', 'own=1');
          next();
        },
      ],
    });
    const cookie = `kapacitor-auth=kas_${'0'.repeat(36)}`;
    const answer = await send({ path: '/', headers: { ...NAVIGATION, cookie } });
    expect(answer.status).toBe(303);
    expect(answer.headers['set-cookie']).toEqual(['own=1', expect.stringMatching(/^kapacitor-auth=; Max-Age=0/)]);
    expect((await send({ path: '/', headers: { cookie } })).status).toBe(401);
  });

  it('gets no challenge for images and scripts either; other clients do', async () => {
    const { send } = await serveSessions();
    const challenge = async (headers: Record<string, string>) =>
      (await send({ path: '/x', headers })).headers['www-authenticate'];
    expect(await challenge({ ...BROWSER, 'Sec-Fetch-Mode': 'no-cors', accept: 'image/png' })).toBeUndefined();
    expect(await challenge({ ...BROWSER, 'Sec-Fetch-Mode': 'cors' })).toBeUndefined();
    expect(await challenge({})).toMatch(/^Basic /);
    expect(await challenge({ accept: '*/*' })).toMatch(/^Basic /);
  });

  it('stays at 401 with wrong credentials in a header, and on a public path as nobody', async () => {
    const { send, signIn } = await serveSessions({ config: { http: { public: ['/open'] } } });
    const wrong = await send({ path: '/', auth: 'api:wrong', headers: NAVIGATION });
    expect(wrong).toMatchObject({ status: 401, headers: { 'www-authenticate': expect.any(String) } });
    const cookie = `kapacitor-auth=kas_${'0'.repeat(36)}`;
    for (const headers of [NAVIGATION, { ...NAVIGATION, cookie }]) {
      const open = await send({ path: '/open', headers });
      expect(open).toMatchObject({ status: 200, body: null, headers: { vary: 'Authorization, Cookie' } });
    }
    const user = await send({ path: '/open', headers: { cookie: await signIn() } });
    expect(user).toMatchObject({
      body: { name: 'api' },
      headers: { vary: 'Authorization, Cookie', 'cache-control': 'no-store' },
    });
  });

  it('is the app’s with http.refusals: the error names the page', async () => {
    const { auth, app, send } = await serveSessions({ config: { http: { refusals: 'next' } } });
    app.use(((error, _req, res, _next) => {
      res.status(error.status).json({ signIn: error.signIn ?? null, headers: error.headers });
    }) as express.ErrorRequestHandler);
    const person = await send({ path: '/a', headers: NAVIGATION });
    expect(person).toMatchObject({
      status: 401,
      body: { signIn: `${SIGN_IN}?next=%2Fa`, headers: { 'Cache-Control': 'no-store' } },
    });
    expect(person.body.headers['WWW-Authenticate']).toBeUndefined();
    expect((await send({ path: '/a' })).body.signIn).toBeNull();
    const wrong = await post((request) => send({ ...request, isDocumented: false }), 'api', 'wrong');
    expect(wrong.body.signIn).toBeNull();
    expect(auth.can(undefined, 'GET', SIGN_IN)).toBe(true);
  });

  it('is not redirected by the endpoint for proxies', async () => {
    const { send } = await serveSessions({ isProxied: true });
    const headers = { ...NAVIGATION, 'X-Original-Method': 'GET', 'X-Original-URI': '/' };
    expect((await send({ path: '/kapacitor/v1/check', headers })).status).toBe(401);
  });
});

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
