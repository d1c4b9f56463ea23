import type { FileHandle } from 'node:fs/promises';
import { openAtOnce } from '../open-at-once.js';
import { readAt } from '../read-at.js';
import { checkMeta, currentMeta, isTreePage } from './current-meta.js';
import { Damage } from './damage.js';
import { hasMagic, META_END, type Meta, PAGE_HEADER, possiblePageSizes } from './meta.js';
import { FREELIST, type PageHeader, parseHeader } from './page.js';
import { PageSet } from './page-set.js';
import { type Bucket, entriesOf, type PageSource, parseBucket } from './tree.js';

/**
 * Bytes. Bolt splits a page that is too long and has more than four elements. Four users with names as long as a key may
 * be are far below this, and a damaged length costs no more memory than this.
 */
const MAX_PAGE_RUN = 2 * 1024 * 1024;

/**
 * Tells whether a file begins as a Bolt database does, be it damaged or not.
 *
 * @param firstBytes 4,116 bytes of the file or more: if the first page lost its mark, the second one still has it
 */
export function isBoltFile(firstBytes: Buffer): boolean {
  return hasMagic(firstBytes) || possiblePageSizes().some((pageSize) => hasMagic(firstBytes, pageSize));
}

/** A Bolt database (go.etcd.io/bbolt), read by positions: of the file no more than a few pages are in memory. */
export class BoltFile implements PageSource {
  readonly #file: FileHandle;
  readonly #meta: Meta;
  readonly #state: string;
  /** The free pages, and those that are no tree's. */
  readonly #taken: PageSet;

  private constructor(file: FileHandle, meta: Meta, state: string) {
    this.#file = file;
    this.#meta = meta;
    this.#state = state;
    this.#taken = new PageSet(meta.highWater);
  }

  /**
   * Opens a database, and checks what concerns the whole of it: its size, its meta pages and its list of free pages.
   *
   * @param source a path, or a file that is open, and is closed with the database or when it is none
   * @throws {Damage} if it is none, or is damaged
   */
  static async open(source: string | FileHandle): Promise<BoltFile> {
    const file = typeof source === 'string' ? await openAtOnce(source) : source;
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) throw new Damage('it is a folder: name the file in it');
      if (!stat.isFile()) throw new Damage('it is no regular file');
      if (stat.size === 0) throw new Damage('it is empty');
      const { pageSize } = await currentMeta(file);
      const state = await stateOf(file, pageSize);
      // Once more: if it was written to in between, this is not what the state is of, and shows at the first reading.
      const meta = await currentMeta(file);
      checkMeta(meta, stat.size);
      const bolt = new BoltFile(file, meta, state);
      await bolt.#takeFreePages();
      return bolt;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get pageSize(): number {
    return this.#meta.pageSize;
  }

  /** The pages that no tree may have. Those of the trees that are read are to be added. */
  takenPages(): PageSet {
    return this.#taken.copy();
  }

  /** The buckets that the root has, which has nothing else. A bucket is looked into when it is asked for its entries. */
  async *buckets(taken: PageSet): AsyncGenerator<readonly [name: string, bucket: Bucket], void, undefined> {
    for await (const entry of entriesOf(this, { root: this.#meta.root }, taken)) {
      const bucket = parseBucket(entry);
      const kept = 'inline' in bucket ? { inline: Buffer.from(bucket.inline) } : bucket;
      yield [entry.key.toString(), kept];
    }
  }

  /** Tells whether the file is as it was when it was opened: no Kapacitor has written since then. */
  async isUnchanged(): Promise<boolean> {
    return (await stateOf(this.#file, this.pageSize)) === this.#state;
  }

  async pageAt(id: number, buffer: Buffer = Buffer.allocUnsafeSlow(this.pageSize)): Promise<Buffer> {
    const { highWater } = this.#meta;
    if (!isTreePage(id, highWater)) throw new Damage(`a page is said to be number ${id}, and there are ${highWater}`);
    await this.#read(buffer, id, this.pageSize);
    const { id: ownId, overflow } = parseHeader(buffer);
    if (ownId !== id) throw new Damage(`page ${id} says of itself that it is page ${ownId}`);
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
      throw new Damage(`page ${freelist} is not the list of free pages that it should be`);
    }
    for (let offset = 0; offset <= header.overflow; offset++) this.#taken.add(freelist + offset);
    let previous = 1;
    for await (const id of this.#freePages(freelist, header, page)) {
      if (!Number.isSafeInteger(id) || id <= previous || id >= highWater || !this.#taken.add(id)) {
        throw new Damage(`page ${freelist} lists a free page out of order or that cannot be free`);
      }
      previous = id;
    }
  }

  /** The ids in the list of free pages, which may be longer than a page. */
  async *#freePages(freelist: number, { count, overflow }: PageHeader, page: Buffer): AsyncGenerator<number> {
    let position = PAGE_HEADER;
    let left = count;
    // A count that does not fit into its two bytes takes the place of the first id.
    if (count === 0xffff) {
      left = Number(page.readBigUInt64LE(position));
      position += 8;
    }
    if (position + left * 8 > (overflow + 1) * this.pageSize) {
      throw new Damage(`page ${freelist} has no room for the ${left} free pages that it lists`);
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

/** Each commit changes the meta pages, and each write the time. */
async function stateOf(file: FileHandle, pageSize: number): Promise<string> {
  const { size, mtimeNs } = await file.stat({ bigint: true });
  const metas = [0, pageSize].map(async (position) => await readAt(file, Buffer.alloc(META_END), position));
  return [size, mtimeNs, ...(await Promise.all(metas)).map((meta) => meta.toString('base64'))].join();
}
