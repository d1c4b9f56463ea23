import { MemoryUserRepository } from 'kapacitor-auth';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { OWN_SESSIONS, OwnChanges } from '../../lib/authentication/own-changes.js';
import { SessionService } from '../../lib/users/session-service.js';
import { storedUser } from '../../lib/users/user.js';

const HASH = `$2b$04$${'a'.repeat(53)}`;
const user = (hash = HASH, enabled = true) =>
  storedUser({ name: 'jane', type: 'normal', permissions: [], enabled }, hash);
const MINUTE = 60_000;

afterEach(() => {
  vi.useRealTimers();
});

/** Sessions of an hour that end after ten minutes without a use, of one user, at a time that stands still. */
function setUp() {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
  const repository = new MemoryUserRepository();
  repository.insert(user());
  const audit = vi.fn();
  const { secrets } = repository;
  const ownSessions = new OwnChanges(OWN_SESSIONS);
  onTestFinished(() => ownSessions.close());
  const parts = { repository, secrets, lifetime: 60 * MINUTE, idle: 10 * MINUTE, ownSessions, audit };
  return { repository, secrets, audit, sessions: new SessionService(parts) };
}

describe('a new session', () => {
  it('has a token that nobody keeps, and an end', async () => {
    const { sessions, secrets } = setUp();
    const session = await sessions.create('jane', () => true);
    expect(session).toMatchObject({
      token: expect.stringMatching(/^kas_/),
      expires: new Date(1_000_000 + 60 * MINUTE),
    });
    expect(sessions.lifetime).toBe(60 * MINUTE);
    expect(JSON.stringify(secrets.list('jane', 'session'))).not.toContain(session?.token);
  });

  it('is not made for a user who is gone, disabled or expired, or has another password', async () => {
    const { sessions, repository, secrets } = setUp();
    expect(await sessions.create('john', () => true)).toBeUndefined();
    expect(await sessions.create('jane', ({ hash }) => hash !== HASH)).toBeUndefined();
    const { revision } = repository.find('jane') as { revision: string };
    repository.replace(user(HASH, false), revision);
    expect(await sessions.create('jane', () => true)).toBeUndefined();
    repository.insert({ ...user(HASH, true), name: 'kim', expires: Date.now() });
    expect(await sessions.create('kim', () => true)).toBeUndefined();
    expect(secrets.list('jane', 'session')).toEqual([]);
  });

  it('begins again after a change of the user, and does not survive one of the password', async () => {
    const { sessions, repository, secrets } = setUp();
    const insert = vi.spyOn(secrets, 'insert');
    const changeBefore = (next: ReturnType<typeof user>) =>
      insert.mockImplementationOnce((...given) => {
        repository.replace(next, (repository.find('jane') as { revision: string }).revision);
        return secrets.insert(...given);
      });
    changeBefore(user());
    expect(await sessions.create('jane', ({ hash }) => hash === HASH)).toBeDefined();
    changeBefore(user(HASH.replace(/.$/, 'b')));
    expect(await sessions.create('jane', ({ hash }) => hash === HASH)).toBeUndefined();
    expect(secrets.list('jane', 'session')).toEqual([]);
  });

  it('is given up when the user changes without end', async () => {
    const { sessions, secrets } = setUp();
    vi.spyOn(secrets, 'insert').mockReturnValue('conflict');
    await expect(sessions.create('jane', () => true)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'the user "jane" changes too often to sign in: try again later',
    });
  });

  it('is one of 60 a minute, which may be made at the same time', async () => {
    const { sessions } = setUp();
    const create = () => sessions.create('jane', () => true);
    const created = await Promise.all(Array.from({ length: 60 }, create));
    expect(created).not.toContain(undefined);
    vi.setSystemTime(1_000_000 + MINUTE - 1_500);
    await expect(create()).rejects.toMatchObject({
      code: 'THROTTLED',
      message: 'too many new sessions: try again in 2 s',
    });
  });

  it('is one of 100: the oldest makes room', async () => {
    const { sessions } = setUp();
    for (let count = 0; count < 101; count += 1) {
      vi.setSystemTime(1_000_000 + count * 1_000);
      await sessions.create('jane', () => true);
    }
    const listed = await sessions.list('jane');
    expect(listed).toHaveLength(100);
    expect(listed[0]?.created).toEqual(new Date(1_001_000));
  });
});

describe('the sessions of a user', () => {
  it('are listed while they last', async () => {
    const { sessions, secrets } = setUp();
    await sessions.create('jane', () => true);
    const { digest } = secrets.list('jane', 'session')[0] as { digest: string };
    vi.setSystemTime(1_000_000 + 9 * MINUTE);
    secrets.recordUses([{ digest, lastUsed: Date.now() }]);
    await sessions.create('jane', () => true);
    expect(await sessions.list('jane')).toMatchObject([{ lastUsed: new Date() }, { lastUsed: undefined }]);
    vi.setSystemTime(1_000_000 + 19 * MINUTE);
    expect(await sessions.list('jane')).toEqual([]);
    for (let minutes = 15; minutes < 60; minutes += 5)
      secrets.recordUses([{ digest, lastUsed: 1_000_000 + minutes * MINUTE }]);
    vi.setSystemTime(1_000_000 + 59 * MINUTE);
    expect(await sessions.list('jane')).toHaveLength(1);
    vi.setSystemTime(1_000_000 + 60 * MINUTE);
    expect(await sessions.list('jane')).toEqual([]);
  });

  it('end one by one, all together, or by the token, and each end is told', async () => {
    const { sessions, audit } = setUp();
    const told = () => audit.mock.calls.map(([event, details]) => [event, details()]);
    const [first, second] = [await sessions.create('jane', () => true), await sessions.create('jane', () => true)];
    await sessions.endOf(first?.token ?? '', { path: '/x' });
    await sessions.endOf(first?.token ?? '', {});
    const [{ id } = { id: '' }] = await sessions.list('jane');
    expect(await sessions.end('jane', id, { by: 'root' })).toBe(true);
    expect(await sessions.end('jane', id, { by: 'root' })).toBe(false);
    expect(await sessions.endAll('jane', {})).toBe(0);
    await Promise.all([sessions.create('jane', () => true), sessions.create('jane', () => true)]);
    expect(await sessions.endAll('jane', { by: 'jane' })).toBe(2);
    expect(second).toBeDefined();
    expect(told()).toEqual([
      ['session-ended', { user: 'jane', count: 1, by: 'jane', path: '/x' }],
      ['session-ended', { user: 'jane', count: 1, by: 'root' }],
      ['session-ended', { user: 'jane', count: 2, by: 'jane' }],
    ]);
  });
});
