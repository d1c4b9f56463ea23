import { describe, expect, it } from 'vitest';
import { type KnownUser, KnownUsers } from '../../../lib/stores/postgres/known-users.js';
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
