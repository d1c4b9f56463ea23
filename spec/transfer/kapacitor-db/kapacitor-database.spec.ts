import { appendFileSync, chmodSync, copyFileSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import bcrypt from 'bcrypt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isBoltFile } from '../../../lib/transfer/kapacitor-db/bolt/bolt-file.js';
import { writeBolt, writeKapacitorDatabase } from '../../support/bolt-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { contentOf, importFailure, KAPACITOR_DB, LISTED, openDatabase, passwordOf, usersOf } from './import.js';

const HASH = `$2a$10$${'.'.repeat(53)}`;
const JOHN = { name: 'john', type: 'normal', permissions: ['api'], hash: HASH } as const;
const JANE = { ...JOHN, name: 'jane' };
const COPY_AGAIN = 'Stop Kapacitor, copy its database again, and import the copy';

function fileWith(content: string | Buffer): string {
  const path = join(temporaryFolder(), 'kapacitor.db');
  writeFileSync(path, content);
  return path;
}

describe("a real Kapacitor's database", () => {
  it('has the users that Kapacitor lists, in the order of bytes', async () => {
    const users = (await usersOf(KAPACITOR_DB)).map(({ name, type, permissions }) => ({ name, type, permissions }));
    expect(users).toEqual(LISTED);
    expect(users).toHaveLength(34);
  });

  it('reports the user whose name is refused', async () => {
    const refused = (await contentOf(KAPACITOR_DB)).filter((item) => 'refusal' in item);
    expect(refused).toEqual([{ name: '..', refusal: 'username must not be "." or ".."' }]);
  });

  it('keeps every password', async () => {
    for (const { name, hash, enabled } of await usersOf(KAPACITOR_DB)) {
      expect(await bcrypt.compare(passwordOf(name), hash), name).toBe(true);
      expect(enabled).toBe(true);
    }
  });

  it('can be read twice, and at the same time', async () => {
    const file = await openDatabase(KAPACITOR_DB);
    const names = async () => {
      const found: string[] = [];
      for await (const { name } of file.read()) found.push(name);
      return found;
    };
    const [first, second] = await Promise.all([names(), names()]);
    expect(first).toHaveLength(35);
    expect(second).toEqual(first);
    expect(await names()).toEqual(first);
    expect(file.format).toBe('Kapacitor database');
    await file.close();
    await expect(names()).rejects.toThrow(importFailure(KAPACITOR_DB, ''));
  });

  it('is not changed', async () => {
    const before = statSync(KAPACITOR_DB).mtimeMs;
    const path = fileWith(readFileSync(KAPACITOR_DB));
    chmodSync(path, 0o400);
    await contentOf(path);
    expect(readFileSync(path).equals(readFileSync(KAPACITOR_DB))).toBe(true);
    expect(statSync(KAPACITOR_DB).mtimeMs).toBe(before);
  });

  it('is read from the previous transaction if the newest has no valid meta page, as Bolt reads it', async () => {
    const damaged = readFileSync(KAPACITOR_DB);
    damaged.writeUInt8(0, 40);
    damaged.writeUInt8(1, 16 + 50);
    const names = (await usersOf(fileWith(damaged))).map(({ name }) => name);
    // The newest transaction deleted this user.
    expect(names.filter((name) => !LISTED.some((user) => user.name === name))).toEqual(['user00024']);
  });

  it('needs only its newest meta page', async () => {
    const damaged = readFileSync(KAPACITOR_DB).fill(0xff, 4096, 2 * 4096);
    expect(await usersOf(fileWith(damaged))).toHaveLength(34);
  });
});

describe('a file that is not a Kapacitor database', () => {
  const NOT_BOLT = 'it is not a Bolt database, or it is encrypted. Kapacitor keeps its database where [storage] boltdb';

  it.each<[string, string | Buffer, string]>([
    ['is empty', '', NOT_BOLT],
    ['is text', 'john:$2y$10$…\n', NOT_BOLT],
    ['is encrypted', Buffer.alloc(65_536, 'e5a1f00dbeef', 'hex'), NOT_BOLT],
    ['is SQLite', `SQLite format 3\0${'x'.repeat(5000)}`, 'it is an SQLite database'],
    ['is packed', gzipSync(readFileSync(KAPACITOR_DB)), 'it is compressed. Unpack it first'],
    ['is one byte', 'x', NOT_BOLT],
  ])('is refused if it %s', async (_what, content, problem) => {
    const path = fileWith(content);
    await expect(openDatabase(path)).rejects.toThrow(importFailure(`${path} is not a file of users`, problem));
  });

  it('is refused if it is cut off', async () => {
    const path = fileWith(readFileSync(KAPACITOR_DB).subarray(0, 90));
    await expect(openDatabase(path)).rejects.toThrow(
      importFailure(path, 'it is cut off: it has 90 bytes, and should have '),
    );
  });

  it('is refused if it cannot be read', async () => {
    const path = fileWith(readFileSync(KAPACITOR_DB));
    chmodSync(path, 0o000);
    // What root may not, nobody may not.
    if (process.getuid?.() === 0) {
      process.seteuid?.(65_534);
      onTestFinished(() => process.seteuid?.(0));
    }
    await expect(openDatabase(path)).rejects.toThrow(importFailure(path, 'permission denied. Run this as'));
  });

  it("is refused with the names of its buckets if it is another program's Bolt database", async () => {
    const path = join(temporaryFolder(), 'influxd.bolt');
    writeBolt(path, { organizationsv1: [], usersv1: [{ key: 'john', value: '{}' }] }, { versions: false });
    await expect(openDatabase(path)).rejects.toThrow(
      importFailure(
        path,
        `it is a Bolt database, but not Kapacitor's: it has "organizationsv1", "usersv1", and no "user_store". Kapacitor keeps`,
      ),
    );
    writeBolt(path, {}, { versions: false });
    await expect(openDatabase(path)).rejects.toThrow(
      importFailure(path, 'it is a Bolt database, but not Kapacitor\'s: it has nothing at all, and no "user_store"'),
    );
  });

  it('is refused if its Kapacitor never had a user', async () => {
    const path = join(temporaryFolder(), 'kapacitor.db');
    writeBolt(path, {});
    await expect(openDatabase(path)).rejects.toThrow(
      importFailure(path, 'it has no users. This Kapacitor never had any: there is nothing to import'),
    );
  });

  it('has no users, without an error, if all were deleted', async () => {
    const path = join(temporaryFolder(), 'kapacitor.db');
    for (const inline of [true, false]) {
      writeKapacitorDatabase(path, [], { inline });
      expect(await contentOf(path)).toEqual([]);
    }
  });

  it('is recognized by its first bytes', () => {
    const file = readFileSync(KAPACITOR_DB);
    expect(isBoltFile(file)).toBe(true);
    expect(isBoltFile(file.subarray(0, 20))).toBe(true);
    expect(isBoltFile(file.subarray(0, 19))).toBe(false);
    // The second meta page still has the mark.
    expect(isBoltFile(Buffer.from(file).fill(0, 0, 4096).subarray(0, 4116))).toBe(true);
    expect(isBoltFile(Buffer.alloc(65_536))).toBe(false);
    expect(isBoltFile(Buffer.from('john:$2y$10$'))).toBe(false);
  });
});

describe('a database that Kapacitor still writes to', () => {
  const inUse = (path: string) =>
    expect.objectContaining({
      code: 'IMPORT_INVALID',
      message: `${path} is in use: it changed after it was opened. Stop Kapacitor, at least while you copy the file, and import the copy`,
    });

  const changes: [string, (path: string) => void][] = [
    ['its time changes', (path) => utimesSync(path, 1, 1)],
    ['it grows', (path) => appendFileSync(path, Buffer.alloc(4096))],
    ['its users change', (path) => writeKapacitorDatabase(path, [JOHN])],
    ['it is no longer what it was', (path) => writeFileSync(path, Buffer.alloc(32_768))],
  ];

  it.each(changes)('is refused when %s while it is read', async (_what, change) => {
    const path = join(temporaryFolder(), 'kapacitor.db');
    copyFileSync(KAPACITOR_DB, path);
    const file = await openDatabase(path);
    onTestFinished(async () => await file.close());
    const reading = async () => {
      for await (const { name } of file.read()) if (name === 'UPPER') change(path);
    };
    await expect(reading()).rejects.toThrow(inUse(path));
  });

  it.each(changes)('is refused when %s between two readings', async (_what, change) => {
    const path = join(temporaryFolder(), 'kapacitor.db');
    writeKapacitorDatabase(path, [JANE, JOHN]);
    const file = await openDatabase(path);
    onTestFinished(async () => await file.close());
    const names: string[] = [];
    for await (const { name } of file.read()) names.push(name);
    expect(names).toEqual(['jane', 'john']);
    change(path);
    await expect(file.read()[Symbol.asyncIterator]().next()).rejects.toThrow(inUse(path));
  });

  it('is not refused if the reader stops early', async () => {
    const file = await openDatabase(KAPACITOR_DB);
    for await (const { name } of file.read()) if (name === 'UPPER') break;
    await file.close();
    await file.close();
  });
});

describe('the error about a damaged database', () => {
  it('has the problem, the place and the remedy', async () => {
    const damaged = readFileSync(KAPACITOR_DB);
    damaged.write('x', 7 * 4096 + damaged.subarray(7 * 4096).indexOf('user00021'));
    const path = fileWith(damaged);
    await expect(contentOf(path)).rejects.toThrow(
      importFailure(path, `page 7 does not begin with the key that the branch page above it has. ${COPY_AGAIN}`),
    );
  });
});
