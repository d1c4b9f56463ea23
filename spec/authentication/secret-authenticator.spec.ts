import type { StoredUser } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newSecret } from '../../lib/users/secret-text.js';
import { setUpAuthenticator } from '../support/authenticator.js';
import { from } from '../support/origin.js';
import { giveSecret, presented, setUpSecrets } from '../support/secrets.js';
import { userNamed } from '../support/stored-user.js';

const ORIGIN = from('192.0.2.1');
const MINUTE = 60_000;
const JANE = { name: 'jane', type: 'normal', permissions: ['api'], enabled: true };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a key', () => {
  it('lets its owner in, without bcrypt, and is recalled by its header', async () => {
    const { repository, authenticator, told } = setUpSecrets();
    const { text, id, name } = giveSecret(repository, 'jane');
    const user = await authenticator.authenticateSecret(presented(text), ORIGIN);
    expect(user).toEqual(JANE);
    expect(authenticator.recall(`Bearer ${text}`, ORIGIN)).toBe(user);
    expect(authenticator.recall(`Bearer ${text}`, from('192.0.2.2'))).toBeUndefined();
    expect(authenticator.credentialOf(user as never)).toEqual({
      ...{ kind: 'key', id, name },
      ...{ expires: undefined, permissions: undefined },
    });
    expect(told()).toEqual([['login', 'jane', 'key']]);
  });

  it('takes one question to the store, whether there is such a key or not, and is not used by another user', async () => {
    const { repository, kept, authenticator } = setUpSecrets();
    const { text, digest } = giveSecret(repository, 'jane');
    const asked = vi.spyOn(kept, 'find');
    await authenticator.authenticateSecret(presented(newSecret('key').text), ORIGIN);
    await authenticator.authenticateSecret(presented(text, { name: 'somebody-else' }), ORIGIN);
    expect(asked).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(kept.find(digest)?.lastUsed).toBeUndefined();
  });

  it('is told once from each address, and always while the cache is off', async () => {
    const { repository, authenticator, told } = setUpSecrets();
    const key = presented(giveSecret(repository, 'jane').text);
    for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) await authenticator.authenticateSecret(key, from(ip));
    expect(told()).toHaveLength(2);
    const other = setUpSecrets({ timeToLive: 0 });
    const uncached = presented(giveSecret(other.repository, 'jane').text);
    for (let time = 0; time < 3; time += 1) await other.authenticator.authenticateSecret(uncached, ORIGIN);
    expect(other.told()).toHaveLength(3);
  });

  it.each<[string, (key: string) => ReturnType<typeof presented>, string, string | undefined]>([
    ['unknown', () => presented(newSecret('key').text), 'unknown-key', undefined],
    ['without its end', (key) => presented(key.slice(0, -1)), 'malformed-key', undefined],
    ['with a typing error', (key) => presented(key.replace(/.(.)$/, '$1$1')), 'malformed-key', undefined],
    ['with another user’s name', (key) => presented(key, { name: 'kim' }), 'unknown-key', 'kim'],
    ['with its owner’s name in capitals', (key) => presented(key, { name: 'JANE' }), 'unknown-key', 'JANE'],
    ['with a name that no user can have', (key) => presented(key, { name: 'a b' }), 'unknown-key', undefined],
  ])('lets nobody in: %s', async (_what, change, reason, name) => {
    const { repository, authenticator, told } = setUpSecrets();
    let { text } = giveSecret(repository, 'jane');
    while (/(.)\1$/.test(text)) text = giveSecret(repository, 'jane').text;
    repository.insert(userNamed('kim'));
    expect(await authenticator.authenticateSecret(change(text), ORIGIN)).toBeUndefined();
    expect(told()).toEqual([['login-failed', name, reason]]);
  });

  it('with a typing error is refused without the store', async () => {
    const { repository, kept, authenticator } = setUpSecrets();
    const finds = [vi.spyOn(kept, 'find'), vi.spyOn(repository, 'find')];
    await authenticator.authenticateSecret(presented(`kap_${'0'.repeat(36)}`), ORIGIN);
    for (const find of finds) expect(find).not.toHaveBeenCalled();
  });

  it.each<[string, (all: ReturnType<typeof setUpSecrets>, id: string) => void, string]>([
    ['is deleted', ({ kept }, id) => kept.remove('jane', 'key', id), 'unknown-key'],
    ['is expired', () => vi.setSystemTime(Date.now() + MINUTE), 'expired-key'],
    ['has a disabled owner', ({ repository }) => change(repository, { enabled: false }), 'user-disabled'],
    ['has an owner who expires', ({ repository }) => change(repository, { expires: Date.now() }), 'user-expired'],
    ['has no owner any more', ({ repository }) => repository.remove('jane'), 'unknown-key'],
    [
      'has an owner who was deleted and made again',
      ({ repository }) => repository.remove('jane') && repository.insert(userNamed('jane')),
      'unknown-key',
    ],
  ])('lets nobody in from the next request on, cached or not, when it %s', async (_what, end, reason) => {
    const all = setUpSecrets({ timeToLive: 10 * MINUTE });
    const { repository, authenticator, told } = all;
    const { text, id } = giveSecret(repository, 'jane', { expires: Date.now() + MINUTE });
    const user = await authenticator.authenticateSecret(presented(text), ORIGIN);
    expect(authenticator.recall(`Bearer ${text}`, ORIGIN)).toBe(user);
    end(all, id);
    expect(authenticator.recall(`Bearer ${text}`, ORIGIN)).toBeUndefined();
    expect(await authenticator.refresh(user as never)).toBeUndefined();
    expect(await authenticator.authenticateSecret(presented(text), ORIGIN)).toBeUndefined();
    expect(told()).toEqual([
      ['login', 'jane', 'key'],
      ['login-failed', undefined, reason],
    ]);
  });

  it('gives its owner as it is now, and the same object while nothing changes', async () => {
    const { repository, authenticator } = setUpSecrets();
    const { text } = giveSecret(repository, 'jane', { permissions: ['api', 'config_api'] });
    const first = await authenticator.authenticateSecret(presented(text), ORIGIN);
    expect(authenticator.recall(`Bearer ${text}`, ORIGIN)).toBe(first);
    change(repository, { permissions: ['config_api'] });
    expect(authenticator.recall(`Bearer ${text}`, ORIGIN)).toEqual({ ...JANE, permissions: ['config_api'] });
    change(repository, { type: 'admin', permissions: [] });
    expect(await authenticator.refresh(first as never)).toEqual({ ...JANE, permissions: ['api', 'config_api'] });
  });

  it('lets its owner in with another password than before, and without any that bcrypt can verify', async () => {
    const { repository, authenticator } = setUpSecrets();
    const { text } = giveSecret(repository, 'jane');
    change(repository, { hash: 'none' });
    expect(await authenticator.authenticateSecret(presented(text), ORIGIN)).toEqual(JANE);
  });

  it('is not confused with the password of its owner, nor with another key', async () => {
    const { repository, authenticator } = setUpSecrets();
    const [a, b] = [giveSecret(repository, 'jane'), giveSecret(repository, 'jane')];
    const users = [];
    for (const { text } of [a, b]) users.push(await authenticator.authenticateSecret(presented(text), ORIGIN));
    expect(users.map((user) => authenticator.credentialOf(user as never)?.id)).toEqual([a.id, b.id]);
    const login = authenticator.authenticate({ name: 'jane', password: a.text }, ORIGIN);
    expect(await login).toBeUndefined();
  });

  it('belongs to the authenticator that let its owner in, and to no other', async () => {
    const [here, there] = [setUpSecrets(), setUpSecrets()];
    const { text } = giveSecret(here.repository, 'jane');
    const user = await here.authenticator.authenticateSecret(presented(text), ORIGIN);
    expect([here, there].map(({ authenticator }) => authenticator.knows(user as never))).toEqual([true, false]);
    expect(there.authenticator.credentialOf(user as never)).toBeUndefined();
    expect(await there.authenticator.authenticateSecret(presented(text), ORIGIN)).toBeUndefined();
  });

  it('is not let in while the store fails, which is no failure of its client', async () => {
    const { repository, kept, authenticator, told } = setUpSecrets({ failureLimit: 1 });
    const { text } = giveSecret(repository, 'jane');
    await authenticator.authenticateSecret(presented(text), ORIGIN);
    const down = () => {
      throw new Error('down');
    };
    for (const find of [vi.spyOn(kept, 'find'), vi.spyOn(repository, 'find')]) {
      find.mockImplementation(down);
      expect(() => authenticator.recall(`Bearer ${text}`, ORIGIN)).toThrow('down');
      for (let time = 0; time < 3; time += 1) {
        await expect(authenticator.authenticateSecret(presented(text), ORIGIN)).rejects.toThrow('down');
      }
      find.mockRestore();
    }
    expect(await authenticator.authenticateSecret(presented(text), ORIGIN)).toEqual(JANE);
    const each = [undefined, undefined, undefined].map((user) => ['login-failed', user, 'internal-error']);
    const recalled = ['login-failed', 'jane', 'internal-error'];
    expect(told().slice(1)).toEqual([recalled, ...each, recalled, ...each]);
  });

  it('is found by a store that answers with promises', async () => {
    const { repository, kept, authenticator } = setUpSecrets();
    const { text } = giveSecret(repository, 'jane');
    await authenticator.authenticateSecret(presented(text), ORIGIN);
    const [find, findUser] = [kept.find.bind(kept), repository.find.bind(repository)];
    vi.spyOn(kept, 'find').mockImplementation((async (digest: string) => find(digest)) as never);
    vi.spyOn(repository, 'find').mockImplementation((async (name: string) => findUser(name)) as never);
    expect(await authenticator.recall(`Bearer ${text}`, ORIGIN)).toEqual(JANE);
    expect(await authenticator.authenticateSecret(presented(text), ORIGIN)).toEqual(JANE);
    vi.spyOn(kept, 'find').mockRejectedValue(new Error('down') as never);
    await expect(authenticator.recall(`Bearer ${text}`, ORIGIN)).rejects.toThrow('down');
  });
});

describe('wrong keys', () => {
  const wrong = () => presented(newSecret('key').text);
  const THROTTLED = { code: 'THROTTLED', status: 429 };

  it('count for the address that they come from, and not for keys and users', async () => {
    const { repository, authenticator } = setUpSecrets({ failureLimit: 2 });
    const key = presented(giveSecret(repository, 'jane').text);
    for (let time = 0; time < 20; time += 1) await authenticator.authenticateSecret(wrong(), ORIGIN);
    await expect(authenticator.authenticateSecret(wrong(), ORIGIN)).rejects.toMatchObject(THROTTLED);
    await expect(authenticator.authenticateSecret(key, ORIGIN)).rejects.toMatchObject(THROTTLED);
    expect(await authenticator.authenticateSecret(key, from('192.0.2.2'))).toEqual(JANE);
  });

  it('do not keep a client out that was let in with its key before', async () => {
    const { repository, authenticator } = setUpSecrets({ failureLimit: 2, timeToLive: 0 });
    const key = presented(giveSecret(repository, 'jane').text);
    await authenticator.authenticateSecret(key, ORIGIN);
    for (let time = 0; time < 20; time += 1) await authenticator.authenticateSecret(wrong(), ORIGIN);
    await expect(authenticator.authenticateSecret(wrong(), ORIGIN)).rejects.toMatchObject(THROTTLED);
    expect(await authenticator.authenticateSecret(key, ORIGIN)).toEqual(JANE);
  });

  it('that a client repeats count once, so that a forgotten machine keeps nobody out', async () => {
    const { repository, authenticator } = setUpSecrets({ failureLimit: 2 });
    const key = presented(giveSecret(repository, 'jane').text);
    const old = wrong();
    for (let time = 0; time < 20; time += 1) await authenticator.authenticateSecret(old, ORIGIN);
    expect(await authenticator.authenticateSecret(key, ORIGIN)).toEqual(JANE);
  });
});

describe('a session', () => {
  const cookie = (text: string) => presented(text, { kind: 'session', header: `\0${text}` });
  const login = ({ authenticator }: ReturnType<typeof setUpSecrets>, text: string) =>
    authenticator.authenticateSecret(cookie(text), ORIGIN);

  it('lets its user in, and is no key', async () => {
    const all = setUpSecrets();
    const { text } = giveSecret(all.repository, 'jane', { kind: 'session' });
    expect(await login(all, text)).toEqual(JANE);
    expect(all.told()).toEqual([['login', 'jane', 'session']]);
    expect(await all.authenticator.authenticateSecret(presented(text), ORIGIN)).toBeUndefined();
    expect(await login(all, giveSecret(all.repository, 'jane').text)).toBeUndefined();
  });

  it('that is none causes neither events nor failures', async () => {
    const all = setUpSecrets({ failureLimit: 1 });
    for (let time = 0; time < 50; time += 1) expect(await login(all, newSecret('session').text)).toBeUndefined();
    expect(await login(all, 'x'.repeat(9_000))).toBeUndefined();
    expect(all.told()).toEqual([]);
    const { text } = giveSecret(all.repository, 'jane');
    expect(await all.authenticator.authenticateSecret(presented(text), ORIGIN)).toEqual(JANE);
  });

  it('ends some time after its last use, and lasts while it is used', async () => {
    const all = setUpSecrets({ sessionIdle: 10 * MINUTE });
    const { text } = giveSecret(all.repository, 'jane', { kind: 'session' });
    const usedAfter = async (milliseconds: number) => {
      await vi.advanceTimersByTimeAsync(milliseconds);
      return (await login(all, text)) !== undefined;
    };
    expect(await usedAfter(10 * MINUTE - 1)).toBe(true);
    for (let time = 0; time < 5; time += 1) expect(await usedAfter(9 * MINUTE)).toBe(true);
    expect(await usedAfter(10 * MINUTE)).toBe(false);
    expect(await usedAfter(0)).toBe(false);
    const unused = giveSecret(all.repository, 'jane', { kind: 'session' });
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(await login(all, unused.text)).toBeUndefined();
  });

  it('lasts while another process uses it, of which only the list of the store knows', async () => {
    const all = setUpSecrets({ sessionIdle: 10 * MINUTE });
    const { text, ...stale } = giveSecret(all.repository, 'jane', { kind: 'session' });
    vi.spyOn(all.kept, 'find').mockReturnValue(stale);
    const list = vi.spyOn(all.kept, 'list');
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    all.kept.recordUses([{ digest: stale.digest, lastUsed: Date.now() - MINUTE }]);
    expect(await login(all, text)).toEqual(JANE);
    expect(await login(all, text)).toEqual(JANE);
    expect(list).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(await login(all, text)).toBeUndefined();
    all.kept.removeAll('jane', 'session');
    expect(await login(all, text)).toBeUndefined();
  });
});

describe('a store without secrets', () => {
  it('lets no key in', async () => {
    const { authenticator, audit } = await setUpAuthenticator();
    expect(await authenticator.authenticateSecret(presented(newSecret('key').text), ORIGIN)).toBeUndefined();
    expect(audit.mock.calls.map(([event, details]) => [event, details().reason])).toEqual([
      ['login-failed', 'unknown-key'],
    ]);
  });
});

/** Changes jane, as another process does. */
function change(repository: ReturnType<typeof setUpSecrets>['repository'], changes: Partial<StoredUser>): void {
  const before = repository.find('jane') as StoredUser;
  repository.replace({ ...before, ...changes, revision: `${before.revision}x` }, before.revision);
}
