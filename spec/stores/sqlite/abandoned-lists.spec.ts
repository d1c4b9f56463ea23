import { expect, it, vi } from 'vitest';
import { SlowListError } from '../../../lib/stores/listing.js';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { openRepository, storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';

const clock = vi.hoisted(() => ({ ahead: 0, step: 0 }));
vi.mock('../../../lib/clock.js', () => ({
  now: () => {
    clock.ahead += clock.step;
    return performance.now() + clock.ahead;
  },
}));

it('a list or a count that nobody waits for any more is not read to its end', async () => {
  const repository = openRepository(storeFile());
  await repository.insertMany(Array.from({ length: 3_000 }, (_, index) => userNamed(`user${index}`)));
  const filter = { pattern: new NamePattern(''), q: 'nobody' };
  const list = () => repository.list({ ...filter, after: undefined, offset: 0, limit: 100 });
  expect([await list(), await repository.count(filter)]).toEqual([[], 0]);
  clock.step = 2_000;
  await expect(list()).rejects.toThrow(SlowListError);
  await expect(repository.count(filter)).rejects.toThrow(SlowListError);
});
