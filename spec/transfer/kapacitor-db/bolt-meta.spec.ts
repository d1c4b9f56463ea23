import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entriesFor, writeBolt } from '../../support/bolt-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { changeMeta, type Layout, NAMES, PAGE, recordFor, refusal } from './damaged.js';
import { contentOf, importFailure } from './import.js';

describe("a Bolt file's meta pages", () => {
  it('are refused if neither is valid, with the problem of each', async () => {
    await refusal(({ file }) => {
      file.writeUInt8(1, 60);
      file.writeUInt32LE(3, PAGE + 20);
    }, "neither of its meta pages is valid: page 0 does not match its checksum, page 1 has version 3 of Bolt's format, and only version 2 can be read");
  });

  it('are refused if one is in the wrong place', async () => {
    const message = 'page 1 is not a meta page, or is in the wrong place';
    await refusal(({ file }) => file.writeUInt8(0, PAGE), message);
    await refusal(({ file }) => file.writeUInt8(2, PAGE + 8), message);
    await refusal(({ file }) => {
      file.fill(0, 0, PAGE);
      changeMeta(file, (meta) => meta.writeUInt8(4, 64));
    }, message);
  });

  it('are refused if transactions between them are missing', async () => {
    await refusal(
      ({ file }) => changeMeta(file, (meta) => meta.writeUInt8(5, 64)),
      'its meta pages have the transactions 2 and 5',
    );
    await refusal(({ file }) => file.copy(file, 0, PAGE, 2 * PAGE), 'its meta pages have the transactions 3 and 3');
  });

  it('are refused with an impossible page size, or one in the wrong place', async () => {
    await refusal(({ file }) => {
      file.fill(0, 0, PAGE);
      changeMeta(file, (meta) => meta.writeUInt32LE(5000, 24));
    }, 'neither of its meta pages is valid: page 0 does not have the magic number of Bolt, page 1 has the page size 5000, which Bolt does not use');
    await refusal(({ file }) => {
      file.fill(0, 0, PAGE);
      changeMeta(file, (meta) => meta.writeUInt32LE(8192, 24));
    }, 'neither of its meta pages is valid: page 0 does not have the magic number of Bolt, page 1 has another page size');
  });

  it('are refused with page numbers beyond the file', async () => {
    await refusal(({ file }) => changeMeta(file, (meta) => meta.writeUInt8(1, 32)), 'its root cannot be page 1.');
    await refusal(
      ({ file }) => changeMeta(file, (meta) => meta.writeUInt8(99, 48)),
      'its list of free pages cannot be page 99.',
    );
    await refusal(({ file }) => changeMeta(file, (meta) => meta.writeUInt8(99, 56)), 'it is cut off: it has ');
  });

  it('are refused with more pages than fit into memory, which a sparse file may have', async () => {
    const path = join(temporaryFolder(), 'kapacitor.db');
    writeBolt(path, { user_store: entriesFor(NAMES, recordFor) }, { spare: 2 ** 28, pageSize: 1024 });
    await expect(contentOf(path)).rejects.toThrow(
      importFailure(path, 'it has 268435479 pages, and 268435456 can be read'),
    );
  });

  it('are refused if the file is not a whole number of pages', async () => {
    await refusal(({ file }) => Buffer.concat([file, Buffer.alloc(1)]), 'it is cut off: it has ');
  });
});

describe("a Bolt file's list of free pages", () => {
  it('is refused if its page has another type', async () => {
    const message = (page: number) => `page ${page} is not a list of free pages`;
    await refusal(({ file, root }) => changeMeta(file, (meta) => meta.writeUInt8(root, 48)), message(7));
    await refusal(({ file, freelist }) => file.writeUInt8(3, freelist * PAGE), message(8));
    await refusal(({ file, freelist }) => file.writeUInt8(9, freelist * PAGE + 12), message(8));
  });

  it('is refused if it is longer than its page', async () => {
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

  it('is refused if it has a page in use, which may be outdated', async () => {
    await refusal(() => undefined, 'page 3 is free, or is used twice', { free: [3] });
    await refusal(() => undefined, 'page 7 is free, or is used twice', { free: [7] });
  });
});
