import { Damage } from '../damage.js';

/** The length of the header at the beginning of each page, in bytes. */
export const PAGE_HEADER = 16;

const BRANCH = 0x01;
const LEAF = 0x02;
export const META = 0x04;
export const FREELIST = 0x10;

const PAGE_KINDS: ReadonlyMap<number, string> = new Map([
  [BRANCH, 'branch'],
  [LEAF, 'leaf'],
  [META, 'meta'],
  [FREELIST, 'freelist'],
]);

/** The length of the header of an element, in bytes. The headers come before all keys and values. */
const ELEMENT = 16;
/** Bolt's limit for a key, in bytes. */
const MAX_KEY = 32_768;
/** The flag of an element whose value is a bucket. */
const IS_BUCKET = 1;

export interface PageHeader {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  /** The number of the pages after this one that belong to it. */
  readonly overflow: number;
}

/** An element of a leaf page. Key and value are views of the page. */
export interface BoltEntry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly isBucket: boolean;
}

/** An element of a branch page: the id of a page, and the first key of that page. */
interface Branch {
  readonly key: Buffer;
  readonly child: number;
}

export interface LeafPage {
  readonly kind: 'leaf';
  readonly elements: readonly BoltEntry[];
  /** The bytes that the header and the elements take. Bolt does not clear those after them. */
  readonly used: number;
}

interface BranchPage {
  readonly kind: 'branch';
  readonly elements: readonly Branch[];
  readonly used: number;
}

export type ParsedPage = LeafPage | BranchPage;

export function parseHeader(bytes: Buffer): PageHeader {
  return {
    id: Number(bytes.readBigUInt64LE(0)),
    flags: bytes.readUInt16LE(8),
    count: bytes.readUInt16LE(10),
    overflow: bytes.readUInt32LE(12),
  };
}

/**
 * Parses a page of a tree.
 *
 * Bolt writes keys and values without gaps, in the order of the elements. Each can therefore be in one place only, and a
 * wrong length is noticed at the next element.
 *
 * @param bytes the page with its overflow pages
 * @throws {Damage} with a message such as `has …`: the caller names the page
 */
export function parsePage(bytes: Buffer): ParsedPage {
  const { flags, count } = parseHeader(bytes);
  if (flags !== LEAF && flags !== BRANCH) {
    throw new Damage(
      `is a ${PAGE_KINDS.get(flags) ?? `0x${flags.toString(16)}`} page, and should be a leaf or a branch page`,
    );
  }
  let end = PAGE_HEADER + count * ELEMENT;
  if (end > bytes.length) throw new Damage(`has ${count} elements, which do not fit`);
  const leaf: BoltEntry[] = [];
  const branch: Branch[] = [];
  for (let index = 0; index < count; index++) {
    const element = PAGE_HEADER + index * ELEMENT;
    // The element of a leaf begins with four bytes of flags. The element of a branch has none.
    const position = bytes.readUInt32LE(flags === LEAF ? element + 4 : element);
    const keySize = bytes.readUInt32LE(flags === LEAF ? element + 8 : element + 4);
    const valueSize = flags === LEAF ? bytes.readUInt32LE(element + 12) : 0;
    if (element + position !== end) throw new Damage(`has its element ${index} in the wrong place`);
    if (keySize === 0 || keySize > MAX_KEY) throw new Damage(`has a key of ${keySize} bytes as its element ${index}`);
    if (end + keySize + valueSize > bytes.length) throw new Damage(`ends within its element ${index}`);
    const key = bytes.subarray(end, end + keySize);
    end += keySize + valueSize;
    if (flags === LEAF) {
      const flag = bytes.readUInt32LE(element);
      if (flag !== 0 && flag !== IS_BUCKET) throw new Damage(`has unknown flags on its element ${index}`);
      leaf.push({ key, value: bytes.subarray(end - valueSize, end), isBucket: flag === IS_BUCKET });
    } else {
      branch.push({ key, child: Number(bytes.readBigUInt64LE(element + 8)) });
    }
  }
  return flags === LEAF ? { kind: 'leaf', elements: leaf, used: end } : { kind: 'branch', elements: branch, used: end };
}

/**
 * Checks the order of a page's keys.
 *
 * @param first the first key, as the branch page above has it. Undefined for the root page of a tree.
 * @param bound the key that all keys must be below. Undefined at the right edge of a tree.
 */
export function checkKeys(page: ParsedPage, first: Buffer | undefined, bound: Buffer | undefined): void {
  const { elements } = page;
  if (first !== undefined && elements[0]?.key.equals(first) !== true) {
    throw new Damage('does not begin with the key that the branch page above it has');
  }
  elements.forEach(({ key }, index) => {
    const previous = elements[index - 1];
    if (previous !== undefined && previous.key.compare(key) >= 0) {
      throw new Damage(`has keys out of order: the key of element ${index} is not above the one before it`);
    }
  });
  const last = elements.at(-1);
  if (bound !== undefined && last !== undefined && last.key.compare(bound) >= 0) {
    throw new Damage('has keys that belong on the next page');
  }
}
