import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entriesOf, PageSet } from '../../../lib/transfer/kapacitor-db/bolt/tree.js';
import { writeBolt } from '../../support/bolt-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { changeMeta, type Layout, PAGE, refusal, SECOND_LEAF } from './damaged.js';
import { contentOf, importFailure } from './import.js';

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

  it('are refused if an inline bucket has an invalid page', async () => {
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
