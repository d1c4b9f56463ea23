import { describe, expect, it } from 'vitest';
import { type KnownUser, KnownUsers } from '../../../lib/stores/postgres/known-users.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const found = (name: string, version = '1') => ({ user: userNamed(name), version });
const learnt = (...names: string[]) => {
  const known = new KnownUsers();
  for (const name of names) known.learn(found(name), 1_000, true);
  return known;
};
const get = (known: KnownUsers, name: string) => known.get(name) as KnownUser;
const GRACE = 60_000;
const namesToCompare = (known: KnownUsers, time: number, grace = GRACE) =>
  known.toCompare(time, grace).map(({ name }) => name);

describe('a user in memory', () => {
  it('is trusted for 900 ms after the question to the database', () => {
    const known = learnt('someone');
    expect(get(known, 'someone')).toMatchObject({ trustedUntil: 1_900, confirmedAt: 1_000, usedAt: 1_000 });
  });

  it('is not trusted while notifications may be missed', () => {
    const known = new KnownUsers();
    known.learn(found('someone'), 1_000, false);
    expect(get(known, 'someone')).toMatchObject({ trustedUntil: 0, confirmedAt: 1_000 });
  });

  it('stays the same object while it has the same version, and is trusted for longer', () => {
    const known = new KnownUsers();
    const first = known.learn(found('someone'), 1_000, true);
    expect(known.learn(found('someone'), 1_500, true)).toBe(first);
    expect(get(known, 'someone')).toMatchObject({ trustedUntil: 2_400, confirmedAt: 1_500, usedAt: 1_500 });
    const other = found('someone', '2');
    expect(known.learn(other, 1_600, true)).toBe(other.user);
    expect(get(known, 'someone')).toMatchObject({ version: '2', trustedUntil: 2_500 });
  });

  it('is returned and not kept, if the one in memory differs and was confirmed by a later question', () => {
    const known = learnt('someone');
    const other = found('someone', '2');
    expect(known.learn(other, 900, true)).toBe(other.user);
    expect(known.get('someone')).toBeUndefined();
  });

  it('is confirmed by the latest question, in any order of the answers', () => {
    const known = learnt('someone');
    known.confirm(get(known, 'someone'), 1_400, true);
    known.confirm(get(known, 'someone'), 1_200, true);
    expect(get(known, 'someone')).toMatchObject({ trustedUntil: 2_300, confirmedAt: 1_400 });
  });

  it('is confirmed, and not trusted for longer, while notifications may be missed', () => {
    const known = learnt('someone');
    known.confirm(get(known, 'someone'), 1_400, false);
    expect(get(known, 'someone')).toMatchObject({ trustedUntil: 1_900, confirmedAt: 1_400 });
  });

  it('is kept, and not trusted, after notifications may have been missed', () => {
    const known = learnt('someone', 'other');
    known.distrust();
    for (const name of ['someone', 'other']) {
      expect(get(known, name)).toMatchObject({ trustedUntil: 0, confirmedAt: 1_000 });
    }
  });

  it('is dropped by name, or with all the others', () => {
    const known = learnt('one', 'two', 'three');
    known.forget('one');
    expect([known.get('one'), known.get('two')?.name]).toEqual([undefined, 'two']);
    known.clear();
    expect([known.get('two'), known.get('three')]).toEqual([undefined, undefined]);
  });
});

describe('a secret in memory', () => {
  const foundKey = (key: string, version = '1') => ({
    secret: keyOf('someone', key),
    owner: found('someone', version),
  });
  const inMemory = (known: KnownUsers, key: string) => known.getSecret(keyOf('someone', key).digest);

  it('comes with its owner, and is the same object for as long as it is the same', () => {
    const known = new KnownUsers();
    const first = known.learnSecret(foundKey('a'), 1_000, true);
    expect(get(known, 'someone')).toMatchObject({ trustedUntil: 1_900, version: '1' });
    expect(known.learnSecret(foundKey('a'), 1_500, true)).toBe(first);
    expect(inMemory(known, 'a')).toEqual({ secret: first, owner: get(known, 'someone') });
    expect(get(known, 'someone')).toMatchObject({ trustedUntil: 2_400 });
    const used = { ...foundKey('a'), secret: keyOf('someone', 'a', { lastUsed: 5 }) };
    expect(known.learnSecret(used, 1_600, true)).toBe(used.secret);
    expect(inMemory(known, 'a')?.secret).toBe(used.secret);
  });

  it.each([
    ['has another version', (known: KnownUsers) => known.learn(found('someone', '2'), 2_000, true)],
    ['is dropped', (known: KnownUsers) => known.forget('someone')],
    ['is dropped with all others', (known: KnownUsers) => known.clear()],
    ['has had no request for as long as the grace', (known: KnownUsers) => known.toCompare(100_000, GRACE)],
  ])('goes when its owner %s', (_what, happen) => {
    const known = new KnownUsers();
    for (const key of ['a', 'b']) known.learnSecret(foundKey(key), 1_000, true);
    happen(known);
    for (const key of ['a', 'b']) expect(inMemory(known, key)).toBeUndefined();
  });

  it('is dropped alone, by its digest', () => {
    const known = new KnownUsers();
    for (const key of ['a', 'b']) known.learnSecret(foundKey(key), 1_000, true);
    known.forgetSecret(keyOf('someone', 'a').digest);
    known.forgetSecret('unknown');
    expect(inMemory(known, 'a')).toBeUndefined();
    expect(inMemory(known, 'b')).toBeDefined();
    expect(known.get('someone')).toBeDefined();
  });

  it('is not kept, and neither is its owner, if the owner in memory differs and was confirmed by a later question', () => {
    const known = new KnownUsers();
    known.learnSecret(foundKey('a', '2'), 2_000, true);
    const { secret } = foundKey('b', '1');
    expect(known.learnSecret({ ...foundKey('b', '1'), secret }, 1_999, true)).toBe(secret);
    for (const key of ['a', 'b']) expect(inMemory(known, key)).toBeUndefined();
    expect(known.get('someone')).toBeUndefined();
  });

  it('makes room with the oldest tenth if there are a hundred thousand', () => {
    const known = new KnownUsers();
    for (let index = 0; index <= 100_000; index += 1) known.learnSecret(foundKey(String(index)), 1_000, true);
    const isKnown = (index: number) => inMemory(known, String(index)) !== undefined;
    expect([0, 9_999, 10_000, 100_000].map(isKnown)).toEqual([false, false, true, true]);
    expect(get(known, 'someone').secrets?.size).toBe(90_001);
  });
});

describe('the comparison with the table', () => {
  it('includes a user with a request within ten seconds each time', () => {
    const known = learnt('active', 'idle');
    get(known, 'active').usedAt = 5_000;
    for (const { name } of known.toCompare(10_999, GRACE)) known.confirm(get(known, name), 10_999, true);
    expect(namesToCompare(known, 11_000)).toEqual(['active']);
    expect(namesToCompare(known, 14_999)).toContain('active');
  });

  it('includes any other user every two seconds', () => {
    const known = learnt('idle');
    known.confirm(get(known, 'idle'), 20_000, true);
    expect(namesToCompare(known, 22_000)).toEqual([]);
    expect(namesToCompare(known, 22_001)).toEqual(['idle']);
  });

  it('drops users without a request for as long as the grace', () => {
    const known = learnt('idle');
    expect(namesToCompare(known, 61_000)).toEqual(['idle']);
    expect(namesToCompare(known, 61_001)).toEqual([]);
    expect(known.get('idle')).toBeUndefined();
  });

  it('includes a user for ten seconds without a grace', () => {
    const known = learnt('idle');
    expect(namesToCompare(known, 10_999, 0)).toEqual(['idle']);
    expect(namesToCompare(known, 11_001, 0)).toEqual([]);
    expect(known.get('idle')).toBeUndefined();
  });
});

describe('a hundred thousand users in memory', () => {
  it('lose their oldest tenth to make room', () => {
    const known = new KnownUsers();
    for (let index = 0; index < 100_000; index += 1) known.learn(found(`user${index}`), index, true);
    expect(known.toCompare(0, 0)).toHaveLength(100_000);
    known.learn(found('one more'), 0, true);
    expect(known.toCompare(0, 0)).toHaveLength(90_001);
    expect(known.get('user9999')).toBeUndefined();
    for (const name of ['user10000', 'user99999', 'one more']) expect(known.get(name)?.name).toBe(name);
  });
});
