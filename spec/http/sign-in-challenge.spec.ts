import type { ErrorRequestHandler, RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { BROWSER, PAGE } from '../support/browser-headers.js';
import { NAVIGATION, post, SIGN_IN, serveSessions } from '../support/signed-in.js';

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
    }) as ErrorRequestHandler);
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
