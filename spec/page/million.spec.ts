import { MemoryUserRepository, type StoredUser } from 'kapacitor-auth';
import { expect, it } from 'vitest';
import type { UserFilter, UserListQuery } from '../../lib/users/repository.js';
import { isSelected } from '../../lib/users/user-filter.js';
import { userNamed } from '../support/stored-user.js';
import { ROOT, servePage } from './served-page.js';
import { namesIn, press, sees, visit } from './visitor.js';

const COUNT = 1_000_000;
const nameOf = (index: number) => `user-${String(index).padStart(6, '0')}`;

/** A million users that are made when somebody asks for them, and those that are kept besides. */
class MillionRepository extends MemoryUserRepository {
  override list(query: UserListQuery): StoredUser[] {
    const { after = '', offset, limit } = query;
    const found: StoredUser[] = [];
    const first = after.startsWith('user-') ? Number(after.slice(5)) + 1 : 0;
    for (let index = first; index < COUNT && found.length < offset + limit; index++) {
      const user = this.#at(index);
      if (isSelected(user, query)) found.push(user);
    }
    return found.slice(offset);
  }

  override count(filter: UserFilter): number {
    if (filter.q === undefined && filter.type === undefined) return COUNT;
    return this.list({ ...filter, after: undefined, offset: 0, limit: COUNT }).length;
  }

  #at(index: number): StoredUser {
    return userNamed(nameOf(index), { type: index % 1000 === 999 ? 'admin' : 'normal' });
  }
}

it('lists, pages, filters and searches a million users', async () => {
  const page = await visit(await servePage({ users: [ROOT], auth: { store: new MillionRepository() } }), {
    as: 'root',
  });
  await sees(page, '1,000,000 users');
  expect((await namesIn(page)).at(-1)).toBe(nameOf(49));
  await press(page, 'Next');
  await expect.poll(() => namesIn(page)).toContain(nameOf(99));
  expect(await page.getByRole('row').count()).toBe(51);
  await page.getByLabel('Type', { exact: true }).selectOption('Admin');
  await sees(page, '1,000 users');
  await expect.poll(async () => (await namesIn(page))[0]).toBe(nameOf(999));
  await page.getByLabel('Search names').fill('999999');
  await expect.poll(() => namesIn(page)).toEqual([nameOf(999_999)]);
});
