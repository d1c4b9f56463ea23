/** The header that each page begins with, in bytes. */
export const PAGE_HEADER = 16;
/** A page's header and the meta that follows it, in bytes. */
export const META_END: number = PAGE_HEADER + 64;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
/** Where the checksum is: it covers what comes between the header and it. */
const CHECKSUM = META_END - 8;

/** Bytes. Bolt takes the page size of the machine that made the file. */
const MIN_PAGE_SIZE = 1024;
const MAX_PAGE_SIZE = 1024 * 1024;

/** The page id that stands for "the free pages are not listed". */
const NO_FREELIST = 0xffff_ffff_ffff_ffffn;

/** What each commit writes, in turns to page 0 and to page 1. */
export interface Meta {
  /** The page that it was read from, as a position: 0 or 1. */
  readonly place: number;
  /** What the page's header says. */
  readonly id: number;
  readonly flags: number;
  /** Bytes. */
  readonly pageSize: number;
  /** The page that the root bucket begins with. */
  readonly root: number;
  /** The page that lists the free pages. Undefined if none does. */
  readonly freelist: number | undefined;
  /** The first page id that was never used. */
  readonly highWater: number;
  readonly transaction: number;
}

/** The page sizes that a file may have, in bytes: what has to be tried when the first page does not tell. */
export function possiblePageSizes(): number[] {
  const sizes: number[] = [];
  for (let size = MIN_PAGE_SIZE; size <= MAX_PAGE_SIZE; size *= 2) sizes.push(size);
  return sizes;
}

/** Tells whether a Bolt's meta page begins here, whatever its state. */
export function hasMagic(bytes: Buffer, offset = 0): boolean {
  return bytes.length >= offset + PAGE_HEADER + 4 && bytes.readUInt32LE(offset + PAGE_HEADER) === MAGIC;
}

/** Reads a meta page. Answers with what is wrong, as a sentence's end, where Bolt would not use it. */
export function parseMeta(bytes: Buffer, place: number): Meta | string {
  if (bytes.length < META_END) return 'is cut off';
  if (!hasMagic(bytes)) return 'does not have the mark of a Bolt database';
  const version = bytes.readUInt32LE(20);
  if (version !== VERSION) return `is of version ${version} of Bolt's format, and only ${VERSION} is known`;
  if (bytes.readBigUInt64LE(CHECKSUM) !== fnv1a64(bytes.subarray(PAGE_HEADER, CHECKSUM))) {
    return 'does not match its checksum';
  }
  const pageSize = bytes.readUInt32LE(24);
  if (!possiblePageSizes().includes(pageSize)) return `gives a page ${pageSize} bytes, which is no page size`;
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

/** FNV-1a, 64 bits. */
function fnv1a64(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
