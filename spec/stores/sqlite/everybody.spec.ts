import type { StoredUser } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { isActiveAdmin } from '../../../lib/users/user.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { userNamed } from '../../support/stored-user.js';

const manyUsers = (count: number) => Array.from({ length: count }, (_, index) => userNamed(`user${10_000 + index}`));

describe('many users, inserted at once', () => {
  it('are found by another process at its next question, and all of them after kill -9', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    const other = await StoreProcess.start(file);
    const users = manyUsers(1_500);
    expect(await other.ask('find', 'user10999')).toBeUndefined();
    await repository.insertMany(users.slice(0, 1_000));
    expect(await other.ask('find', 'user10999')).toEqual(users[999]);

    const rest = users.slice(1_000);
    expect(await other.ask('insertMany', rest)).toEqual(rest.map(({ name }) => name));
    await other.kill();
    for (const user of users) expect(repository.find(user.name)).toEqual(user);
    await repository.close();
    expect(openRepository(file).find('user11499')).toEqual(users[1_499]);
  });

  it('take little time', async () => {
    const repository = openRepository(storeFile());
    const users = manyUsers(20_000);
    const begin = performance.now();
    for (let from = 0; from < users.length; from += 1_000) await repository.insertMany(users.slice(from, from + 1_000));
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(repository.find('user29999')).toEqual(users.at(-1));
  });

  it('are inserted as a whole or not at all', async () => {
    const repository = openRepository(storeFile());
    const tooLong = userNamed('x'.repeat(5_000));
    await expect(repository.insertMany([userNamed('a'), tooLong, userNamed('b')])).rejects.toThrow();
    expect(repository.find('a')).toBeUndefined();
    expect(await repository.insertMany([userNamed('a')])).toEqual(['a']);
  });
});

describe('a snapshot', () => {
  it('always has an admin, while another process moves the role of the only admin', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    const names = ['a', 'user10500', 'user11500', 'z'];
    await repository.insert(userNamed('a', { type: 'admin' }));
    await repository.insertMany([...manyUsers(2_500), userNamed('z')]);
    const other = await StoreProcess.start(file);
    void Promise.allSettled([other.ask('handOn', names)]);
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

  it('releases the write-ahead log when it is left early', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    await repository.insertMany(manyUsers(1_500));
    for (let round = 0; round < 30; round += 1) {
      for await (const user of repository.snapshot()) if (user.name === 'user10001') break;
    }
    await repository.insert(userNamed('someone'));
    // It says 1 where a reader is in the way.
    expect(connect(file).value('PRAGMA wal_checkpoint(TRUNCATE)')).toBe(0);
  });

  it('does not keep the repository open, and ends when that is closed', async () => {
    const file = storeFile();
    const repository = openRepository(file);
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
    expect(read.length).toBeLessThan(1_500);
    await other.return();
    await expect(repository.snapshot().next()).rejects.toThrow('is closed');
    expect(openRepository(file).find('someone')).toEqual(userNamed('someone'));
  });
});
