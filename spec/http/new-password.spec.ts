import { describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { cookieOf, FORM, NAVIGATION, post, SESSION, SIGN_IN, serveSessions } from '../support/signed-in.js';

/** An app with sessions, whose user `api` must change its password and is signed in. */
async function setUp(config = {}) {
  const app = await serveSessions({ config });
  await app.auth.users.update('api', { mustChangePassword: true });
  let cookie = await app.signIn();
  const form = (fields: Record<string, string>, headers: Record<string, string> = {}, path = SIGN_IN) =>
    app.send({
      method: 'POST',
      path,
      headers: { ...FORM, Cookie: cookie, ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  const open = (path: string) => app.send({ path, headers: { ...NAVIGATION, Cookie: cookie } });
  const use = (answer: Parameters<typeof cookieOf>[0]) => {
    cookie = cookieOf(answer);
  };
  return { ...app, form, open, use };
}

const NEW = { password: 'a new one', repeated: 'a new one', next: '/orders?x=1' };

describe('a person who must change the password', () => {
  it('is led to the form by a sign-in, and from every page, and goes on with a new session', async () => {
    const { auth, form, open, use, send } = await setUp();
    const signedIn = await form({ name: 'api', password: 'pw', next: '/orders?x=1' }, { Cookie: '' }, SESSION);
    expect([signedIn.status, signedIn.leadsTo]).toEqual([303, `${SIGN_IN}?next=%2Forders%3Fx%3D1`]);
    use(signedIn);
    const page = await open('/orders?x=1');
    expect([page.status, page.leadsTo]).toEqual([303, `${SIGN_IN}?next=%2Forders%3Fx%3D1`]);
    const shown = await open(`${SIGN_IN}?next=%2Forders%3Fx%3D1`);
    expect(shown.status).toBe(200);
    expect(shown.text).toContain('Choose a new password, api, before you go on.');
    expect(shown.text.match(/autocomplete="[a-z-]+"/g)).toEqual([
      'autocomplete="username"',
      'autocomplete="new-password"',
      'autocomplete="new-password"',
    ]);
    const changed = await form(NEW);
    expect([changed.status, changed.leadsTo]).toEqual([303, '/orders?x=1']);
    expect((await open('/orders')).status).toBe(303);
    use(changed);
    expect((await open('/orders')).body).toMatchObject({ name: 'api' });
    expect(await auth.users.get('api')).not.toHaveProperty('mustChangePassword');
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(401);
  });

  it.each<[string, Record<string, string>, number, string]>([
    ['types it in two ways', { ...NEW, repeated: 'another' }, 400, 'The two new passwords differ.'],
    [
      'chooses the present one',
      { ...NEW, password: 'pw', repeated: 'pw' },
      400,
      'Choose another password: the new password must differ from the present one.',
    ],
    [
      'chooses the name',
      { ...NEW, password: 'api', repeated: 'api' },
      400,
      'Choose another password: password must not be the username.',
    ],
    ['types nothing', {}, 400, 'Choose another password: password is required.'],
  ])('is told in the page when it %s', async (_what, fields, status, text) => {
    const { auth, form } = await setUp();
    const answer = await form(fields);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(`<p id="message" role="alert">${text}</p>`);
    expect(answer.text).toContain('aria-describedby="message"');
    expect(await auth.users.get('api')).toMatchObject({ mustChangePassword: true });
  });

  it('is asked for the present password if the sign-in was a while ago', async () => {
    const { form, open } = await setUp();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 11 * 60_000);
    expect((await open(SIGN_IN)).text).toContain('autocomplete="current-password"');
    const wrong = await form({ ...NEW, present: 'wrong' });
    expect([wrong.status, wrong.text]).toEqual([403, expect.stringContaining('The present password is wrong.')]);
    expect((await form({ ...NEW, present: 'pw' })).status).toBe(303);
  });

  it('is limited as other changes of an own password are', async () => {
    vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    const { form } = await setUp();
    for (let count = 0; count < 10; count += 1) await form({});
    const answer = await form(NEW);
    expect([answer.status, answer.text]).toEqual([429, expect.stringContaining('Too many attempts have failed.')]);
  });

  it('is not made to change it by a page of another site', async () => {
    const { auth, form } = await setUp();
    for (const site of ['cross-site', 'same-site']) {
      expect((await form(NEW, { 'Sec-Fetch-Site': site })).status).toBe(403);
    }
    const origin = { 'Sec-Fetch-Site': '', Origin: 'https://evil.example' };
    expect((await form(NEW, origin)).status).toBe(403);
    expect(await auth.users.get('api')).toMatchObject({ mustChangePassword: true });
  });

  it('signs in first if the session has ended, and goes on if it is done already', async () => {
    const { auth, form, use, open } = await setUp();
    expect((await form(NEW, { Cookie: '' })).leadsTo).toBe(`${SIGN_IN}?next=%2Forders%3Fx%3D1`);
    use(await form(NEW));
    expect((await form({ ...NEW, password: 'third', repeated: 'third' })).status).toBe(303);
    expect((await open(`${SIGN_IN}?next=/orders`)).leadsTo).toBe('/orders');
    expect(await auth.verify({ name: 'api', password: 'a new one' }, { from: '192.0.2.1' })).toBeDefined();
  });
});

describe('a script of somebody who must change the password', () => {
  it('gets 403 as JSON, also with refusals of the app’s own, and is told at its sign-in', async () => {
    const { send } = await setUp();
    const signedIn = await post(send, 'api', 'pw');
    expect(signedIn.body.user).toMatchObject({ name: 'api', mustChangePassword: true });
    const answer = await send({ path: '/x', headers: { Cookie: cookieOf(signedIn) } });
    expect([answer.status, answer.body.message]).toEqual([
      403,
      expect.stringMatching(/^user api must change its password first: PATCH /),
    ]);
  });
});
