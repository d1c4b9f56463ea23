import bcrypt from 'bcrypt';
import express from 'express';
import { type AuthConfig, MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { serve } from '../support/server.js';

const HASH = /\$2[aby]\$/;

/** A repository that can be made to fail, and an app behind it. */
async function setUp(config: AuthConfig = {}) {
  const repository = new MemoryUserRepository();
  const auth = await createAuth({ auth: { store: repository, ...config } });
  const app = express();
  app.use(auth);
  app.use((_req, res) => {
    res.status(299).end();
  });
  return { repository, auth, ...(await serve(app)) };
}

const outOfOrder = () => {
  throw new Error('connect ECONNREFUSED');
};

afterEach(() => {
  vi.useRealTimers();
});

describe('a store that fails', () => {
  it.each<[string, () => never]>([
    ['throws', outOfOrder],
    ['rejects', (async () => outOfOrder()) as () => never],
    [
      'throws no error',
      () => {
        throw 'a string';
      },
    ],
  ])('lets nobody in if it %s, and everybody once it works again', async (_what, fail) => {
    const { repository, send } = await setUp();
    const request = { path: '/kapacitor/v1/tasks', auth: 'api:pw' };
    expect((await send(request)).status).toBe(299);
    const find = vi.spyOn(repository, 'find').mockImplementation(fail);
    for (const auth of ['api:pw', 'api:wrong', 'unknown:pw']) {
      const answer = await send({ ...request, auth });
      expect(answer.status).toBe(503);
      expect(answer.body).toEqual({
        error: 'the user store is unavailable',
        message: 'the user store is unavailable',
      });
    }
    expect((await send({ path: '/kapacitor/v1/tasks' })).status).toBe(401);
    find.mockRestore();
    expect((await send(request)).status).toBe(299);
  });

  it('lets nobody in when it does not answer within five seconds', async () => {
    const { repository, send } = await setUp();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const find = vi.spyOn(repository, 'find').mockReturnValue(new Promise(() => {}) as never);
    const answer = send({ path: '/x', auth: 'api:pw' });
    await vi.waitFor(() => expect(find).toHaveBeenCalled());
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await answer).status).toBe(503);
  });

  it('makes the users API answer 503 as well', async () => {
    const { repository, send } = await setUp();
    for (const method of ['list', 'insert', 'replace', 'remove'] as const) {
      vi.spyOn(repository, method).mockImplementation(outOfOrder);
    }
    const auth = 'root:r00t';
    const users = '/kapacitor/v1/users';
    const answers = [
      await send({ path: users, auth }),
      await send({ method: 'POST', path: users, auth, body: '{"name":"new","password":"p"}' }),
      await send({ method: 'PATCH', path: `${users}/api`, auth, body: '{"permissions":[]}' }),
      await send({ method: 'DELETE', path: `${users}/api`, auth }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  });

  it('causes one warning a minute with its reason, without a hash', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { repository, send } = await setUp();
    const stored = repository.find('api');
    vi.spyOn(repository, 'find').mockImplementation(() => {
      throw Object.assign(new Error('row rejected'), { detail: `(api, ${stored?.hash})` });
    });
    warn.mockClear();
    await send({ path: '/x', auth: 'api:pw' });
    await send({ path: '/x', auth: 'api:pw' });
    expect(warn).toHaveBeenCalledTimes(1);
    const [message, options] = warn.mock.calls[0] as [string, object];
    expect(message).toContain('the user store is unavailable: ');
    expect(message).toContain('row rejected');
    expect(message).not.toMatch(HASH);
    expect(options).toEqual({ type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_STORE_UNAVAILABLE' });
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
    await send({ path: '/x', auth: 'api:pw' });
    expect(warn).toHaveBeenCalledTimes(2);
  });
});

describe('bcrypt', () => {
  it('lets nobody in if it fails, and no hash is shown', async () => {
    const { send } = await setUp();
    vi.spyOn(bcrypt, 'compare').mockImplementation((async (_password: string, hash: string) => {
      throw new Error(`cannot read ${hash}`);
    }) as never);
    const answer = await send({ path: '/x', auth: 'api:pw' });
    expect(answer.status).toBe(503);
    expect(answer.body.error).toBe('authentication is unavailable');
    expect(answer.text).not.toMatch(HASH);
  });

  it('under load refuses strangers, and still serves known clients', async () => {
    const { send } = await setUp({ failureLimit: 0 });
    await send({ path: '/x', auth: 'api:pw' });
    const finish: (() => void)[] = [];
    vi.spyOn(bcrypt, 'compare').mockImplementation(
      (() => new Promise((resolve) => finish.push(() => resolve(false)))) as never,
    );
    const flood = Array.from({ length: 200 }, (_, index) => send({ path: '/x', auth: `api:wrong ${index}` }));
    const refused = await Promise.race(flood);
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(refused.body.error).toBe('too many passwords are being verified: try again later');
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(299);
    const drain = setInterval(() => {
      for (const each of finish.splice(0)) each();
    });
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    clearInterval(drain);
    expect(new Set(statuses)).toEqual(new Set([401, 503]));
  });
});

describe('an app that has already answered', () => {
  it.each(['unknown:pw', 'api:pw'])('is not disturbed, and the process lives: %s', async (credentials) => {
    const auth = await createAuth({ http: { queryCredentials: true } });
    const app = express();
    app.use((_req, res, next) => {
      next();
      res.status(503).end();
    });
    app.use(auth);
    app.use((_req, res) => {
      if (!res.headersSent) res.end();
    });
    const rejections: unknown[] = [];
    const onRejection = (error: unknown) => rejections.push(error);
    process.on('unhandledRejection', onRejection);
    const { send } = await serve(app, { isDocumented: false });
    expect((await send({ path: '/x', auth: credentials })).status).toBe(503);
    const change = { method: 'PATCH', path: '/kapacitor/v1/users/api', auth: 'root:r00t' };
    expect((await send({ ...change, body: '{"password":""}' })).status).toBe(503);
    expect((await send({ ...change, body: '{"password":"new"}' })).status).toBe(503);
    await vi.waitFor(async () => expect(await auth.users.list()).toHaveLength(4));
    process.off('unhandledRejection', onRejection);
    expect(rejections).toEqual([]);
  });
});

describe('a repository of the app’s own', () => {
  it('is opened before it is used, and is not closed', async () => {
    const memory = new MemoryUserRepository();
    const calls: string[] = [];
    let open = () => {};
    const repository: UserRepository = {
      open: () =>
        new Promise((resolve) => {
          calls.push('open');
          open = () => resolve(undefined);
        }),
      find: (name) => {
        calls.push('find');
        return memory.find(name);
      },
      list: (query) => memory.list(query),
      insert: (user) => memory.insert(user),
      replace: (user, revision) => memory.replace(user, revision),
      remove: (name) => memory.remove(name),
      close: () => {
        calls.push('close');
      },
    };
    const auth = await createAuth({ auth: { store: repository } }, []);
    const creation = auth.users.create({ name: 'a', password: 'p' });
    await new Promise(setImmediate);
    expect(calls).toEqual(['open']);
    open();
    await auth.ready;
    expect(await creation).toMatchObject({ name: 'a' });
    await auth.close();
    expect(calls).not.toContain('close');
  });

  it('lets nobody in if it cannot be opened, and ready rejects', async () => {
    const repository = Object.assign(new MemoryUserRepository(), { open: async () => outOfOrder() });
    const auth = await createAuth({ auth: { store: repository } }, []);
    await expect(auth.ready).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'the user store is unavailable',
      cause: expect.objectContaining({ message: 'connect ECONNREFUSED' }),
    });
    const app = express();
    app.use(auth);
    const { send } = await serve(app);
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(503);
  });
});
