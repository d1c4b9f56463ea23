import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

const reason = (error: unknown) => error;

/** Lets verifications of these passwords succeed, one after the other. */
async function letSucceed(running: ((matches: boolean) => void)[], from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    await vi.waitFor(() => expect(running).toHaveLength(index + 1));
    running[index]?.(true);
  }
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the password hasher', () => {
  it('makes hashes of its cost that verify', async () => {
    const hasher = createHasher();
    const hash = await hasher.hash('a password');
    expect(bcrypt.getRounds(hash)).toBe(4);
    expect(await hasher.verify(['a password'], hash)).toBe('a password');
    expect(await hasher.verify(['another'], hash)).toBeUndefined();
  });

  it('tells which of several forms of a password matches', async () => {
    const hasher = createHasher();
    const hash = await hasher.hash('a password');
    expect(await hasher.verify(['another', 'a password'], hash)).toBe('a password');
    expect(await hasher.verify(['another', 'a third'], hash)).toBeUndefined();
  });

  it.each([
    ['Go, which Kapacitor writes', '$2a$'],
    ['bcrypt’s library', '$2b$'],
    ['PHP and htpasswd', '$2y$'],
  ])('verifies hashes with the prefix %s', async (_writer, prefix) => {
    const hash = (await bcrypt.hash('a password', 4)).replace('$2b$', prefix);
    expect(await createHasher().verify(['a password'], hash)).toBe('a password');
    expect(await createHasher().verify(['another'], hash)).toBeUndefined();
  });

  it('has a dummy hash of its cost that takes as much work as a real one and matches nothing', async () => {
    const hasher = createHasher({ cost: 5 });
    expect(bcrypt.getRounds(hasher.dummyHash)).toBe(5);
    expect(hasher.dummyHash).toHaveLength(60);
    expect(await hasher.verify([''], hasher.dummyHash)).toBeUndefined();
    expect(createHasher({ cost: 5 }).dummyHash).not.toBe(hasher.dummyHash);
  });
});

describe('the hashing budget', () => {
  it('limits the number of concurrent hashes, and runs the others in turn', async () => {
    const running = holdBcrypt();
    const hasher = createHasher({ concurrency: 2 });
    const verifications = ['a', 'b', 'c'].map((password) => hasher.verify([password], 'hash'));
    await vi.waitFor(() => expect(running).toHaveLength(2));
    running[0]?.(true);
    expect(await verifications[0]).toBe('a');
    await vi.waitFor(() => expect(running).toHaveLength(3));
    running[1]?.(false);
    running[2]?.(true);
    expect(await Promise.all(verifications)).toEqual(['a', undefined, 'c']);
  });

  it('refuses a password when the queue is full, with a time to retry', async () => {
    const running = holdBcrypt();
    const hasher = createHasher({ maxQueue: 2 });
    const accepted = ['a', 'b', 'c'].map((password) => hasher.verify([password], 'hash'));
    await vi.waitFor(() => expect(running).toHaveLength(1));
    const refused = await hasher.verify(['d'], 'hash').catch(reason);
    expect(refused).toBeInstanceOf(OverloadedError);
    expect(refused).toMatchObject({ code: 'OVERLOADED', status: 503, retryAfter: 5 });
    await letSucceed(running, 0, 3);
    expect(await Promise.all(accepted)).toEqual(['a', 'b', 'c']);
    const later = hasher.verify(['d'], 'hash');
    await letSucceed(running, 3, 4);
    expect(await later).toBe('d');
  });

  it('prefers known clients, keeps room for them, and still serves strangers', async () => {
    const running = holdBcrypt();
    const hasher = createHasher({ maxQueue: 6 });
    const order: string[] = [];
    const verify = (who: string, isKnown: boolean) =>
      hasher.verify([who], 'hash', { isKnown }).then(
        () => order.push(who),
        () => order.push(`${who} was refused`),
      );
    const first = verify('first', false);
    await vi.waitFor(() => expect(running).toHaveLength(1));
    const all = [
      first,
      ...[1, 2, 3, 4, 5, 6, 7].map((number) => verify(`stranger ${number}`, false)),
      ...[1, 2, 3, 4, 5, 6, 7].map((number) => verify(`known ${number}`, true)),
    ];
    await letSucceed(running, 0, 13);
    await Promise.all(all);
    expect(order.filter((each) => each.includes('refused'))).toEqual(['stranger 7 was refused', 'known 7 was refused']);
    expect(order.filter((each) => !each.includes('refused'))).toEqual([
      'first',
      ...['known 1', 'known 2', 'known 3', 'known 4', 'stranger 1', 'known 5', 'known 6'],
      ...['stranger 2', 'stranger 3', 'stranger 4', 'stranger 5', 'stranger 6'],
    ]);
  });

  it('does not delay strangers because many before them have given up', async () => {
    const running = holdBcrypt();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hasher = createHasher({ maxQueue: 2 });
    const first = hasher.verify(['first'], 'hash');
    await vi.waitFor(() => expect(running).toHaveLength(1));
    for (let wave = 0; wave < 20; wave += 1) {
      const gaveUp = ['a', 'b'].map((each) => hasher.verify([each], 'hash').catch(reason));
      vi.advanceTimersByTime(3_000);
      await Promise.all(gaveUp);
    }
    vi.spyOn(bcrypt, 'compare').mockResolvedValue(true as never);
    let isServed = false;
    let turns = 0;
    const stranger = hasher.verify(['stranger'], 'hash').then(() => {
      isServed = true;
    });
    const known = async () => {
      for (; !isServed; turns += 1) await hasher.verify(['known'], 'hash', { isKnown: true });
    };
    const lanes = [known(), known()];
    running[0]?.(true);
    await Promise.all([first, stranger, ...lanes]);
    expect(turns).toBeGreaterThan(2);
    expect(turns).toBeLessThan(12);
  });

  it('runs the hash of a new password before those of strangers, however long they wait', async () => {
    const running = holdBcrypt();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hasher = createHasher();
    const first = hasher.verify(['first'], 'hash');
    const stranger = hasher.verify(['stranger'], 'hash').catch(reason);
    const hash = hasher.hash('a password');
    await vi.waitFor(() => expect(running).toHaveLength(1));
    vi.advanceTimersByTime(3_000);
    expect(await stranger).toMatchObject({ code: 'OVERLOADED' });
    running[0]?.(true);
    expect(await first).toBe('first');
    expect(await hash).toMatch(/^\$2b\$04\$/);
  });

  it('gives up a verification that has waited for three seconds, without doing it', async () => {
    const running = holdBcrypt();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hasher = createHasher({ maxQueue: 2 });
    const first = hasher.verify(['a'], 'hash');
    const waiting = ['b', 'c'].map((each) => hasher.verify([each], 'hash').catch(reason));
    await vi.waitFor(() => expect(running).toHaveLength(1));
    vi.advanceTimersByTime(3_000);
    for (const each of await Promise.all(waiting)) {
      expect(each).toBeInstanceOf(OverloadedError);
      expect(each).toMatchObject({ retryAfter: 5 });
    }
    // What runs is not given up, and who has gone makes room.
    const next = hasher.verify(['d'], 'hash');
    running[0]?.(true);
    expect(await first).toBe('a');
    await letSucceed(running, 1, 2);
    expect(await next).toBe('d');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up an impatient hash, and no other', async () => {
    const running = holdBcrypt();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hash = vi.spyOn(bcrypt, 'hash').mockResolvedValue('a hash' as never);
    const hasher = createHasher();
    const first = hasher.verify(['first'], 'hash');
    await vi.waitFor(() => expect(running).toHaveLength(1));
    const impatient = hasher.hash('password', { isPatient: false }).catch(reason);
    const patient = hasher.hash('password');
    vi.advanceTimersByTime(3_000);
    expect(await impatient).toBeInstanceOf(OverloadedError);
    running[0]?.(true);
    await first;
    expect(await patient).toBe('a hash');
    expect(hash).toHaveBeenCalledOnce();
    expect(await hasher.hash('password', { isPatient: false })).toBe('a hash');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses a hash whose cost is far above its own', () => {
    const hashOfCost = (cost: string) => `$2b$${cost}$${'x'.repeat(53)}`;
    const hasher = createHasher({ cost: 12 });
    expect(hasher.maxCost).toBe(16);
    expect(['04', '16'].map(hashOfCost).every((each) => hasher.canVerify(each))).toBe(true);
    expect(['17', '31', '03'].map(hashOfCost).some((each) => hasher.canVerify(each))).toBe(false);
    expect(hasher.canVerify('no hash')).toBe(false);
  });

  it('asks again when the turn comes, and does nothing if the answer is no', async () => {
    const running = holdBcrypt();
    const hasher = createHasher();
    const begin = vi.fn(async () => {
      throw new Error('too many have failed');
    });
    const first = hasher.verify(['a'], 'hash');
    const second = hasher.verify(['b'], 'hash', { begin }).catch(reason);
    await vi.waitFor(() => expect(running).toHaveLength(1));
    expect(begin).not.toHaveBeenCalled();
    running[0]?.(true);
    await first;
    expect(await second).toEqual(new Error('too many have failed'));
    expect(running).toHaveLength(1);
  });

  it('pauses after a failure for twice the time it took, and not after a success', async () => {
    const running = holdBcrypt();
    vi.mocked(sleep).mockClear();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    const hasher = createHasher();
    const verifications = ['a', 'b', 'c'].map((password) => hasher.verify([password], 'hash'));
    await letSucceed(running, 0, 1);
    await vi.waitFor(() => expect(running).toHaveLength(2));
    expect(sleep).not.toHaveBeenCalled();
    let endRest = () => {};
    vi.mocked(sleep).mockReturnValueOnce(
      new Promise<void>((resolve) => {
        endRest = resolve;
      }),
    );
    clock.mockReturnValue(1_077);
    running[1]?.(false);
    expect(await verifications[1]).toBeUndefined();
    expect(sleep).toHaveBeenCalledWith(154, undefined, { ref: false });
    expect(running).toHaveLength(2);
    endRest();
    await letSucceed(running, 2, 3);
    expect(await Promise.all(verifications)).toEqual(['a', undefined, 'c']);
  });

  it('lets the process end during a pause, unless a password waits', async () => {
    const keepers = vi.spyOn(globalThis, 'setInterval');
    const cleared = vi.spyOn(globalThis, 'clearInterval');
    const isKept = () => keepers.mock.results.some(({ value }) => !cleared.mock.calls.flat().includes(value));
    const running = holdBcrypt();
    const hasher = createHasher();
    const failed = hasher.verify(['another'], hasher.dummyHash);
    await vi.waitFor(() => expect(running).toHaveLength(1));
    running[0]?.(false);
    await failed;
    expect(vi.mocked(sleep)).toHaveBeenLastCalledWith(expect.any(Number), undefined, { ref: false });
    expect(isKept()).toBe(false);
    const hashed = hasher.hash('a password');
    expect(isKept()).toBe(true);
    const [beat] = keepers.mock.calls.at(-1) as [() => void, number];
    expect(beat()).toBeUndefined();
    await hashed;
    expect(isKept()).toBe(false);
  });

  it('pauses for a second at most, whatever the cost is', async () => {
    const running = holdBcrypt();
    vi.mocked(sleep).mockClear().mockResolvedValueOnce(undefined);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    const verification = createHasher().verify(['a'], 'hash');
    await vi.waitFor(() => expect(running).toHaveLength(1));
    clock.mockReturnValue(60_000);
    running[0]?.(false);
    expect(await verification).toBeUndefined();
    expect(sleep).toHaveBeenCalledWith(1_000, undefined, { ref: false });
  });
});
