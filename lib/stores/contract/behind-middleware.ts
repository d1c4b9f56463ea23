import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { KapacitorAuth } from '../../api.js';
import { kapacitorAuth } from '../../kapacitor-auth.js';
import type { UserRepository } from '../../users/repository.js';
import type { Suite } from './suite.js';

const ADMIN = { name: 'root', password: 'first password', type: 'admin' } as const;

type Login = (user: { readonly name: string; readonly password: string }, path?: string) => Promise<number>;
type Run = (auth: KapacitorAuth, login: Login) => Promise<void>;

/** A change is in force at the next request, also where the repository changes the object that `find` gave before. */
export function describeBehindMiddleware({ describe, test }: Suite): void {
  const served = (title: string, run: Run) => test(title, (repository) => serve(repository, run));

  describe('behind the middleware', () => {
    served('a demoted admin is a normal user at the next request', async (auth, login) => {
      await auth.users.create({ ...ADMIN, name: 'other' });
      await auth.users.create(ADMIN);
      assert.equal(await login(ADMIN, '/kapacitor/v1/users'), 200);
      await auth.users.update(ADMIN.name, { type: 'normal' });
      assert.equal(await login(ADMIN, '/kapacitor/v1/users'), 403);
    });

    served('removed permissions open nothing at the next request', async (auth, login) => {
      const user = { ...ADMIN, type: 'normal', permissions: ['api'] } as const;
      await auth.users.create(user);
      assert.equal(await login(user, '/orders'), 404);
      await auth.users.update(user.name, { permissions: [] });
      assert.equal(await login(user, '/orders'), 403);
    });

    served(
      'an old password, a disabled user and a deleted user are refused at the next request',
      async (auth, login) => {
        const user = { ...ADMIN, type: 'normal' } as const;
        const changed = { ...user, password: 'second password' };
        await auth.users.create(user);
        assert.equal(await login(user), 403);
        await auth.users.update(user.name, { password: changed.password });
        assert.equal(await login(user), 401);
        assert.equal(await login(changed), 403);
        await auth.users.update(user.name, { enabled: false });
        assert.equal(await login(changed), 401);
        await auth.users.update(user.name, { enabled: true });
        assert.equal(await login(changed), 403);
        await auth.users.delete(user.name);
        assert.equal(await login(changed), 401);
      },
    );

    served('no concurrent change of a user is lost', async (auth) => {
      const { name } = await auth.users.create({ ...ADMIN, type: 'normal' });
      await Promise.all([
        auth.users.update(name, { permissions: ['api'] }),
        auth.users.update(name, { enabled: false }),
        auth.users.update(name, { password: 'second password' }),
      ]);
      const { type, permissions, enabled } = (await auth.users.get(name)) ?? {};
      assert.deepEqual({ type, permissions, enabled }, { type: 'normal', permissions: ['api'], enabled: false });
    });
  });
}

/** Serves an app that has nothing but the middleware, so that a request that is let through gets 404. */
async function serve(repository: UserRepository, run: Run): Promise<void> {
  const auth = kapacitorAuth({
    http: { authEnabled: true },
    auth: { enabled: true, store: repository, bcryptCost: 4, failureLimit: 0, refusedPasswords: new Set<string>() },
  });
  const server = createServer(express().use(auth)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const login: Login = async ({ name, password }, path = '/') => {
    const credentials = Buffer.from(`${name}:${password}`).toString('base64');
    const { status } = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { Authorization: `Basic ${credentials}`, Connection: 'close' },
    });
    return status;
  };
  try {
    await run(auth, login);
  } finally {
    server.close();
    await auth.close();
  }
}
