import { request as httpRequest, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { PAGE } from '../support/browser-headers.js';
import { serve } from '../support/server.js';
import { FORM, serveSessions } from '../support/signed-in.js';

const PREFIX = '/tool/x';
const ADMIN = `${PREFIX}/kapacitor/v1/admin`;
const SIGN_IN = `${PREFIX}/kapacitor/v1/sign-in`;

/** Passes requests below the prefix on without it, to a server that does not know of it. Nothing else is there. */
function takingPrefixAway(port: number): RequestListener {
  return (req, res) => {
    const { method, headers, url = '' } = req;
    if (!url.startsWith(`${PREFIX}/`)) return void res.writeHead(404).end();
    const passedOn = httpRequest(
      { host: '127.0.0.1', port, method, headers, path: url.slice(PREFIX.length) },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      },
    );
    passedOn.on('error', (error) => res.destroy(error));
    req.pipe(passedOn);
  };
}

/** A person at a browser, before a proxy that takes a prefix away. It sends no `Sec-Fetch-…`, as over plain HTTP. */
async function serveBehindProxy() {
  const { port, auth } = await serveSessions({ config: { http: { usersPage: true } } });
  const proxy = await serve(takingPrefixAway(port));
  let url = new URL(proxy.url);
  let text = '';
  let cookie = '';
  const follow = async (reference: string, form?: Record<string, string>, origin = proxy.url): Promise<number> => {
    url = new URL(reference, url);
    expect(url.origin).toBe(proxy.url);
    const sent = form && {
      method: 'POST',
      headers: { 'Content-Type': FORM['Content-Type'] as string, Origin: origin },
      body: new URLSearchParams(form).toString(),
    };
    const answer = await proxy.send({
      path: `${url.pathname}${url.search}`,
      isDocumented: false,
      ...sent,
      headers: { ...PAGE, Cookie: cookie, Host: url.host, ...sent?.headers },
    });
    cookie = answer.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? cookie;
    text = answer.text;
    const { location } = answer.headers;
    return location === undefined ? answer.status : follow(location);
  };
  return {
    auth,
    /** Opens a page, and those that it leads to. Gives the status of the last one. */
    open: (reference: string) => follow(reference),
    /** Sends the form of the page, with what the page has filled in. */
    submit: (typed: Record<string, string>, origin?: string) => {
      const [, action = 'no form'] = /<form method="post" action="([^"]*)"/.exec(text) ?? [];
      const [, next = ''] = /name="next" value="([^"]*)"/.exec(text) ?? [];
      return follow(action.replaceAll('&amp;', '&'), { next: next.replaceAll('&amp;', '&'), ...typed }, origin);
    },
    post: (reference: string, form: Record<string, string>, origin?: string) => follow(reference, form, origin),
    place: () => `${url.pathname}${url.search}`,
    text: () => text,
  };
}

describe('behind a proxy that takes a prefix of the path away, a person', () => {
  it('is led from a page to the sign-in, back to the page, and out again', async () => {
    const { open, submit, post, place, text } = await serveBehindProxy();
    const page = `${ADMIN}?view=user&name=api`;
    const signIn = `${SIGN_IN}?next=${encodeURIComponent('/kapacitor/v1/admin?view=user&name=api')}`;
    expect([await open(page), place()]).toEqual([200, signIn]);
    expect([await submit({ name: 'api', password: 'wrong' }), place()]).toEqual([
      401,
      `${PREFIX}/kapacitor/v1/session`,
    ]);
    expect([await submit({ name: 'api', password: 'pw' }), place()]).toEqual([200, page]);
    expect(text()).toContain('data-api=".."');
    expect([await open(`${SIGN_IN}?next=/kapacitor/v1/admin/`), place()]).toEqual([200, `${ADMIN}/`]);
    expect([await post('../sign-out', {}), place()]).toEqual([200, `${SIGN_IN}?signed-out`]);
    expect(text()).toContain('You are signed out.');
    expect([await open(`${PREFIX}/reports/2026/`), place()]).toEqual([200, `${SIGN_IN}?next=%2Freports%2F2026%2F`]);
    expect([await submit({ name: 'api', password: 'pw' }), place()]).toEqual([200, `${PREFIX}/reports/2026/`]);
    expect([await post(`${PREFIX}/kapacitor/v1/sign-out`, { next: '/' }), place()]).toEqual([200, SIGN_IN]);
  });

  it('chooses a new password, and goes on', async () => {
    const { auth, open, submit, place, text } = await serveBehindProxy();
    await auth.users.update('api', { mustChangePassword: true });
    await open(ADMIN);
    const form = `${SIGN_IN}?next=%2Fkapacitor%2Fv1%2Fadmin`;
    expect([await submit({ name: 'api', password: 'pw' }), place()]).toEqual([200, form]);
    expect(text()).toContain('Choose a new password, api, before you go on.');
    expect([await open(ADMIN), place()]).toEqual([200, form]);
    expect([await submit({ password: 'a new one', repeated: 'another' }), place()]).toEqual([400, SIGN_IN]);
    expect([await submit({ password: 'a new one', repeated: 'a new one' }), place()]).toEqual([200, ADMIN]);
    expect(text()).toContain('data-api=".."');
  });

  it('is not signed in or out by a page of another site, and goes on to no other host', async () => {
    const { open, submit, post, place } = await serveBehindProxy();
    const evil = 'https://evil.example';
    await open(ADMIN);
    expect(await submit({ name: 'api', password: 'pw' }, evil)).toBe(403);
    expect([await submit({ name: 'api', password: 'pw', next: '//evil.example/x' }), place()]).toEqual([
      200,
      `${PREFIX}/`,
    ]);
    expect(await post('kapacitor/v1/sign-out', {}, evil)).toBe(403);
    expect([await open(ADMIN), place()]).toEqual([200, ADMIN]);
  });
});
