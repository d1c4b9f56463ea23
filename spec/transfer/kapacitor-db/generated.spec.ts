import { openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Permission } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import {
  type BoltOptions,
  entriesFor,
  type KapacitorUser,
  privilegesOf,
  recordOf,
  writeBolt,
  writeKapacitorDatabase,
} from '../../support/bolt-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { contentOf } from './import.js';

const PERMISSIONS: readonly (readonly Permission[])[] = [
  [],
  ['api'],
  ['config_api'],
  ['write_points'],
  ['api', 'config_api'],
  ['api', 'write_points'],
  ['config_api', 'write_points'],
  ['all'],
];
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Users in the order of their names, each with a hash and permissions of its own. */
function usersNamed(names: Iterable<string>): KapacitorUser[] {
  return Array.from(names, (name, index) => ({
    name,
    type: index % 7 === 0 ? 'admin' : 'normal',
    permissions: index % 7 === 0 ? [] : (PERMISSIONS[index % PERMISSIONS.length] ?? []),
    hash: `$2a$10$${'.'.repeat(22)}${[...String(index).padStart(30, '0')].map((digit) => ALPHABET[Number(digit) + 2]).join('')}.`,
  }));
}

function* numbered(count: number): Generator<string> {
  for (let number = 0; number < count; number++) yield `user${String(number).padStart(6, '0')}`;
}

function database(users: readonly KapacitorUser[], options: BoltOptions = {}): string {
  const path = join(temporaryFolder(), 'kapacitor.db');
  writeKapacitorDatabase(path, users, options);
  return path;
}

/** How many pages of branches there are one below the other, as the pages of the file tell. */
function branchLevels(path: string): number {
  const file = openSync(path, 'r');
  const page = Buffer.alloc(4096);
  const flagsAndFirst = (id: number) => {
    readSync(file, page, 0, 4096, id * 4096);
    return { isBranch: page.readUInt16LE(8) === 1, first: Number(page.readBigUInt64LE(24)) };
  };
  readSync(file, page, 0, 4096, 0);
  readSync(file, page, 0, 4096, Number(page.readBigUInt64LE(32)) * 4096);
  let levels = 0;
  let id = Number(page.readBigUInt64LE(page.indexOf('user_store') + 'user_store'.length));
  for (let { isBranch, first } = flagsAndFirst(id); isBranch; { isBranch, first } = flagsAndFirst(id)) {
    levels++;
    id = first;
  }
  return levels;
}

const withEnabled = (users: readonly KapacitorUser[]) => users.map((user) => ({ ...user, enabled: true }));

describe("a Kapacitor's database of any size", () => {
  it.each([
    { count: 1, levels: 0 },
    { count: 5, levels: 0 },
    { count: 500, levels: 1 },
    { count: 500, levels: 2, perPage: 12 },
    { count: 500, levels: 3, perPage: 7 },
    { count: 500, levels: 9, perPage: 2 },
  ])('has all of its $count users in $levels levels of branch pages', async ({ count, levels, perPage }) => {
    const users = usersNamed(numbered(count));
    const path = database(users, perPage === undefined ? {} : { perPage });
    expect(branchLevels(path)).toBe(levels);
    expect(await contentOf(path)).toEqual(withEnabled(users));
  });

  it('has 5,000 users', async () => {
    const users = usersNamed(numbered(5_000));
    expect(await contentOf(database(users))).toEqual(withEnabled(users));
  });

  it.each([1024, 16_384, 65_536])('has its users in pages of %i bytes', async (pageSize) => {
    const users = usersNamed(numbered(500));
    expect(await contentOf(database(users, { pageSize }))).toEqual(withEnabled(users));
  });

  it.each([1, 2, 3])('may have its %i users within the bucket’s own value', async (count) => {
    const users = usersNamed(numbered(count));
    expect(await contentOf(database(users, { inline: true }))).toEqual(withEnabled(users));
  });

  it('may have names that are longer than a page, which are reported', async () => {
    const long = ['m'.repeat(5_000), 'm'.repeat(15_000)];
    const users = usersNamed(['a', ...long, 'z']);
    const content = await contentOf(database(users));
    expect(content).toEqual([
      { ...users[0], enabled: true },
      ...long.map((name) => ({ name, refusal: 'username must be at most 256 bytes' })),
      { ...users[3], enabled: true },
    ]);
  });

  it('has users whose names are in any script, and in the order of their bytes', async () => {
    const names = [
      '-',
      '...',
      '0',
      '@',
      'A',
      '_',
      'a',
      'x'.repeat(200),
      'Größe',
      'ユーザー',
      '\uff5e'.replace(/./, 'ｚ'),
      '𝒳',
    ];
    const sorted = names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const users = usersNamed(sorted);
    expect(await contentOf(database(users.toReversed()))).toEqual(withEnabled(users));
  });

  it('reports the users "." and "..", whose index entries have other keys', async () => {
    const content = await contentOf(database(usersNamed(['-', '.', '..', '...', 'a'])));
    expect(content.map((item) => ('refusal' in item ? item : item.name))).toEqual([
      '-',
      { name: '.', refusal: 'username must not be "." or ".."' },
      { name: '..', refusal: 'username must not be "." or ".."' },
      '...',
      'a',
    ]);
  });

  it('reports names that only Kapacitor accepts, and subscriptions without their tokens', async () => {
    const path = join(temporaryFolder(), 'kapacitor.db');
    const hash = `$2a$10$${'.'.repeat(53)}`;
    const subscription = [
      ['/api/write', [2]],
      ['/api/ping', [4]],
      ['/database', [2]],
    ] as const;
    const recordFor = (name: string) =>
      recordOf(
        name.startsWith('_sub:') ? { name, privileges: subscription } : { name, hash, privileges: privilegesOf([]) },
      );
    writeBolt(path, { user_store: entriesFor(['_sub:s3cret', '_sub:t0ken', 'a b', 'john'], recordFor) });
    const refusal = 'it belongs to a subscription of InfluxDB, and has no password';
    expect(await contentOf(path)).toEqual([
      { name: '_sub: (1)', refusal },
      { name: '_sub: (2)', refusal },
      { name: 'a b', refusal: `username must contain only letters, numbers, '-', '.', '@' and '_'. "a b"` },
      { name: 'john', type: 'normal', permissions: [], enabled: true, hash },
    ]);
  });

  it('may list more free pages than fit on a page, or none', async () => {
    const users = usersNamed(numbered(5));
    const free = (count: number) => Array.from({ length: count }, (_, index) => index + 1_000);
    expect(await contentOf(database(users, { free: null }))).toHaveLength(5);
    for (const count of [510, 2_000, 65_534, 65_535]) {
      expect(await contentOf(database(users, { free: free(count), spare: count + 1_000 }))).toHaveLength(5);
    }
  });

  it('lets other work run while it is read', async () => {
    const path = database(usersNamed(numbered(1_000)));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await contentOf(path);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});
