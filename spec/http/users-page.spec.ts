import express from 'express';
import { describe, expect, it } from 'vitest';
import { createAuth } from '../support/auth.js';
import { serve, type TestServer } from '../support/server.js';
import { cookieOf, NAVIGATION, post, serveSessions } from '../support/signed-in.js';

const PAGE = '/kapacitor/v1/admin';
const ON = { http: { usersPage: true } };

/** The addresses of the assets that the page names, in its order: icon, style, script. */
function assetsIn(html: string): string[] {
  return [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address = '']) => address.replaceAll('&amp;', '&'));
}

async function signedIn() {
  const app = await serveSessions({ config: ON });
  const cookie = cookieOf(await post(app.send, 'api', 'pw'));
  return {
    ...app,
    open: (path: string, method = 'GET') => app.send({ path, method, headers: { ...NAVIGATION, cookie } }),
  };
}

/** Serves the page at a path of the app's own, beside the middleware. */
async function mountedAt(path: string): Promise<TestServer & { readonly cookie: string }> {
  const auth = await createAuth(ON);
  const server = await serve(express().use(path, auth.usersPage).use(auth));
  return { ...server, cookie: cookieOf(await post(server.send, 'api', 'pw')) };
}

describe('the page for users', () => {
  it('is shown to every user with a session, and kept by nobody', async () => {
    const { open } = await signedIn();
    const { status, headers, text } = await open(PAGE);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(text).toContain('data-api=".."');
    expect(text).not.toMatch(/<script>|<style|style=|\son\w+=/);
    expect((await open(`${PAGE}/?view=audit`)).text).toBe(text);
  });

  it('leads somebody without a session to the sign-in page, and back to the same place', async () => {
    const { send } = await serveSessions({ config: ON });
    const answer = await send({ path: `${PAGE}?view=user&name=api`, headers: NAVIGATION });
    expect(answer.status).toBe(303);
    expect(answer.leadsTo).toBe(`/kapacitor/v1/sign-in?next=${encodeURIComponent(`${PAGE}?view=user&name=api`)}`);
    expect((await send({ path: PAGE })).status).toBe(401);
  });

  it('answers HEAD and OPTIONS, and no other method', async () => {
    const { open, send } = await signedIn();
    expect(await open(PAGE, 'HEAD')).toMatchObject({ status: 200, text: '' });
    expect(await open(PAGE, 'OPTIONS')).toMatchObject({ status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } });
    expect((await send({ path: PAGE, method: 'PUT', auth: 'api:pw' })).status).toBe(405);
  });

  it('has assets beside it that need no session, change their address with their content, and come compressed', async () => {
    const { open, send } = await signedIn();
    const addresses = assetsIn((await open(PAGE)).text);
    expect(addresses.map((address) => address.replace(/v=[\w-]{12}$/, 'v=…'))).toEqual([
      '?asset=icon.svg&v=…',
      '?asset=page.css&v=…',
      '?asset=page.js&v=…',
    ]);
    const types = ['image/svg+xml', 'text/css; charset=utf-8', 'text/javascript; charset=utf-8'];
    for (const [index, address] of addresses.entries()) {
      const plain = await send({ path: `${PAGE}${address}` });
      expect(plain).toMatchObject({
        status: 200,
        headers: {
          'content-type': types[index],
          'cache-control': 'public, max-age=31536000, immutable',
          vary: 'Accept-Encoding',
          'x-content-type-options': 'nosniff',
        },
      });
      const { headers } = await send({ path: `${PAGE}/${address}`, headers: { 'Accept-Encoding': 'br, gzip' } });
      expect(headers['content-encoding']).toBe('gzip');
      expect(Number(headers['content-length'])).toBeLessThan(plain.text.length);
    }
  });

  it('is small: under 40 kB, compressed, in all', async () => {
    const { open, url } = await signedIn();
    const { text } = await open(PAGE);
    let size = Buffer.byteLength(text);
    for (const address of assetsIn(text)) {
      const response = await fetch(`${url}${PAGE}${address}`, { headers: { 'Accept-Encoding': 'gzip' } });
      size += Number(response.headers.get('content-length'));
    }
    expect(size).toBeLessThan(40_000);
  });

  it('does not let a cache keep an asset of another version, and knows no others', async () => {
    const { send } = await serveSessions({ config: ON });
    const old = await send({ path: `${PAGE}?asset=page.js&v=old` });
    expect(old).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect((await send({ path: `${PAGE}?asset=../package.json` })).status).toBe(404);
    expect((await send({ path: `${PAGE}?asset=page.js`, method: 'POST' })).status).toBe(405);
  });

  it('is anywhere that the app mounts it, and finds the API from there', async () => {
    for (const [path, api] of [
      ['/people', '../kapacitor/v1'],
      ['/office/people', '../../kapacitor/v1'],
    ] as const) {
      const { send, cookie } = await mountedAt(path);
      const { status, text } = await send({ path, headers: { ...NAVIGATION, cookie } });
      expect([status, text.includes(`data-api="${api}"`)]).toEqual([200, true]);
      expect((await send({ path: `${path}${assetsIn(text)[2]}` })).status).toBe(200);
      const { leadsTo } = await send({ path, headers: NAVIGATION });
      expect(leadsTo).toBe(`/kapacitor/v1/sign-in?next=${encodeURIComponent(path)}`);
      expect((await send({ path: `${path}/else`, headers: { cookie } })).text).not.toContain('data-api');
    }
  });

  it('is for everybody while authentication is off, and for allowed hosts alone', async () => {
    const auth = await createAuth({ http: { ...ON.http, authEnabled: false, allowedHosts: ['localhost'] } });
    const { send } = await serve(express().use(auth));
    expect((await send({ path: PAGE, headers: { Host: 'localhost' } })).text).toContain('data-api');
    expect((await send({ path: PAGE, headers: { Host: 'evil.example' } })).status).toBe(421);
    expect((await send({ path: `${PAGE}?asset=page.js`, headers: { Host: 'evil.example' } })).status).toBe(421);
  });

  it('is not there unless it is switched on: its path is the app’s', async () => {
    const auth = await createAuth({ http: { sessions: true } });
    const app = express().use('/people', auth.usersPage).use(auth);
    app.get(PAGE, (_req, res) => res.send('the app’s own'));
    const { send } = await serve(app);
    expect((await send({ path: PAGE, auth: 'api:pw', isDocumented: false })).text).toBe('the app’s own');
    expect(await send({ path: '/people', auth: 'api:pw', isDocumented: false })).toMatchObject({
      status: 404,
      body: { error: 'the page for users is off: set http.usersPage' },
    });
  });
});
