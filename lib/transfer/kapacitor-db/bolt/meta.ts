import type { FileHandle } from 'node:fs/promises';
import { readAt } from '../../user-file.js';
import { Damage } from '../damage.js';
import { META, PAGE_HEADER } from './page.js';

/** The length of a page header and the meta after it, in bytes. */
export const META_END: number = PAGE_HEADER + 64;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
/** The position of the checksum, which covers the bytes from the header to here. */
const CHECKSUM = META_END - 8;

/** Bytes. Bolt uses the page size of the machine on which it creates a file. */
const MIN_PAGE_SIZE = 1024;
const MAX_PAGE_SIZE = 1024 * 1024;

/** 1 TiB in pages of 4 KiB. Reading takes some bits for each page, so a sparse file could otherwise fill the memory. */
const MAX_PAGES = 2 ** 28;

/** The page id that means "the free pages are not listed". */
const NO_FREELIST = 0xffff_ffff_ffff_ffffn;

/** Each commit writes a meta, to page 0 and page 1 in turn. */
export interface Meta {
  /** The page that it was read from: 0 or 1. */
  readonly place: number;
  /** The id and the flags in the header of that page. */
  readonly id: number;
  readonly flags: number;
  /** Bytes. */
  readonly pageSize: number;
  /** The first page of the root bucket. */
  readonly root: number;
  /** The page that lists the free pages. Undefined if none does. */
  readonly freelist: number | undefined;
  /** The lowest page id that was never used. */
  readonly highWater: number;
  readonly transaction: number;
}

/** All page sizes that Bolt may have used, in bytes. */
export function possiblePageSizes(): number[] {
  const sizes: number[] = [];
  for (let size = MIN_PAGE_SIZE; size <= MAX_PAGE_SIZE; size *= 2) sizes.push(size);
  return sizes;
}

/** Tells whether a meta page begins here, valid or not. */
export function hasMagic(bytes: Buffer, offset = 0): boolean {
  return bytes.length >= offset + PAGE_HEADER + 4 && bytes.readUInt32LE(offset + PAGE_HEADER) === MAGIC;
}

/** Reads the newer one of the two valid metas, which is the one that Bolt would use. */
export async function currentMeta(file: FileHandle): Promise<Meta> {
  const meta0 = parseMeta(await readAt(file, Buffer.alloc(META_END), 0), 0);
  const sizes = typeof meta0 === 'string' ? possiblePageSizes() : [meta0.pageSize];
  let meta1: Meta | string = 'is missing';
  for (const size of sizes) {
    const second = await readAt(file, Buffer.alloc(META_END), size);
    const meta = parseMeta(second, 1);
    if (typeof meta !== 'string' && meta.pageSize === size) meta1 = meta;
    else if (hasMagic(second)) meta1 = typeof meta === 'string' ? meta : 'has another page size';
  }
  const metas = [meta0, meta1].filter((meta) => typeof meta !== 'string');
  const [newest, older] = metas.sort((a, b) => b.transaction - a.transaction);
  if (newest === undefined) throw new Damage(`neither of its meta pages is valid: page 0 ${meta0}, page 1 ${meta1}`);
  if (older !== undefined && newest.transaction !== older.transaction + 1) {
    throw new Damage(`its meta pages have the transactions ${older.transaction} and ${newest.transaction}`);
  }
  return newest;
}

/** Parses a meta page. A string is the end of a sentence that says why Bolt would not use it. */
export function parseMeta(bytes: Buffer, place: number): Meta | string {
  if (bytes.length < META_END) return 'is cut off';
  if (!hasMagic(bytes)) return 'does not have the magic number of Bolt';
  const version = bytes.readUInt32LE(20);
  if (version !== VERSION) return `has version ${version} of Bolt's format, and only version ${VERSION} can be read`;
  if (bytes.readBigUInt64LE(CHECKSUM) !== fnv1a64(bytes.subarray(PAGE_HEADER, CHECKSUM))) {
    return 'does not match its checksum';
  }
  const pageSize = bytes.readUInt32LE(24);
  if (!possiblePageSizes().includes(pageSize)) return `has the page size ${pageSize}, which Bolt does not use`;
  const freelist = bytes.readBigUInt64LE(48);
  return {
    place,
    id: Number(bytes.readBigUInt64LE(0)),
    flags: bytes.readUInt16LE(8),
    pageSize,
    root: Number(bytes.readBigUInt64LE(32)),
    freelist: freelist === NO_FREELIST ? undefined : Number(freelist),
    highWater: Number(bytes.readBigUInt64LE(56)),
    transaction: Number(bytes.readBigUInt64LE(64)),
  };
}

/** @throws {Damage} the meta does not fit its place, or the size of the file */
export function checkMeta({ place, id, flags, ...meta }: Meta, size: number): void {
  // Bolt writes the meta of an even transaction to page 0, and of an odd one to page 1.
  if (id !== place || flags !== META || meta.transaction % 2 !== place) {
    throw new Damage(`page ${place} is not a meta page, or is in the wrong place`);
  }
  if (size % meta.pageSize !== 0 || size < meta.highWater * meta.pageSize) {
    throw new Damage(
      `it is cut off: it has ${size} bytes, and should have ${meta.highWater} pages of ${meta.pageSize} bytes`,
    );
  }
  if (meta.highWater > MAX_PAGES) throw new Damage(`it has ${meta.highWater} pages, and ${MAX_PAGES} can be read`);
  if (!isTreePage(meta.root, meta.highWater)) throw new Damage(`its root cannot be page ${meta.root}`);
  if (meta.freelist !== undefined && !isTreePage(meta.freelist, meta.highWater)) {
    throw new Damage(`its list of free pages cannot be page ${meta.freelist}`);
  }
}

/** Tells whether a tree or the list of free pages may use this page. The first two pages are the metas'. */
export function isTreePage(id: number, highWater: number): boolean {
  return Number.isSafeInteger(id) && id >= 2 && id < highWater;
}

/** FNV-1a, 64 bits. */
function fnv1a64(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
