import { Damage, naming } from './damage.js';
import { PAGE_HEADER } from './meta.js';
import { checkKeys, type Entry, type LeafPage, type Page, parseHeader, parsePage } from './page.js';
import type { PageSet } from './page-set.js';

/** A bucket's header: the root's page id, 0 for a bucket that is inline, and a sequence number. */
const BUCKET_HEADER = 16;

/** A page has two branches or more as a rule: no tree that fits on a disk is higher than this. */
const MAX_HEIGHT = 32;

/** Where a tree's pages come from. */
export interface PageSource {
  /** Bytes. */
  readonly pageSize: number;
  /**
   * The page with its overflow pages, in this buffer if it is large enough.
   *
   * @throws {Damage} for a page that is not where it should be
   */
  pageAt(id: number, buffer: Buffer | undefined): Promise<Buffer>;
}

/** A bucket has a tree of its own, or is so small that its one page stands in the bucket's value. */
export type Bucket = { readonly root: number } | { readonly inline: Buffer };

export function parseBucket({ key, value, isBucket }: Entry): Bucket {
  if (!isBucket) throw new Damage(`the root bucket has the key ${JSON.stringify(key.toString())}, which is no bucket`);
  if (value.length < BUCKET_HEADER) throw new Damage(`the bucket ${JSON.stringify(key.toString())} is cut off`);
  const root = Number(value.readBigUInt64LE(0));
  if (root === 0) return { inline: value.subarray(BUCKET_HEADER) };
  if (value.length > BUCKET_HEADER) throw new Damage(`the bucket ${JSON.stringify(key.toString())} has two roots`);
  return { root };
}

/** A page on the way from the root, and where on it the walk is. */
interface Level {
  /** Used again for the next page of this depth: a walk takes the memory of one page a level. */
  readonly buffer: Buffer;
  readonly page: Page;
  next: number;
  readonly bound: Buffer | undefined;
}

/** A page that a branch leads to: what its first key is, and what its keys must be below. */
interface Lead {
  readonly id: number;
  readonly first: Buffer | undefined;
  readonly bound: Buffer | undefined;
}

/**
 * Walks a bucket in the order of its keys, and checks each page that it comes by. An entry is to be looked at before
 * the next one is asked for: its memory is used again.
 *
 * @param taken pages that must not be met: the free ones, and those of other trees. What the walk meets is added, so that
 *   it never meets a page twice
 * @param from the key to begin with, or with the first one above it
 * @throws {Damage} that says what is wrong with which page
 */
export async function* entriesOf(
  source: PageSource,
  bucket: Bucket,
  taken: PageSet,
  from?: Buffer,
): AsyncGenerator<Entry, void, undefined> {
  if ('inline' in bucket) return yield* entriesFrom(parseInline(bucket.inline), from);
  const levels: Level[] = [];
  let depth = 0;
  let lead: Lead | undefined = { id: bucket.root, first: undefined, bound: undefined };
  while (depth >= 0) {
    if (lead !== undefined) {
      if (depth === MAX_HEIGHT) throw new Damage(`it has ${MAX_HEIGHT} branch pages one below the other`);
      const entered: Level = await enter(source, lead, taken, from, levels[depth]?.buffer);
      levels[depth] = entered;
      if (entered.page.kind === 'leaf') yield* entriesFrom(entered.page, from);
    }
    lead = nextLead(levels[depth]);
    depth += lead === undefined ? -1 : 1;
  }
}

/** What comes next below this page, if anything does. */
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
  return naming(`page ${id}`, () => {
    const { overflow } = parseHeader(buffer);
    const bytes = buffer.subarray(0, (overflow + 1) * source.pageSize);
    for (let offset = 0; offset <= overflow; offset++) {
      if (!taken.add(id + offset)) throw new Damage('is free, or belongs to something else as well');
    }
    const page = parsePage(bytes);
    // Older versions of Bolt take one page more where the elements fill the last one to its end.
    const overflows = [Math.floor((page.used - 1) / source.pageSize), Math.floor(page.used / source.pageSize)];
    if (!overflows.includes(overflow)) throw new Damage(`has ${overflow} overflow pages, which it does not need`);
    if (page.kind === 'branch' && page.elements.length === 0) throw new Damage('is a branch page without a branch');
    checkKeys(page, first, bound);
    return { buffer, page, next: page.kind === 'branch' ? startIn(page.elements, from) : 0, bound };
  });
}

/** The last branch that does not begin above a key, or the first one. */
function startIn(branches: readonly { readonly key: Buffer }[], from: Buffer | undefined): number {
  if (from === undefined) return 0;
  return Math.max(
    0,
    branches.findLastIndex(({ key }) => key.compare(from) <= 0),
  );
}

function* entriesFrom(page: LeafPage, from: Buffer | undefined): Generator<Entry, void, undefined> {
  for (const entry of page.elements) if (from === undefined || entry.key.compare(from) >= 0) yield entry;
}

function parseInline(bytes: Buffer): LeafPage {
  return naming("the page within the bucket's value", () => {
    if (bytes.length < PAGE_HEADER) throw new Damage('is cut off');
    const { id, overflow } = parseHeader(bytes);
    const page = parsePage(bytes);
    if (id !== 0 || overflow !== 0 || page.kind !== 'leaf') throw new Damage('is no page of an inline bucket');
    if (page.used !== bytes.length) throw new Damage('has bytes after its elements');
    checkKeys(page, undefined, undefined);
    return page;
  });
}
