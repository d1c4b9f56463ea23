import bcrypt from 'bcrypt';
import { describe, expect, it, vi } from 'vitest';
import { PasswordHasher } from '../../lib/authentication/password-hasher.js';
import { OverloadedError } from '../../lib/errors.js';

/** Puts promises that the test settles in the place of bcrypt's. */
function holdBcrypt() {
  const running: ((matches: boolean) => void)[] = [];
  vi.spyOn(bcrypt, 'compare').mockImplementation((() => new Promise((resolve) => running.push(resolve))) as never);
  return running;
}

describe('the password hasher', () => {
  it('makes hashes of its cost that verify', async () => {
    const hasher = new PasswordHasher(4);
    const hash = await hasher.hash('a password');
    expect(bcrypt.getRounds(hash)).toBe(4);
    expect(await hasher.verify('a password', hash)).toBe(true);
    expect(await hasher.verify('another', hash)).toBe(false);
  });

  it('verifies hashes with the prefix of Go, which Kapacitor writes', async () => {
    const hash = (await bcrypt.hash('a password', 4)).replace('$2b$', '$2a$');
    expect(await new PasswordHasher(4).verify('a password', hash)).toBe(true);
  });

  it('has a dummy hash of its cost that takes the work of a real one and matches nothing', async () => {
    const hasher = new PasswordHasher(5);
    expect(bcrypt.getRounds(hasher.dummyHash)).toBe(5);
    expect(hasher.dummyHash).toHaveLength(60);
    expect(await hasher.verify('', hasher.dummyHash)).toBe(false);
    expect(new PasswordHasher(5).dummyHash).not.toBe(hasher.dummyHash);
  });

  it('runs no more at once than it may, and the others in turn', async () => {
    const running = holdBcrypt();
    const hasher = new PasswordHasher(4, { concurrency: 2, maxQueue: 10 });
    const verifications = ['a', 'b', 'c'].map((password) => hasher.verify(password, 'hash'));
    await Promise.resolve();
    expect(running).toHaveLength(2);
    running[0]?.(true);
    expect(await verifications[0]).toBe(true);
    await vi.waitFor(() => expect(running).toHaveLength(3));
    running[1]?.(false);
    running[2]?.(true);
    expect(await Promise.all(verifications)).toEqual([true, false, true]);
  });

  it('leaves a thread of the pool and a core to the app', async () => {
    vi.stubEnv('UV_THREADPOOL_SIZE', '2');
    const running = holdBcrypt();
    const hasher = new PasswordHasher(4);
    const verifications = ['a', 'b', 'c'].map((password) => hasher.verify(password, 'hash'));
    await Promise.resolve();
    expect(running).toHaveLength(1);
    for (let index = 0; index < 3; index += 1) {
      await vi.waitFor(() => expect(running).toHaveLength(index + 1));
      running[index]?.(true);
    }
    await Promise.all(verifications);
  });

  it('refuses what does not fit into its queue, and says when to come back', async () => {
    const running = holdBcrypt();
    const hasher = new PasswordHasher(4, { concurrency: 1, maxQueue: 2 });
    const accepted = ['a', 'b', 'c'].map((password) => hasher.verify(password, 'hash'));
    await Promise.resolve();
    const refused = await hasher.verify('d', 'hash').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OverloadedError);
    expect(refused).toMatchObject({ code: 'OVERLOADED', status: 503, retryAfter: 5 });
    for (let index = 0; index < 3; index += 1) {
      await vi.waitFor(() => expect(running).toHaveLength(index + 1));
      running[index]?.(true);
    }
    expect(await Promise.all(accepted)).toEqual([true, true, true]);
    const later = hasher.verify('d', 'hash');
    await vi.waitFor(() => expect(running).toHaveLength(4));
    running[3]?.(true);
    expect(await later).toBe(true);
  });
});
