import {
  chmodSync,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SqliteUserRepository, StoreError } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { NEWEST_FORMAT } from '../../support/sqlite-formats.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const users = Array.from({ length: 500 }, (_, index) => userNamed(`user${index}`));

/** A store with 500 users, which nobody has open. */
async function closedStore(): Promise<string> {
  const file = storeFile();
  const repository = new SqliteUserRepository(file);
  await repository.insertMany(users);
  await repository.close();
  return file;
}

/** Opening says which file, the reason and what to do. */
function expectRefusal(file: string, reason: RegExp): void {
  const open = () => openRepository(file);
  expect(open).toThrow(StoreError);
  expect(open).toThrow(`cannot open the user store in ${file}: `);
  expect(open).toThrow(reason);
}

describe('a file that cannot be a store', () => {
  it('is refused if it is cut off anywhere', async () => {
    const file = await closedStore();
    const { size } = statSync(file);
    for (const kept of [size - 1, size - 4_096, size - 5_000, Math.floor(size / 2), 8_192, 4_096, 1_000, 100]) {
      truncateSync(file, kept);
      expectRefusal(file, /it (is damaged|has been cut off).*\. Restore a backup, or name another file/);
      expect(statSync(file).size).toBe(kept);
    }
  });

  it.each([
    ['a text', 'not a database at all '.repeat(1_000)],
    ['a short text', 'short'],
    ['a database of another kind', Buffer.alloc(8_192, 'beefc0de', 'hex')],
  ])('is refused if it is %s, and stays as it is', (_what, content) => {
    const file = storeFile();
    writeFileSync(file, content);
    expectRefusal(file, /it is not an SQLite database \(.+\)\. Restore a backup, or name another file/);
    expect(readFileSync(file).equals(Buffer.from(content))).toBe(true);
  });

  it.each(['DELETE', 'WAL'])('is refused if it belongs to another application, and stays as it is: %s', (mode) => {
    const file = storeFile();
    const other = connect(file);
    other.execute(`PRAGMA journal_mode = ${mode}; CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('theirs')`);
    chmodSync(file, 0o644);
    const endings = mode === 'WAL' ? ['', '-wal'] : [''];
    const before = endings.map((ending) => readFileSync(file + ending));
    expectRefusal(file, /it is a database of another application: name another file/);
    expect(endings.map((ending) => readFileSync(file + ending))).toEqual(before);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(other.value('SELECT name FROM users')).toBe('theirs');
  });

  it('is refused if a later version made it', async () => {
    const file = await closedStore();
    const later = connect(file);
    later.execute(`PRAGMA user_version = ${NEWEST_FORMAT + 1}`);
    const reason = `it has format ${NEWEST_FORMAT + 1}, and this version of kapacitor-auth reads formats up to ${NEWEST_FORMAT}`;
    expectRefusal(file, new RegExp(reason));
  });

  it.each([
    ['its table is missing', 'DROP TABLE users', /: a part is missing/],
    ['its table of logins is missing', 'DROP TABLE logins', /: a part is missing/],
    ['its table of limits is missing', 'DROP TABLE limits', /: a part is missing/],
    ['its table of secrets is missing', 'DROP TABLE secrets', /: a part is missing/],
    ['a trigger of its own is missing', 'DROP TRIGGER users_deleted', /: a part is missing/],
    [
      'a trigger of its own does something else',
      "DROP TRIGGER users_deleted; CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN UPDATE users SET type = 'admin'; END",
      /: see the trigger "users_deleted"/,
    ],
    ['its index is missing', 'DROP INDEX users_admins', /: a part is missing/],
    ['its table is another one', 'DROP TABLE users; CREATE TABLE users (name)', /: see the table "users"/],
    ['its table has a column more', 'ALTER TABLE users ADD COLUMN remark TEXT', /: see the table "users"/],
    [
      'a view stands for its table',
      "DROP TABLE users; CREATE VIEW Users AS SELECT 'root' AS name, 'admin' AS type",
      /: see the view "Users"/,
    ],
    [
      'a trigger makes an admin of everybody',
      "CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE users SET type = 'admin' WHERE name = new.name; END",
      /: see the trigger "t"/,
    ],
    [
      'a trigger of another table changes users',
      'CREATE TABLE other (x); CREATE TRIGGER t AFTER INSERT ON other BEGIN DELETE FROM users; END',
      /: see the trigger "t"/,
    ],
  ])('is refused when %s', async (_what, change, reason) => {
    const file = await closedStore();
    connect(file).execute(change);
    expectRefusal(file, /its tables are not as kapacitor-auth made them/);
    expectRefusal(file, reason);
    expectRefusal(file, /\. Restore a backup$/);
  });

  it('is accepted with tables of another program beside the users', async () => {
    const file = await closedStore();
    connect(file).execute('CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)');
    expect(openRepository(file).find('user1')).toEqual(userNamed('user1'));
  });

  it('fails questions if its table is removed while a process runs', async () => {
    const file = await closedStore();
    const repository = openRepository(file);
    connect(file).execute('DROP TABLE users');
    expect(() => repository.find('user1')).toThrow(StoreError);
    await expect(repository.insert(userNamed('new'))).rejects.toThrow(StoreError);
  });
});

describe('a file that is cut off beside its log', () => {
  it('is refused, however short it is', async () => {
    const file = await closedStore();
    writeFileSync(`${file}-wal`, 'the log');
    truncateSync(file, 10);
    expectRefusal(file, /it is damaged|it is not an SQLite database/);
  });
});

describe('a copy that is made with cp while the store is in use', () => {
  it('has every change that is older than about a second, even without the log', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(join(folder, 'users.db'));
    await repository.insert(userNamed('someone'));
    let copies = 0;
    await vi.waitFor(
      () => {
        copies += 1;
        const copy = join(folder, `${copies}.db`);
        copyFileSync(join(folder, 'users.db'), copy);
        expect(openRepository(copy).find('someone')).toEqual(userNamed('someone'));
      },
      { timeout: 5_000, interval: 100 },
    );
  });

  it('is a store of an earlier moment, or is refused, without a crash', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.db');
    const process = await StoreProcess.start(file);
    process.storm('user');
    for (let round = 0; round < 20; round += 1) {
      const copy = join(folder, `${round}.db`);
      copyFileSync(file, copy);
      if (round % 2) copyFileSync(`${file}-wal`, `${copy}-wal`);
      try {
        const repository = new SqliteUserRepository(copy);
        expect(await repository.insert(userNamed('later'))).toBe(true);
        expect(await repository.find('later')).toEqual(userNamed('later'));
        await repository.close();
      } catch (error) {
        expect(error).toBeInstanceOf(StoreError);
      }
    }
  });
});

describe('a file that is overwritten under a running process', () => {
  it.each([
    ['a text', (file: string) => writeFileSync(file, 'overwritten '.repeat(10_000))],
    ['nothing', (file: string) => truncateSync(file, 0)],
    ['its own first half', (file: string) => truncateSync(file, Math.floor(statSync(file).size / 8_192) * 4_096)],
  ])('with %s fails questions, and the process lives', async (_what, overwrite) => {
    const file = await closedStore();
    const process = await StoreProcess.start(file);
    expect(await process.ask('find', 'user1')).toEqual(userNamed('user1'));
    const gone = keyOf('user2', 'gone');
    for (const key of [keyOf('user1'), gone]) await process.ask('insertSecret', key, '1');
    await process.ask('removeSecret', gone);
    overwrite(file);
    const answers = await Promise.allSettled([
      process.ask('insert', userNamed('new')),
      ...users.map(({ name }) => process.ask('find', name)),
      ...users.map(({ name }) => process.ask('findSecret', keyOf(name).digest)),
      process.ask('insertSecret', keyOf('user1'), '1'),
      process.ask('names'),
    ]);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 });
    }
    expect(answers.filter(({ status }) => status === 'rejected')).not.toEqual([]);
    expect((await Promise.allSettled([process.ask('findSecret', gone.digest)]))[0]).not.toHaveProperty('value.digest');
    expect(await process.ask('processId')).toBe(process.child.pid);
  });
});

describe('a backup that is restored beside the log of the former store', () => {
  it('is refused with advice', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.db');
    const process = await StoreProcess.start(file);
    await process.ask('insertMany', users);
    await process.ask('backup', join(folder, 'backup.db'));
    for (const { name } of users.slice(0, 100)) await process.ask('remove', name);
    await process.kill();
    rmSync(file);
    renameSync(join(folder, 'backup.db'), file);
    expectRefusal(file, /users\.db-wal/);
    expect(() => openRepository(file)).toThrow(`remove ${file}-wal and ${file}-shm`);
    rmSync(`${file}-wal`);
    rmSync(`${file}-shm`);
    const repository = openRepository(file);
    for (const user of users) expect(repository.find(user.name)).toEqual(user);
  });
});
