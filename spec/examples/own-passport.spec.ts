import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApp } from '../../examples/own-passport.js';
import { type SentRequest, serve } from '../support/server.js';
import { Example, temporaryFolder } from './child.js';

const OWN_PASSPORT = new URL('../../examples/own-passport.ts', import.meta.url);

const ADMIN = 'admin:adminPassword';
const DEMO = 'demo:demoPassword';
const TOKEN = { 'X-Token': 'exampleToken' };

async function start() {
  const { app, auth } = await createApp({ auth: { store: 'memory:', bcryptCost: 4 } });
  onTestFinished(() => auth.close());
  const server = await serve(app);
  const status = async (request: SentRequest) => (await server.send(request)).status;
  return { auth, server, status };
}

describe('examples/own-passport.ts', () => {
  it("uses both strategies of the app's own Passport, each on its own routes", async () => {
    const { server, status } = await start();
    expect(await server.send({ path: '/metrics', headers: TOKEN })).toMatchObject({ status: 200, text: 'reporter' });
    expect(await status({ path: '/metrics', headers: { 'X-Token': 'wrong' } })).toBe(401);
    expect(await status({ path: '/metrics', auth: ADMIN })).toBe(401);

    expect(await server.send({ path: '/profile', auth: DEMO })).toMatchObject({
      status: 200,
      body: { name: 'demo', type: 'normal', permissions: ['api'] },
    });
    expect(await status({ path: '/profile', auth: 'demo:wrong' })).toBe(401);
    expect(await status({ path: '/profile', headers: TOKEN })).toBe(401);

    expect(await server.send({ path: '/either', headers: TOKEN })).toMatchObject({ status: 200, text: 'reporter' });
    expect(await server.send({ path: '/either', auth: DEMO })).toMatchObject({ status: 200, text: 'demo' });
    expect(await status({ path: '/either' })).toBe(401);
  });

  it('answers 401 with the challenge of each strategy', async () => {
    const { server } = await start();
    const { headers } = await server.send({ path: '/either' });
    expect(headers['www-authenticate']).toBe('Token, Basic realm="Kapacitor", charset="UTF-8"');
  });

  it('requires a privilege behind Passport, and does not accept its other users', async () => {
    const { auth, status } = await start();
    await auth.users.create({ name: 'nobody', password: 'nobodyPassword' });
    const drafts = { method: 'DELETE', path: '/profile/drafts/1' };
    expect(await status({ ...drafts, auth: DEMO })).toBe(204);
    expect(await status({ ...drafts, auth: 'nobody:nobodyPassword' })).toBe(403);
    expect(await status({ ...drafts, headers: TOKEN })).toBe(401);
  });

  it('protects other routes one by one, without Passport', async () => {
    const { auth, server, status } = await start();
    await auth.users.create({ name: 'writer', password: 'writerPassword', permissions: ['write_points'] });
    expect(await status({ path: '/' })).toBe(200);

    expect(await server.send({ path: '/reports', auth: 'writer:writerPassword' })).toMatchObject({
      body: { for: 'writer' },
    });
    expect(await status({ path: '/reports' })).toBe(401);

    const deletion = { method: 'DELETE', path: '/reports/1' };
    expect(await status({ ...deletion, auth: DEMO })).toBe(204);
    expect(await status({ ...deletion, auth: 'writer:writerPassword' })).toBe(403);

    const measurement = { method: 'POST', path: '/measurements' };
    expect(await status({ ...measurement, auth: 'writer:writerPassword' })).toBe(204);
    expect(await status({ ...measurement, auth: DEMO })).toBe(403);

    expect(await status({ path: '/audit', auth: ADMIN })).toBe(200);
    expect(await status({ path: '/audit', auth: DEMO })).toBe(403);
  });

  it('has the users API at another path, for admins', async () => {
    const { server, status } = await start();
    const body = '{"name":"new","password":"newPassword","type":"normal"}';
    expect(await status({ method: 'POST', path: '/admin/users', auth: DEMO, body })).toBe(403);
    expect(await server.send({ method: 'POST', path: '/admin/users', auth: ADMIN, body })).toMatchObject({
      status: 200,
      body: { name: 'new', link: { href: '/admin/users/new' } },
    });
    expect(await status({ path: '/kapacitor/v1/users', auth: ADMIN, isDocumented: false })).toBe(404);
  });

  it('makes its demo users only in an empty store', async () => {
    const store = `sqlite:${join(temporaryFolder(), 'users.db')}`;
    const first = await createApp({ auth: { store, bcryptCost: 4 } });
    await first.auth.users.delete('demo');
    await first.auth.close();
    const second = await createApp({ auth: { store, bcryptCost: 4 } });
    onTestFinished(() => second.auth.close());
    const users = await second.auth.users.list();
    expect(users).toMatchObject([{ name: 'admin', type: 'admin', permissions: [], enabled: true }]);
  });

  it('runs as a program, and stops on a signal', async () => {
    const app = new Example(OWN_PASSPORT, {
      cwd: temporaryFolder(),
      env: { KAPACITOR_HTTP_BIND_ADDRESS: '127.0.0.1:0', KAPACITOR_AUTH_STORE: 'memory:' },
    });
    const [, url] = await app.printed(/^(http:\S+): the users are admin:adminPassword and demo:demoPassword\n/);
    expect((await fetch(`${url}/metrics`, { headers: TOKEN })).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect(await app.stop()).toBe(0);
  });
});
