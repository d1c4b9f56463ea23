import type { FileHandle } from 'node:fs/promises';
import { readAt } from '../../user-file.js';
import { Damage } from '../damage.js';
import { checkMeta, currentMeta, hasMagic, isTreePage, META_END, type Meta, possiblePageSizes } from './meta.js';
import { FREELIST, PAGE_HEADER, type PageHeader, parseHeader } from './page.js';
import { type Bucket, entriesOf, PageSet, type PageSource, parseBucket } from './tree.js';

/**
 * Bytes. Bolt splits a page that is too long and has more than four elements. Four users with the longest names possible
 * take far less, and a damaged length costs no more memory than this.
 */
const MAX_PAGE_RUN = 2 * 1024 * 1024;

/**
 * Tells whether a file begins like a Bolt database, intact or damaged.
 *
 * @param firstBytes the first two pages: the second one has the magic number even if the first one has lost it
 */
export function isBoltFile(firstBytes: Buffer): boolean {
  return hasMagic(firstBytes) || possiblePageSizes().some((pageSize) => hasMagic(firstBytes, pageSize));
}

/** A Bolt database (go.etcd.io/bbolt). A few pages of it are in memory at a time. */
export class BoltFile implements PageSource {
  readonly #file: FileHandle;
  readonly #meta: Meta;
  readonly #state: string;
  /** The pages that belong to no tree. */
  readonly #taken: PageSet;

  private constructor(file: FileHandle, meta: Meta, state: string) {
    this.#file = file;
    this.#meta = meta;
    this.#state = state;
    this.#taken = new PageSet(meta.highWater);
  }

  /**
   * Opens a database, and checks what concerns the whole file: its size, its meta pages and its list of free pages.
   *
   * @param file is closed with the database, but not after an error
   * @throws {Damage}
   */
  static async open(file: FileHandle): Promise<BoltFile> {
    const { size } = await file.stat();
    const { pageSize } = await currentMeta(file);
    const state = await databaseState(file, pageSize);
    // Read again: after a write in between, the meta and the state differ, and the first read of the users reports it.
    const meta = await currentMeta(file);
    checkMeta(meta, size);
    const bolt = new BoltFile(file, meta, state);
    await bolt.#takeFreePages();
    return bolt;
  }

  get pageSize(): number {
    return this.#meta.pageSize;
  }

  /** The pages that no tree may use. A walk of a tree adds those of the tree. */
  takenPages(): PageSet {
    return this.#taken.copy();
  }

  /** The buckets of the root. Their entries are read later. */
  async *buckets(taken: PageSet): AsyncGenerator<readonly [name: string, bucket: Bucket], void, undefined> {
    for await (const entry of entriesOf(this, { root: this.#meta.root }, taken)) {
      const bucket = parseBucket(entry);
      const kept = 'inline' in bucket ? { inline: Buffer.from(bucket.inline) } : bucket;
      yield [entry.key.toString(), kept];
    }
  }

  /** Tells whether the file is as it was when it was opened. */
  async isUnchanged(): Promise<boolean> {
    return (await databaseState(this.#file, this.pageSize)) === this.#state;
  }

  async pageAt(id: number, buffer: Buffer = Buffer.allocUnsafeSlow(this.pageSize)): Promise<Buffer> {
    const { highWater } = this.#meta;
    if (!isTreePage(id, highWater)) throw new Damage(`it refers to page ${id}, and has ${highWater} pages`);
    await this.#read(buffer, id, this.pageSize);
    const { id: ownId, overflow } = parseHeader(buffer);
    if (ownId !== id) throw new Damage(`page ${id} has the number ${ownId}`);
    const size = (overflow + 1) * this.pageSize;
    if (size > MAX_PAGE_RUN || id + overflow >= highWater) {
      throw new Damage(`page ${id} has ${overflow} overflow pages, which is too many`);
    }
    if (overflow === 0) return buffer;
    const run = buffer.length < size ? Buffer.allocUnsafeSlow(size) : buffer;
    await this.#read(run, id, size);
    return run;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #takeFreePages(): Promise<void> {
    for (const id of [0, 1]) this.#taken.add(id);
    const { freelist, highWater } = this.#meta;
    if (freelist === undefined) return;
    const page = Buffer.allocUnsafeSlow(this.pageSize);
    await this.#read(page, freelist, this.pageSize);
    const header = parseHeader(page);
    if (header.id !== freelist || header.flags !== FREELIST || freelist + header.overflow >= highWater) {
      throw new Damage(`page ${freelist} is not a list of free pages`);
    }
    for (let offset = 0; offset <= header.overflow; offset++) this.#taken.add(freelist + offset);
    let previous = 1;
    for await (const id of this.#freePages(freelist, header, page)) {
      if (!Number.isSafeInteger(id) || id <= previous || id >= highWater || !this.#taken.add(id)) {
        throw new Damage(`page ${freelist} lists a free page out of order, or one that cannot be free`);
      }
      previous = id;
    }
  }

  /** The list of free pages may be longer than a page. */
  async *#freePages(freelist: number, { count, overflow }: PageHeader, page: Buffer): AsyncGenerator<number> {
    let position = PAGE_HEADER;
    let left = count;
    // A count that does not fit into two bytes is in the place of the first id.
    if (count === 0xffff) {
      left = Number(page.readBigUInt64LE(position));
      position += 8;
    }
    if (position + left * 8 > (overflow + 1) * this.pageSize) {
      throw new Damage(`page ${freelist} has no room for the ${left} ids of free pages that it counts`);
    }
    for (; left > 0; left--, position += 8) {
      const offset = position % this.pageSize;
      if (offset === 0) await this.#read(page, freelist + position / this.pageSize, this.pageSize);
      yield Number(page.readBigUInt64LE(offset));
    }
  }

  async #read(buffer: Buffer, page: number, size: number): Promise<void> {
    const bytes = await readAt(this.#file, buffer.subarray(0, size), page * this.pageSize);
    if (bytes.length < size) throw new Damage(`it ends within page ${page}`);
  }
}

/** Each commit changes the meta pages, and each write changes the modification time. */
async function databaseState(file: FileHandle, pageSize: number): Promise<string> {
  const { size, mtimeNs } = await file.stat({ bigint: true });
  const metas = [0, pageSize].map(async (position) => await readAt(file, Buffer.alloc(META_END), position));
  return [size, mtimeNs, ...(await Promise.all(metas)).map((meta) => meta.toString('base64'))].join();
}
