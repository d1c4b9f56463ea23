import { setTimeout } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type HashingBudget, PasswordHasher } from '../../lib/authentication/password-hasher.js';
import { OverloadedError } from '../../lib/errors.js';

vi.mock('node:timers/promises', { spy: true });

/** Puts promises that the test settles in the place of bcrypt's. */
function holdBcrypt() {
  const running: ((matches: boolean) => void)[] = [];
  vi.spyOn(bcrypt, 'compare').mockImplementation((() => new Promise((resolve) => running.push(resolve))) as never);
  return running;
}

const createHasher = (budget: Partial<HashingBudget> = {}) =>
  new PasswordHasher({ cost: 4, concurrency: 1, maxQueue: 10, ...budget });

describe('the password hasher', () => {
  it('makes hashes of its cost that verify', async () => {
    const hasher = createHasher();
    const hash = await hasher.hash('a password');
    expect(bcrypt.getRounds(hash)).toBe(4);
    expect(await hasher.verify('a password', hash)).toBe(true);
    expect(await hasher.verify('another', hash)).toBe(false);
  });

  it.each([
    ['Go, which Kapacitor writes', '$2a$'],
    ['bcrypt’s library', '$2b$'],
    ['PHP and htpasswd', '$2y$'],
  ])('verifies hashes with the prefix of %s', async (_writer, prefix) => {
    const hash = (await bcrypt.hash('a password', 4)).replace('$2b$', prefix);
    expect(await createHasher().verify('a password', hash)).toBe(true);
    expect(await createHasher().verify('another', hash)).toBe(false);
  });

  it('has a dummy hash of its cost that takes the work of a real one and matches nothing', async () => {
    const hasher = createHasher({ cost: 5 });
    expect(bcrypt.getRounds(hasher.dummyHash)).toBe(5);
    expect(hasher.dummyHash).toHaveLength(60);
    expect(await hasher.verify('', hasher.dummyHash)).toBe(false);
    expect(createHasher({ cost: 5 }).dummyHash).not.toBe(hasher.dummyHash);
  });

  it('runs no more at once than it may, and the others in turn', async () => {
    const running = holdBcrypt();
    const hasher = createHasher({ concurrency: 2 });
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

  it('refuses what does not fit into its queue, and says when to come back', async () => {
    const running = holdBcrypt();
    const hasher = createHasher({ maxQueue: 2 });
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

  it('lets those who are known go before strangers, and keeps room for them', async () => {
    const running = holdBcrypt();
    const hasher = createHasher({ maxQueue: 2 });
    const order: string[] = [];
    const verify = (who: string, isKnown: boolean) =>
      hasher.verify(who, 'hash', isKnown).then(
        () => order.push(who),
        () => order.push(`${who} was refused`),
      );
    const all = [
      verify('first', false),
      ...['stranger 1', 'stranger 2', 'stranger 3'].map((who) => verify(who, false)),
      ...['known 1', 'known 2', 'known 3'].map((who) => verify(who, true)),
    ];
    for (let index = 0; index < 5; index += 1) {
      await vi.waitFor(() => expect(running).toHaveLength(index + 1));
      running[index]?.(true);
    }
    await Promise.all(all);
    expect(order).toEqual([
      'stranger 3 was refused',
      'known 3 was refused',
      'first',
      'known 1',
      'known 2',
      'stranger 1',
      'stranger 2',
    ]);
  });

  it('lets those who set a password go before strangers, however long they wait', async () => {
    const running = holdBcrypt();
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const hasher = createHasher();
    const first = hasher.verify('first', 'hash');
    const stranger = hasher.verify('stranger', 'hash').catch((error: unknown) => error);
    const hash = hasher.hash('a password');
    await vi.waitFor(() => expect(running).toHaveLength(1));
    vi.setSystemTime(Date.now() + 3_001);
    running[0]?.(true);
    expect(await first).toBe(true);
    expect(await hash).toMatch(/^\$2b\$04\$/);
    expect(running).toHaveLength(1);
    expect(await stranger).toMatchObject({ code: 'OVERLOADED' });
  });

  it('gives a verification up that has waited for three seconds, without work', async () => {
    const running = holdBcrypt();
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const hasher = createHasher();
    const verifications = ['a', 'b', 'c'].map((each) => hasher.verify(each, 'hash').catch((error: unknown) => error));
    await vi.waitFor(() => expect(running).toHaveLength(1));
    vi.setSystemTime(Date.now() + 3_001);
    running[0]?.(true);
    const outcomes = await Promise.all(verifications);
    expect(outcomes[0]).toBe(true);
    for (const outcome of outcomes.slice(1)) expect(outcome).toMatchObject({ code: 'OVERLOADED', retryAfter: 5 });
    expect(running).toHaveLength(1);
  });

  it('rests after a failure for as long as it took, and not after a success', async () => {
    const running = holdBcrypt();
    vi.mocked(setTimeout).mockClear();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    const hasher = createHasher();
    const verifications = ['a', 'b', 'c'].map((password) => hasher.verify(password, 'hash'));
    await vi.waitFor(() => expect(running).toHaveLength(1));
    running[0]?.(true);
    await vi.waitFor(() => expect(running).toHaveLength(2));
    expect(setTimeout).not.toHaveBeenCalled();
    let endRest = () => {};
    vi.mocked(setTimeout).mockReturnValueOnce(
      new Promise<void>((resolve) => {
        endRest = resolve;
      }),
    );
    clock.mockReturnValue(1_077);
    running[1]?.(false);
    await vi.waitFor(() => expect(setTimeout).toHaveBeenCalledWith(77, undefined, { ref: false }));
    expect(running).toHaveLength(2);
    endRest();
    await vi.waitFor(() => expect(running).toHaveLength(3));
    running[2]?.(true);
    expect(await Promise.all(verifications)).toEqual([true, false, true]);
  });
});
