import express from 'express';
import { describe, expect, it } from 'vitest';
import { createAuth } from './support/auth.js';
import { failure } from './support/failure.js';
import { basic, serve } from './support/server.js';
import { serveUpgrades } from './support/upgrade.js';

const PASSWORD = { kind: 'password' };

describe('the credential of a request', () => {
  it.each<[string, string, string | undefined, object | null]>([
    ['a password', '/x', 'api:pw', PASSWORD],
    ['nobody, on a public path', '/open', undefined, null],
    ['a password, on a public path', '/open', 'api:pw', PASSWORD],
    ['nobody, where users are optional', '/optional', undefined, null],
    ['a password, where users are optional', '/optional', 'api:pw', PASSWORD],
    ['a key', '/x', 'api:KEY', { kind: 'key', name: 'a', permissions: ['api'] }],
    ['a key without a name', '/open', ':KEY', { kind: 'key', name: 'a', permissions: ['api'] }],
  ])('tells what let its user in: %s', async (_what, path, credentials, expected) => {
    const auth = await createAuth({ http: { public: ['/open'] } });
    const { key } = await auth.keys.create('api', { name: 'a', permissions: ['api'] });
    const app = express();
    app.use('/optional', auth.optional, (req, res) => void res.json(auth.credentialOf(req) ?? null));
    app.use(auth, (req, res) => void res.json(auth.credentialOf(req) ?? null));
    const { send } = await serve(app);
    const headers = credentials === undefined ? {} : { Authorization: basic(credentials.replace('KEY', key)) };
    const { body } = await send({ path, headers });
    if (expected === null) expect(body).toBeNull();
    else expect(body).toMatchObject(expected);
  });

  it('is undefined while authentication is off, and for a user of another guard', async () => {
    const [here, there] = [await createAuth(), await createAuth()];
    const seen: unknown[] = [];
    const app = express();
    app.use(here, (req, res) => {
      seen.push([here.credentialOf(req)?.kind, there.credentialOf(req)]);
      res.end();
    });
    const { send } = await serve(app);
    await send({ path: '/x', auth: 'api:pw' });
    here.authEnabled = false;
    await send({ path: '/x' });
    expect(seen).toEqual([
      ['password', undefined],
      [undefined, undefined],
    ]);
  });

  it('is that of an upgrade as well', async () => {
    const auth = await createAuth();
    const { key, id } = await auth.keys.create('root', { name: 'a', permissions: ['api'] });
    const { ask, opened, outcomes } = await serveUpgrades(auth);
    expect(await ask({ auth: `:${key}` })).toContain('hello, root');
    expect(auth.credentialOf(opened[0] as never)).toMatchObject({ kind: 'key', id });
    expect(outcomes).toMatchObject([{ type: 'normal', permissions: ['api'] }]);
    expect(await ask({ auth: `:${key}`, path: '/config' })).toMatch(/^HTTP\/1\.1 403 /);
  });

  it.each<[string, unknown[], string]>([
    ['nothing', [], 'auth.credentialOf takes a request: write auth.credentialOf(req)'],
    ['a user', [{ name: 'api' }], 'auth.credentialOf takes a request: write auth.credentialOf(req)'],
    ['more', [{ headers: {} }, 1], 'auth.credentialOf takes a request, and no more arguments'],
  ])('is not asked for with %s', async (_what, given, message) => {
    const auth = await createAuth({}, []);
    const ask = () => auth.credentialOf(...(given as Parameters<typeof auth.credentialOf>));
    expect(ask).toThrow(failure('CONFIG_INVALID', 500, message) as Error);
  });
});

describe('auth.verify', () => {
  const FROM = { from: '192.0.2.1' };

  it('takes a key as a header, and as a password', async () => {
    const auth = await createAuth();
    const { key } = await auth.keys.create('root', { name: 'a', permissions: ['api'] });
    for (const given of [
      `Bearer ${key}`,
      `Token ${key}`,
      { name: '', password: key },
      { name: 'root', password: key },
    ]) {
      const user = await auth.verify(given, FROM);
      expect(user).toEqual({ name: 'root', type: 'normal', permissions: ['api'], enabled: true });
      expect([auth.can(user, 'GET', '/x'), auth.can(user, 'GET', '/kapacitor/v1/config')]).toEqual([true, false]);
    }
    expect(await auth.verify({ name: 'api', password: key }, FROM)).toBeUndefined();
    expect(await auth.verify(`Bearer ${key}x`, FROM)).toBeUndefined();
  });
});
