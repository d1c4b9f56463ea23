import { LmdbUserRepository, type StoredUser } from 'kapacitor-auth';
import * as lmdb from 'lmdb';
import { describe, expect, it } from 'vitest';
import { isActiveAdmin } from '../../../lib/users/user.js';
import { ask, kill, startProcess } from '../../support/child-process.js';
import type { Question } from '../../support/lmdb-process.js';
import { openRepository } from '../../support/lmdb-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const manyUsers = (count: number) => Array.from({ length: count }, (_, index) => userNamed(`user${10_000 + index}`));

describe('many users that are inserted at once', () => {
  it('are found by another process at its next question, and by everybody after a kill -9', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const child = await startProcess('./lmdb-process.ts', [folder]);
    const users = manyUsers(1_500);
    const asking = (question: Question) => ask(child, question);
    expect(await asking({ do: 'find', name: 'user10999' })).toEqual({ answer: null });
    await repository.insertMany(users.slice(0, 1_000));
    expect(await asking({ do: 'find', name: 'user10999' })).toEqual({ answer: users[999] });

    const rest = users.slice(1_000);
    expect(await asking({ do: 'insertMany', users: rest })).toEqual({ answer: rest.map(({ name }) => name) });
    await kill(child);
    for (const user of users) expect(repository.find(user.name)).toEqual(user);
    await repository.close();
    expect(openRepository(folder).find('user11499')).toEqual(users[1_499]);
  });

  it('take little time', async () => {
    const repository = openRepository(temporaryFolder());
    const users = manyUsers(20_000);
    const begin = performance.now();
    for (let from = 0; from < users.length; from += 1_000) await repository.insertMany(users.slice(from, from + 1_000));
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(repository.find('user29999')).toEqual(users.at(-1));
  });

  it('are all of them or none', async () => {
    const repository = openRepository(temporaryFolder());
    const tooLong = userNamed('x'.repeat(5_000));
    await expect(repository.insertMany([userNamed('a'), tooLong, userNamed('b')])).rejects.toThrow();
    expect(repository.find('a')).toBeUndefined();
    expect(await repository.insertMany([userNamed('a')])).toEqual(['a']);
  });
});

describe('a snapshot', () => {
  it('always has an admin, while another process hands the role of the only one on', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const names = ['a', 'user10500', 'user11500', 'z'];
    await repository.insert(userNamed('a', { type: 'admin' }));
    await repository.insertMany([...manyUsers(2_500), userNamed('z')]);
    const child = await startProcess('./lmdb-process.ts', [folder]);
    await ask(child, { do: 'hand on', names } satisfies Question);
    const seen = new Set<string>();
    for (let round = 0; round < 60; round += 1) {
      const admins: string[] = [];
      let count = 0;
      for await (const user of repository.snapshot()) {
        count += 1;
        if (isActiveAdmin(user)) admins.push(user.name);
      }
      expect(count).toBe(2_502);
      expect([1, 2]).toContain(admins.length);
      seen.add(admins.join());
    }
    expect(seen.size).toBeGreaterThan(2);
  });

  it('that is left early keeps no place among those who read', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    await repository.insertMany(manyUsers(3));
    const root = lmdb.open({ path: folder, noSubdir: false, overlappingSync: false, encoding: 'string' });
    const readers = () => root.readerList().split('\n').length;
    const before = readers();
    for (let round = 0; round < 30; round += 1) {
      // Otherwise LMDB has them share one place.
      root.putSync('round', String(round));
      for await (const user of repository.snapshot()) if (user.name === 'user10001') break;
    }
    expect(readers() - before).toBeLessThan(3);
    await root.close();
  });

  it('that is not left does not keep the repository from being closed, and ends then', async () => {
    const folder = temporaryFolder();
    const repository = new LmdbUserRepository(folder);
    await repository.insertMany(manyUsers(1_500));
    const users = repository.snapshot();
    const other = repository.snapshot();
    await users.next();
    await other.next();
    await repository.insert(userNamed('someone'));
    await repository.close();
    const read: StoredUser[] = [];
    const readOn = async () => {
      for await (const user of users) read.push(user);
    };
    await expect(readOn()).rejects.toThrow('is closed');
    expect(read).toHaveLength(999);
    await other.return();
    await expect(repository.snapshot().next()).rejects.toThrow('is closed');
    expect(() => repository.hasAdmin()).toThrow('is closed');
    expect(openRepository(folder).find('someone')).toEqual(userNamed('someone'));
  });
});
