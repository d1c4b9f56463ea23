import bcrypt from 'bcrypt';
import { type KapacitorAuth, kapacitorAuth, MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAuth } from './support/auth.js';
import { ownSchema } from './support/postgres-repository.js';
import { storeFile } from './support/sqlite-repository.js';
import { handmadeToken, SECRET } from './support/tokens.js';

const LIMIT = 10;
const GUESSER = '192.0.2.66';
const HOME = '198.51.100.7';

const STORES: readonly (readonly [name: string, place: () => string])[] = [
  ['SQLite', () => `sqlite:${storeFile()}`],
  ['PostgreSQL', ownSchema],
];

/** A process that shares the store: a middleware and a repository of its own. */
async function startProcess(store: string | UserRepository): Promise<KapacitorAuth> {
  const config = { http: { sharedSecret: SECRET }, auth: { store, failureLimit: LIMIT, failureWindow: '10m' } };
  const auth = await createAuth(config, []);
  await auth.ready;
  return auth;
}

async function startProcesses(store: string, count: number): Promise<[KapacitorAuth, ...KapacitorAuth[]]> {
  const first = await startProcess(store);
  await first.users.create({ name: 'victim', password: 'correct' });
  const others = await Promise.all(Array.from({ length: count - 1 }, () => startProcess(store)));
  return [first, ...others];
}

let guesses = 0;

/** `let in`, `wrong` or `429`. */
async function attempt(auth: KapacitorAuth, from: string, password?: string, name = 'victim'): Promise<string> {
  guesses += 1;
  try {
    const user = await auth.verify({ name, password: password ?? `guess ${guesses}` }, { from });
    return user === undefined ? 'wrong' : 'let in';
  } catch (error) {
    expect(error).toMatchObject({ code: 'THROTTLED' });
    return '429';
  }
}

const countOf = (outcomes: readonly string[], wanted: string) => outcomes.filter((each) => each === wanted).length;

describe.each(STORES)('processes that share a store in %s', (_, place) => {
  it('count together: eight answer ten guesses, however many come at once', async () => {
    const processes = await startProcesses(place(), 8);
    const compare = vi.spyOn(bcrypt, 'compare');
    onTestFinished(() => compare.mockRestore());
    const burst = await Promise.all(
      processes.flatMap((auth) => Array.from({ length: 5 }, () => attempt(auth, GUESSER))),
    );
    expect(countOf(burst, 'wrong')).toBe(LIMIT);
    // The first one of each process, and those that took a point before.
    expect(compare.mock.calls.length).toBeLessThan(LIMIT + processes.length);
    const later = await Promise.all(processes.map((auth) => attempt(auth, GUESSER)));
    expect(later).toEqual(Array(8).fill('429'));
    const correct = await Promise.all(processes.map((auth) => attempt(auth, GUESSER, 'correct')));
    expect(correct).toEqual(Array(8).fill('429'));
  });

  it.each(['victim', 'nobody'])('go on counting after a restart: %s', async (name) => {
    const store = place();
    const [first, second] = (await startProcesses(store, 2)) as [KapacitorAuth, KapacitorAuth];
    for (let index = 0; index < LIMIT / 2; index += 1) {
      for (const auth of [first, second]) expect(await attempt(auth, GUESSER, undefined, name)).toBe('wrong');
    }
    await Promise.all([first.close(), second.close()]);
    expect(await attempt(await startProcess(store), GUESSER, undefined, name)).toBe('429');
  });

  it('let the victim in from where it has logged in before, in every process, also after a restart', async () => {
    const store = place();
    const [first, second] = (await startProcesses(store, 2)) as [KapacitorAuth, KapacitorAuth];
    expect(await attempt(first, HOME, 'correct')).toBe('let in');
    for (let index = 0; index < 10 * LIMIT; index += 1) {
      expect(await attempt(index % 2 ? first : second, `203.0.113.${index}`)).toBe('wrong');
    }
    expect(await attempt(first, '203.0.113.200')).toBe('wrong');
    expect(await attempt(second, '192.0.2.1', 'correct')).toBe('429');
    expect(await attempt(second, HOME, 'correct')).toBe('let in');
    await Promise.all([first.close(), second.close()]);
    const later = await startProcess(store);
    expect(await attempt(later, HOME, 'correct')).toBe('let in');
    expect(await attempt(later, '192.0.2.2')).toBe('429');
  });

  it('count the failures of an address at all users together', async () => {
    const processes = await startProcesses(place(), 4);
    for (let index = 0; index < 10 * LIMIT; index += 1) {
      const auth = processes[index % 4] as KapacitorAuth;
      expect(await attempt(auth, GUESSER, undefined, `user${index}`)).toBe('wrong');
    }
    const outcomes = await Promise.all(processes.map((auth) => attempt(auth, GUESSER, undefined, 'another')));
    expect(outcomes).toEqual(Array(4).fill('429'));
  });
});

describe('a store of an app that counts', () => {
  function countingStore() {
    const { limits, asked } = countingLimits();
    return { store: Object.assign(new MemoryUserRepository(), { limits }), asked };
  }

  /** Limits that note what they are asked. */
  function countingLimits() {
    const asked: string[] = [];
    const answer = (question: string) => async (key: string) => {
      asked.push(question);
      expect(key).toHaveLength(44);
      return { consumedPoints: 0, msBeforeNext: 1_000 };
    };
    const limiter = ({ keyPrefix }: { keyPrefix: string }) => ({
      get: answer(`get ${keyPrefix}`),
      penalty: answer(`penalty ${keyPrefix}`),
      reward: answer(`reward ${keyPrefix}`),
      set: answer(`set ${keyPrefix}`),
    });
    return { limits: { limiter }, asked };
  }

  it('is asked to write nothing on the path of a login that succeeds at once, and nothing at all by a cached one', async () => {
    const { store, asked } = countingStore();
    const auth = await startProcess(store);
    await auth.users.create({ name: 'victim', password: 'correct' });
    expect(await attempt(auth, HOME, 'correct')).toBe('let in');
    // The last one is not waited for: the address is known from now on.
    expect(asked).toEqual(['get known', 'get pair', 'get client', 'get user', 'get pair', 'set known']);
    asked.length = 0;
    for (let index = 0; index < 10; index += 1) expect(await attempt(auth, HOME, 'correct')).toBe('let in');
    expect(asked).toEqual([]);
    expect(await attempt(auth, HOME)).toBe('wrong');
    expect(asked).toEqual(['get pair', 'penalty pair']);
  });

  it('is not told of keys and tokens, which may be passwords that were sent by mistake', async () => {
    const { store, asked } = countingStore();
    const auth = await startProcess(store);
    await auth.users.create({ name: 'victim', password: 'correct' });
    for (const secret of ['kap_hunter2', `${handmadeToken({})}x`]) {
      asked.length = 0;
      expect(await auth.verify(`Bearer ${secret}`, { from: GUESSER })).toBeUndefined();
      expect(asked).toEqual(['get client', 'penalty client']);
    }
  });

  it('and lacks the limiter is refused at the start', () => {
    const store = Object.assign(new MemoryUserRepository(), { limits: {} as never });
    expect(() => kapacitorAuth({ auth: { store } })).toThrow(
      '[auth] store: the repository counts failed logins, and lacks limits.limiter()',
    );
  });

  it('that fails or hangs leaves each process its own counts, and the operator a warning', async () => {
    const hang = () => new Promise<never>(() => {});
    const limiter = () => ({ get: hang, penalty: hang, reward: hang, set: () => Promise.reject(new Error('gone')) });
    const auth = await startProcess(Object.assign(new MemoryUserRepository(), { limits: { limiter } }));
    await auth.users.create({ name: 'victim', password: 'correct' });
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warnings.mockRestore());
    const ofLimits = () => warnings.mock.calls.filter(([message]) => `${message}`.includes('failed logins'));
    const began = performance.now();
    const outcomes = await Promise.all(Array.from({ length: 15 }, () => attempt(auth, GUESSER)));
    expect(countOf(outcomes, 'wrong')).toBe(LIMIT);
    expect(performance.now() - began).toBeLessThan(4_500);
    expect(await attempt(auth, HOME, 'correct')).toBe('let in');
    expect(ofLimits()).toEqual([
      [
        expect.stringMatching(
          /^the user store does not count failed logins: no answer within 2000 ms\. Until it does, /,
        ),
        { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_LIMITS_NOT_SHARED' },
      ],
    ]);
  });
});
