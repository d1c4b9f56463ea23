import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entriesOf, PageSet } from '../../../lib/transfer/kapacitor-db/bolt/tree.js';
import {
  type BoltEntry,
  type BoltOptions,
  entriesFor,
  privilegesOf,
  recordOf,
  withChecksum,
  writeBolt,
} from '../../support/bolt-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { contentOf, importFailure } from './import.js';

const HASH = `$2a$10$${'.'.repeat(53)}`;
const recordFor = (name: string) => recordOf({ name, hash: HASH, privileges: privilegesOf(['api']) });
const NAMES = Array.from({ length: 30 }, (_, index) => `user${index + 10}`);
const PAGE = 4096;

/** What is written for 30 users: leaves from page 2 on, the root of the users, the root of all, the list of free pages. */
const SECOND_LEAF = 3;

interface Layout {
  readonly file: Buffer;
  /** The page of the users' branches. */
  readonly users: number;
  readonly root: number;
  readonly freelist: number;
}

/** A file that is refused, and with what message. */
async function refusal(change: (layout: Layout) => unknown, message: string, options: BoltOptions = {}): Promise<void> {
  const path = join(temporaryFolder(), 'kapacitor.db');
  writeBolt(path, { user_store: entriesFor(NAMES, recordFor) }, options);
  const file = readFileSync(path);
  // The transaction 2 is that of page 0, and page 1 has the newest.
  const root = Number(file.readBigUInt64LE(PAGE + 32));
  const changed = change({ file, users: root - 1, root, freelist: root + 1 });
  writeFileSync(path, Buffer.isBuffer(changed) ? changed : file);
  await expect(contentOf(path)).rejects.toThrow(importFailure(path, message));
}

/** A file whose users' bucket has these entries. */
async function refusalOf(entries: readonly BoltEntry[], message: string): Promise<void> {
  const path = join(temporaryFolder(), 'kapacitor.db');
  writeBolt(path, { user_store: entries });
  await expect(contentOf(path)).rejects.toThrow(importFailure(path, message));
}

const changeMeta = (file: Buffer, change: (meta: Buffer) => unknown) => {
  const meta = file.subarray(PAGE, 2 * PAGE);
  change(meta);
  withChecksum(meta);
};

describe("a Bolt file's meta pages", () => {
  it('are refused when neither is valid, with what is wrong with each', async () => {
    await refusal(({ file }) => {
      file.writeUInt8(1, 60);
      file.writeUInt32LE(3, PAGE + 20);
    }, "neither of its meta pages is valid: page 0 does not match its checksum, page 1 has version 3 of Bolt's format, and only version 2 can be read");
  });

  it('are refused when one is not where it was written', async () => {
    const message = 'page 1 is not a meta page, or is in the wrong place';
    await refusal(({ file }) => file.writeUInt8(0, PAGE), message);
    await refusal(({ file }) => file.writeUInt8(2, PAGE + 8), message);
    await refusal(({ file }) => {
      file.fill(0, 0, PAGE);
      changeMeta(file, (meta) => meta.writeUInt8(4, 64));
    }, message);
  });

  it('are refused when there are transactions between them', async () => {
    await refusal(
      ({ file }) => changeMeta(file, (meta) => meta.writeUInt8(5, 64)),
      'its meta pages have the transactions 2 and 5',
    );
    await refusal(({ file }) => file.copy(file, 0, PAGE, 2 * PAGE), 'its meta pages have the transactions 3 and 3');
  });

  it('are refused with a page size that none has, or that is not where they are', async () => {
    await refusal(({ file }) => {
      file.fill(0, 0, PAGE);
      changeMeta(file, (meta) => meta.writeUInt32LE(5000, 24));
    }, 'neither of its meta pages is valid: page 0 does not have the magic number of Bolt, page 1 has the page size 5000, which Bolt does not use');
    await refusal(({ file }) => {
      file.fill(0, 0, PAGE);
      changeMeta(file, (meta) => meta.writeUInt32LE(8192, 24));
    }, 'neither of its meta pages is valid: page 0 does not have the magic number of Bolt, page 1 has another page size');
  });

  it('are refused with pages that there are not', async () => {
    await refusal(({ file }) => changeMeta(file, (meta) => meta.writeUInt8(1, 32)), 'its root cannot be page 1.');
    await refusal(
      ({ file }) => changeMeta(file, (meta) => meta.writeUInt8(99, 48)),
      'its list of free pages cannot be page 99.',
    );
    await refusal(({ file }) => changeMeta(file, (meta) => meta.writeUInt8(99, 56)), 'it is cut off: it has ');
  });

  it('are refused with more pages than can be kept in mind, which a file with holes may have', async () => {
    const path = join(temporaryFolder(), 'kapacitor.db');
    writeBolt(path, { user_store: entriesFor(NAMES, recordFor) }, { spare: 2 ** 28, pageSize: 1024 });
    await expect(contentOf(path)).rejects.toThrow(
      importFailure(path, 'it has 268435479 pages, and 268435456 can be read'),
    );
  });

  it('are refused when the file is not a whole number of pages', async () => {
    await refusal(({ file }) => Buffer.concat([file, Buffer.alloc(1)]), 'it is cut off: it has ');
  });
});

describe("a Bolt file's list of free pages", () => {
  it('is refused when its page is another', async () => {
    const message = (page: number) => `page ${page} is not a list of free pages`;
    await refusal(({ file, root }) => changeMeta(file, (meta) => meta.writeUInt8(root, 48)), message(7));
    await refusal(({ file, freelist }) => file.writeUInt8(3, freelist * PAGE), message(8));
    await refusal(({ file, freelist }) => file.writeUInt8(9, freelist * PAGE + 12), message(8));
  });

  it('is refused when it is longer than its page', async () => {
    const change = ({ file, freelist }: Layout) => file.writeUInt16LE(511, freelist * PAGE + 10);
    await refusal(change, 'page 8 has no room for the 511 ids of free pages that it counts');
    await refusal(({ file, freelist }) => {
      file.writeUInt16LE(0xffff, freelist * PAGE + 10);
      file.writeBigUInt64LE(2n ** 60n, freelist * PAGE + 16);
    }, 'page 8 has no room for the 1152921504606847000 ids of free pages that it counts');
  });

  it.each([[[1]], [[8]], [[99]], [[3, 2]], [[3, 3]]])('is refused with the pages %j', async (free) => {
    await refusal(() => undefined, 'page 8 lists a free page out of order, or one that cannot be free', { free });
  });

  it('is refused when it has a page that is used: what is there may be of the past', async () => {
    await refusal(() => undefined, 'page 3 is free, or is used twice', { free: [3] });
    await refusal(() => undefined, 'page 7 is free, or is used twice', { free: [7] });
  });
});

describe("a Bolt file's pages", () => {
  const leaf = SECOND_LEAF * PAGE;

  it.each<[string, (layout: Layout) => unknown, string]>([
    ['another number', ({ file }) => file.writeUInt8(7, leaf), 'page 3 has the number 7'],
    [
      'a meta page’s flags',
      ({ file }) => file.writeUInt8(4, leaf + 8),
      'page 3 is a meta page, and should be a leaf or a branch',
    ],
    [
      'unknown flags',
      ({ file }) => file.writeUInt8(3, leaf + 8),
      'page 3 is a 0x3 page, and should be a leaf or a branch',
    ],
    [
      'too many elements',
      ({ file }) => file.writeUInt16LE(999, leaf + 10),
      'page 3 has 999 elements, which do not fit',
    ],
    [
      'an element too few',
      ({ file }) => file.writeUInt16LE(file.readUInt16LE(leaf + 10) - 1, leaf + 10),
      'page 3 has its element 0 in the wrong place',
    ],
    [
      'no elements',
      ({ file }) => file.writeUInt16LE(0, leaf + 10),
      'page 3 does not begin with the key that the branch page above it has',
    ],
    [
      'overflow pages that it does not need',
      ({ file }) => file.writeUInt32LE(1, leaf + 12),
      'page 3 has 1 overflow pages, which is too many',
    ],
    [
      'overflow pages beyond the end',
      ({ file }) => file.writeUInt32LE(40, leaf + 12),
      'page 3 has 40 overflow pages, which is too many',
    ],
    [
      'overflow pages without end',
      ({ file }) => file.writeUInt32LE(2 ** 32 - 1, leaf + 12),
      'page 3 has 4294967295 overflow pages, which is too many',
    ],
    [
      'unknown flags on an element',
      ({ file }) => file.writeUInt8(2, leaf + 16),
      'page 3 has unknown flags on its element 0',
    ],
    [
      'an element elsewhere',
      ({ file }) => file.writeUInt32LE(9, leaf + 20),
      'page 3 has its element 0 in the wrong place',
    ],
    ['an empty key', ({ file }) => file.writeUInt32LE(0, leaf + 24), 'page 3 has a key of 0 bytes as its element 0'],
    [
      'a key that is too long',
      ({ file }) => file.writeUInt32LE(32_769, leaf + 24),
      'page 3 has a key of 32769 bytes as its element 0',
    ],
    [
      'a value that is too long',
      ({ file }) => file.writeUInt32LE(2 ** 31, leaf + 28),
      'page 3 ends within its element 0',
    ],
    ['a bucket among the users', ({ file }) => file.writeUInt8(1, leaf + 16), 'it has a bucket among the users'],
    [
      'another first key',
      ({ file }) => file.write('x', leaf + file.subarray(leaf).indexOf('user')),
      'page 3 does not begin with the key',
    ],
    [
      'keys out of order',
      ({ file }) => file.write('/users/data/user00', leaf + file.subarray(leaf).indexOf('/users/data/user', 300)),
      'page 3 has keys out of order: the key of element 1',
    ],
    [
      'a key of the page after it',
      ({ file }) => file.write('z', 2 * PAGE + file.subarray(2 * PAGE, 3 * PAGE).lastIndexOf('/users/data/user') + 12),
      'page 2 has keys that belong on the next page',
    ],
    [
      'a bucket that is cut off',
      ({ file, root }) => file.writeUInt32LE(15, root * PAGE + 28),
      'page 7 has its element 1 in the wrong place',
    ],
    [
      'a key that is no bucket',
      ({ file, root }) => file.writeUInt8(0, root * PAGE + 16),
      'the key "user_store" of the root is not a bucket',
    ],
    [
      'a bucket with two roots',
      ({ file, root }) => file.writeUInt8(2, root * PAGE + file.subarray(root * PAGE).indexOf('versions') + 8),
      'the bucket "versions" has two roots',
    ],
    [
      'a branch that leads back',
      ({ file, users }) => file.writeUInt8(users, users * PAGE + 24),
      'page 6 is free, or is used twice',
    ],
    [
      'a branch that leads to another',
      ({ file, users }) => file.writeUInt8(SECOND_LEAF, users * PAGE + 24),
      'page 3 does not begin with the key',
    ],
    [
      'a branch that leads nowhere',
      ({ file, users }) => file.writeUInt8(99, users * PAGE + 24),
      'it refers to page 99, and has 9 pages',
    ],
    [
      'a branch page without branches',
      ({ file, users }) => file.writeUInt16LE(0, users * PAGE + 10),
      'page 6 is a branch page without a branch',
    ],
  ])('are refused with %s', async (_what, change, message) => {
    await refusal(change, message);
  });

  it('are refused when a bucket’s header is cut off', async () => {
    const path = join(temporaryFolder(), 'kapacitor.db');
    writeBolt(path, {}, { versions: false });
    const file = readFileSync(path);
    const page = Number(file.readBigUInt64LE(PAGE + 32)) * PAGE;
    file.writeUInt16LE(1, page + 10);
    [1, 16, 10, 3].forEach((word, index) => void file.writeUInt32LE(word, page + 16 + index * 4));
    file.write('user_store...', page + 32);
    writeFileSync(path, file);
    await expect(contentOf(path)).rejects.toThrow(importFailure(path, 'the bucket "user_store" is cut off'));
  });

  it('are refused when an inline bucket’s page is none', async () => {
    const prefix = "the page within the bucket's value";
    const inline = { inline: true };
    const at = (file: Buffer) =>
      file.indexOf('user_store', 3 * PAGE > file.length ? 0 : 2 * PAGE) + 'user_store'.length + 16;
    await refusal(({ file }) => file.writeUInt8(1, at(file)), `${prefix} is not the page of an inline bucket`, inline);
    await refusal(
      ({ file }) => file.writeUInt8(1, at(file) + 12),
      `${prefix} is not the page of an inline bucket`,
      inline,
    );
    await refusal(({ file }) => file.writeUInt8(8, at(file) + 8), `${prefix} is a 0x8 page`, inline);
  });
});

describe("a Bolt file's trees", () => {
  it('are refused when they are higher than any tree is', async () => {
    await refusal(({ file, users, root }) => {
      const pages = file.length / PAGE;
      const key = '/users/data/user10';
      // Each of these has one branch, which leads to the one before it.
      const chain = Array.from({ length: 40 }, (_, index) => {
        const page = Buffer.alloc(PAGE);
        page.writeBigUInt64LE(BigInt(pages + index), 0);
        page.writeUInt16LE(1, 8);
        page.writeUInt16LE(1, 10);
        page.writeUInt32LE(16, 16);
        page.writeUInt32LE(key.length, 20);
        page.writeBigUInt64LE(BigInt(index === 0 ? users : pages + index - 1), 24);
        page.write(key, 32);
        return page;
      });
      file.writeUInt8(pages + 39, root * PAGE + file.subarray(root * PAGE).indexOf('user_store') + 'user_store'.length);
      changeMeta(file, (meta) => meta.writeUInt8(pages + 40, 56));
      return Buffer.concat([file, ...chain]);
    }, 'it has a tree with more than 32 levels');
  });

  it('are refused within a value that is cut off or too long', async () => {
    const source = { pageSize: PAGE, pageAt: async () => await Promise.reject(new Error('no page is to be read')) };
    const read = async (inline: Buffer) => await entriesOf(source, { inline }, new PageSet(8)).next();
    const empty = Buffer.alloc(16);
    empty.writeUInt16LE(2, 8);
    expect(await read(empty)).toEqual({ done: true, value: undefined });
    await expect(read(empty.subarray(1))).rejects.toThrow("the page within the bucket's value is cut off");
    await expect(read(Buffer.concat([empty, empty]))).rejects.toThrow('has bytes after its elements');
  });
});

describe("a Kapacitor's users and their index", () => {
  const record = (name: string): BoltEntry => ({ key: `/users/data/${name}`, value: recordFor(name) });
  const index = (name: string, value = name): BoltEntry => ({ key: `/users/indexes/username/${name}`, value });

  it.each<[string, BoltEntry[], string]>([
    [
      'a user is not in the index',
      [record('a'), record('b'), index('a')],
      'the users and their index differ: "b" beside nothing',
    ],
    [
      'the index has a user more',
      [record('a'), index('a'), index('b')],
      'the index has the user "b", and there is no such user',
    ],
    ['they have different users', [record('a'), index('b')], 'the users and their index differ: "a" beside "b"'],
    ['the index leads to another', [record('a'), index('a', 'b')], 'the index leads from "a" to another user'],
    ['".." is not in the index', [record('..')], 'the user ".." is not in the index'],
    [
      'only the index has ".."',
      [record('a'), { key: '/users/indexes', value: '..' }, index('a')],
      'the index has the user "..", and there is no such user',
    ],
    [
      '".." leads to another',
      [record('..'), { key: '/users/indexes', value: 'x' }],
      'the index leads from ".." to another user',
    ],
    [
      'the record is of another',
      [{ key: '/users/data/a', value: recordFor('b') }, index('a')],
      'the record of the user "a" is that of another user',
    ],
    [
      'a key is none of theirs',
      [{ key: '/tasks/data/a', value: '' }],
      'it has the key "/tasks/data/a" among the users, which Kapacitor never writes',
    ],
    ['a key comes after theirs', [{ key: '/users/x', value: '' }], 'it has the key "/users/x" among the users'],
    [
      'another index is there',
      [{ key: '/users/indexes/id/a', value: 'a' }],
      'it has the key "/users/indexes/id/a" among',
    ],
    [
      'a step is in the index by its name',
      [record('..'), index('..')],
      'it has the key "/users/indexes/username/.." among',
    ],
    ['a name is empty', [record('')], 'it has the key "/users/data/" among the users'],
    ['a name is a path', [record('a/b'), index('a/b')], 'it has the key "/users/indexes/username/a/b" among the users'],
    [
      'a name is not UTF-8',
      [{ key: Buffer.from([...Buffer.from('/users/data/'), 0xff]), value: '' }],
      'it has a user whose key is not UTF-8',
    ],
    ['a token has no index', [record('_sub:s3cret')], 'the users and their index differ: "_sub:…" beside nothing'],
    [
      'a token’s key is odd',
      [{ key: '/users/data/_sub:s3cret/x', value: '' }],
      'it has the key "/users/data/_sub:…" among the users',
    ],
  ])('are refused when %s', async (_what, entries, message) => {
    await refusalOf(entries, message);
  });
});
