import { about, Damage } from '../damage.js';
import {
  type BoltEntry,
  checkKeys,
  type LeafPage,
  PAGE_HEADER,
  type ParsedPage,
  parseHeader,
  parsePage,
} from './page.js';

/** The length of a bucket's header, in bytes: the id of the root page, 0 for an inline bucket, and a sequence number. */
const BUCKET_HEADER = 16;

/** A branch page has two branches or more as a rule, so no tree that fits on a disk has more levels. */
const MAX_HEIGHT = 32;

export interface PageSource {
  /** Bytes. */
  readonly pageSize: number;
  /**
   * Reads a page with its overflow pages, into this buffer if it is large enough.
   *
   * @throws {Damage} the page is not where it should be
   */
  pageAt(id: number, buffer: Buffer | undefined): Promise<Buffer>;
}

/** A set of page ids, at one bit each. */
export class PageSet {
  readonly #bits: Uint8Array;

  /** For ids below `size`. */
  constructor(size: number) {
    this.#bits = new Uint8Array(Math.ceil(size / 8));
  }

  /** @returns false if the page was in the set already */
  add(id: number): boolean {
    const place = id >>> 3;
    const bit = 1 << (id & 7);
    const bits = this.#bits[place] ?? 0;
    this.#bits[place] = bits | bit;
    return (bits & bit) === 0;
  }

  copy(): PageSet {
    const copy = new PageSet(this.#bits.length * 8);
    copy.#bits.set(this.#bits);
    return copy;
  }
}

/** A bucket has a tree of its own, or is inline: so small that its only page is in the bucket's value. */
export type Bucket = { readonly root: number } | { readonly inline: Buffer };

export function parseBucket({ key, value, isBucket }: BoltEntry): Bucket {
  if (!isBucket) throw new Damage(`the key ${JSON.stringify(key.toString())} of the root is not a bucket`);
  if (value.length < BUCKET_HEADER) throw new Damage(`the bucket ${JSON.stringify(key.toString())} is cut off`);
  const root = Number(value.readBigUInt64LE(0));
  if (root === 0) return { inline: value.subarray(BUCKET_HEADER) };
  if (value.length > BUCKET_HEADER) throw new Damage(`the bucket ${JSON.stringify(key.toString())} has two roots`);
  return { root };
}

/** A page on the way from the root, and the position of the walk on it. */
interface Level {
  /** Reused for the next page of this level: a walk takes the memory of one page a level. */
  readonly buffer: Buffer;
  readonly page: ParsedPage;
  next: number;
  readonly bound: Buffer | undefined;
}

/** The way to a page: its first key, and the key that all of its keys must be below. */
interface Lead {
  readonly id: number;
  readonly first: Buffer | undefined;
  readonly bound: Buffer | undefined;
}

/**
 * Walks a bucket in the order of its keys, and checks each page on its way. An entry is valid until the next one: its
 * memory is reused.
 *
 * @param taken the pages that the walk must not meet: the free ones, and those of other trees. The walk adds its own pages,
 *   so that it meets none twice.
 * @param from the key to start at. Defaults to the first one.
 * @throws {Damage} that names the page
 */
export async function* entriesOf(
  source: PageSource,
  bucket: Bucket,
  taken: PageSet,
  from?: Buffer,
): AsyncGenerator<BoltEntry, void, undefined> {
  if ('inline' in bucket) return yield* entriesFrom(parseInline(bucket.inline), from);
  const levels: Level[] = [];
  let depth = 0;
  let lead: Lead | undefined = { id: bucket.root, first: undefined, bound: undefined };
  while (depth >= 0) {
    if (lead !== undefined) {
      if (depth === MAX_HEIGHT) throw new Damage(`it has a tree with more than ${MAX_HEIGHT} levels`);
      const entered: Level = await enter(source, lead, taken, from, levels[depth]?.buffer);
      levels[depth] = entered;
      if (entered.page.kind === 'leaf') yield* entriesFrom(entered.page, from);
    }
    lead = nextLead(levels[depth]);
    depth += lead === undefined ? -1 : 1;
  }
}

/** The next page below this one, if there is one. */
function nextLead(level: Level | undefined): Lead | undefined {
  if (level === undefined || level.page.kind === 'leaf') return undefined;
  const branch = level.page.elements[level.next];
  if (branch === undefined) return undefined;
  level.next++;
  return { id: branch.child, first: branch.key, bound: level.page.elements[level.next]?.key ?? level.bound };
}

async function enter(
  source: PageSource,
  { id, first, bound }: Lead,
  taken: PageSet,
  from: Buffer | undefined,
  reusable: Buffer | undefined,
): Promise<Level> {
  const buffer = await source.pageAt(id, reusable);
  return about(`page ${id}`, () => {
    const { overflow } = parseHeader(buffer);
    const bytes = buffer.subarray(0, (overflow + 1) * source.pageSize);
    for (let offset = 0; offset <= overflow; offset++) {
      if (!taken.add(id + offset)) throw new Damage('is free, or is used twice');
    }
    const page = parsePage(bytes);
    // Older versions of Bolt use one more page if the elements fill the last one completely.
    const overflows = [Math.floor((page.used - 1) / source.pageSize), Math.floor(page.used / source.pageSize)];
    if (!overflows.includes(overflow)) throw new Damage(`has ${overflow} overflow pages, which is too many`);
    if (page.kind === 'branch' && page.elements.length === 0) throw new Damage('is a branch page without a branch');
    checkKeys(page, first, bound);
    return { buffer, page, next: page.kind === 'branch' ? startIn(page.elements, from) : 0, bound };
  });
}

/** The index of the last branch that begins at or below a key, or 0. */
function startIn(branches: readonly { readonly key: Buffer }[], from: Buffer | undefined): number {
  if (from === undefined) return 0;
  return Math.max(
    0,
    branches.findLastIndex(({ key }) => key.compare(from) <= 0),
  );
}

function* entriesFrom(page: LeafPage, from: Buffer | undefined): Generator<BoltEntry, void, undefined> {
  for (const entry of page.elements) if (from === undefined || entry.key.compare(from) >= 0) yield entry;
}

function parseInline(bytes: Buffer): LeafPage {
  return about("the page within the bucket's value", () => {
    if (bytes.length < PAGE_HEADER) throw new Damage('is cut off');
    const { id, overflow } = parseHeader(bytes);
    const page = parsePage(bytes);
    if (id !== 0 || overflow !== 0 || page.kind !== 'leaf') throw new Damage('is not the page of an inline bucket');
    if (page.used !== bytes.length) throw new Damage('has bytes after its elements');
    checkKeys(page, undefined, undefined);
    return page;
  });
}
