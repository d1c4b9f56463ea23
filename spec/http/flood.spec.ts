import express from 'express';
import { MemoryUserRepository, type StoredUser, type UserRepository } from 'kapacitor-auth';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { type Answer, serve } from '../support/server.js';

const CONNECTIONS = 64;
/** On a busy machine the passwords before it take their time. */
const SOON = { timeout: 15_000 };

/** With words that are not for everybody. */
const failure = () => new Error('SELECT hash FROM users: $2b$04$: db.internal refused');

function fail(): never {
  throw failure();
}

/** An app, a store that can be made to fail, and a flood of wrong passwords for known and unknown users. */
async function setUp() {
  const repository = new MemoryUserRepository();
  // The store of an app that asks a database.
  const works = async (name: string): Promise<StoredUser | undefined> => repository.find(name);
  const find = vi.fn(works);
  const store: UserRepository = {
    find,
    list: (query) => repository.list(query),
    insert: (user) => repository.insert(user),
    replace: (user, revision) => repository.replace(user, revision),
    remove: (name) => repository.remove(name),
  };
  const auth = await createAuth({ auth: { store } });
  const app = express().set('trust proxy', 1).use(auth);
  app.use((_req, res) => {
    res.status(299).end();
  });
  const { send } = await serve(app);
  const login = (auth: string, client: string): Promise<Answer> =>
    send({ path: '/kapacitor/v1/tasks', auth, headers: { 'X-Forwarded-For': client } });
  const flood = (): Promise<Answer[]> =>
    Promise.all(
      Array.from({ length: CONNECTIONS }, (_, index) =>
        login(`${index % 2 === 0 ? 'nobody' : `unknown${index}`}:wrong ${index}`, `10.0.0.${index}`),
      ),
    );
  find.mockClear();
  const mend = () => find.mockImplementation(works);
  return { find, mend, login, flood };
}

const isFailure = ({ status, body }: Answer) =>
  status === 503 && body.error === 'the user store is unavailable' && body.message === body.error;

afterEach(() => {
  vi.useRealTimers();
});

describe('during a flood of wrong passwords, a store', () => {
  it.each<[string, () => Promise<never>]>([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ])('lets nobody in if it %s, and everybody once it works again', async (_how, failing) => {
    const { find, mend, login, flood } = await setUp();
    expect((await login('api:pw', '192.0.2.1')).status).toBe(299);
    find.mockImplementation(failing);
    const flooding = flood();
    const answers = [await login('api:pw', '192.0.2.1'), await login('root:r00t', '192.0.2.2'), ...(await flooding)];
    expect(answers.every(isFailure)).toBe(true);
    mend();
    expect((await login('api:pw', '192.0.2.1')).status).toBe(299);
    expect((await login('root:r00t', '192.0.2.2')).status).toBe(299);
    // An attempt that was not verified does not count as a failure.
    expect(new Set((await flood()).map(({ status }) => status))).toEqual(new Set([401]));
  });

  it('lets users in if it answers late', async () => {
    const { find, mend, login, flood } = await setUp();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const works = find.getMockImplementation() as (name: string) => Promise<StoredUser | undefined>;
    find.mockImplementation(async (name) => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return works(name);
    });
    const flooding = flood();
    const logins = [login('api:pw', '192.0.2.1'), login('root:r00t', '192.0.2.2')];
    await vi.waitFor(() => expect(find).toHaveBeenCalledTimes(CONNECTIONS + 2), SOON);
    await vi.advanceTimersByTimeAsync(2_000);
    // The user is read again when the password has been verified.
    await vi.waitFor(() => expect(find).toHaveBeenCalledTimes(CONNECTIONS + 4), SOON);
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await Promise.all(logins)).map(({ status }) => status)).toEqual([299, 299]);
    expect(new Set((await flooding).map(({ status }) => status))).toEqual(new Set([401]));
    mend();
  });

  it('without an answer lets nobody in after five seconds, and everybody once it works again', async () => {
    const { find, mend, login, flood } = await setUp();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    find.mockImplementation(() => new Promise((_, reject) => setTimeout(() => reject(failure()), 6_000)));
    const all = [login('api:pw', '192.0.2.1'), login('root:r00t', '192.0.2.2'), flood()];
    await vi.waitFor(() => expect(find).toHaveBeenCalledTimes(CONNECTIONS + 2), SOON);
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await Promise.all(all)).flat().every(isFailure)).toBe(true);
    // A late rejection reaches no request.
    await vi.advanceTimersByTimeAsync(1_000);
    mend();
    expect((await login('api:pw', '192.0.2.1')).status).toBe(299);
  });
});
