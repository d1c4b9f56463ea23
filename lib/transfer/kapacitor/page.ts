import { Damage } from './damage.js';
import { PAGE_HEADER } from './meta.js';

const BRANCH = 0x01;
const LEAF = 0x02;
export const META = 0x04;
export const FREELIST = 0x10;

const KINDS: ReadonlyMap<number, string> = new Map([
  [BRANCH, 'branch'],
  [LEAF, 'leaf'],
  [META, 'meta'],
  [FREELIST, 'freelist'],
]);

/** What a page has of each of its elements, before the keys and values, in bytes. */
const ELEMENT = 16;
/** Bolt's own limit for a key, in bytes. */
const MAX_KEY = 32_768;
/** The flag of a leaf's element whose value is a bucket. */
const IS_BUCKET = 1;

export interface PageHeader {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  /** How many pages follow that belong to this one. */
  readonly overflow: number;
}

/** An element of a leaf page. Key and value are views of the page. */
export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly isBucket: boolean;
}

/** An element of a branch page: a key, and the page that begins with it. */
interface Branch {
  readonly key: Buffer;
  readonly child: number;
}

export interface LeafPage {
  readonly kind: 'leaf';
  readonly elements: readonly Entry[];
  /** How many bytes its header and elements take: those after them are anything. */
  readonly used: number;
}

interface BranchPage {
  readonly kind: 'branch';
  readonly elements: readonly Branch[];
  readonly used: number;
}

/** A page of a tree. */
export type Page = LeafPage | BranchPage;

export function parseHeader(bytes: Buffer): PageHeader {
  return {
    id: Number(bytes.readBigUInt64LE(0)),
    flags: bytes.readUInt16LE(8),
    count: bytes.readUInt16LE(10),
    overflow: bytes.readUInt32LE(12),
  };
}

/**
 * The elements of a page of a tree.
 *
 * Bolt writes keys and values without a gap, in the order of the elements: so there is one place where each can be,
 * and a length that is wrong shows at the next one.
 *
 * @param bytes the page with its overflow pages
 * @throws {Damage} that says what is wrong, as in `has …`
 */
export function parsePage(bytes: Buffer): Page {
  const { flags, count } = parseHeader(bytes);
  if (flags !== LEAF && flags !== BRANCH) {
    throw new Damage(`is a ${kindOf(flags)} page, where a leaf or a branch page must be`);
  }
  let end = PAGE_HEADER + count * ELEMENT;
  if (end > bytes.length) throw new Damage(`has ${count} elements, which it has no room for`);
  const leaf: Entry[] = [];
  const branch: Branch[] = [];
  for (let index = 0; index < count; index++) {
    const element = PAGE_HEADER + index * ELEMENT;
    // The first four bytes of a leaf's element are its flags, and a branch's element has none.
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
 * @param first what the branch that led here says that the first key is. Undefined for the first page of a tree.
 * @param bound what each key must be below. Undefined at a tree's right rim.
 */
export function checkKeys(page: Page, first: Buffer | undefined, bound: Buffer | undefined): void {
  const { elements } = page;
  if (first !== undefined && elements[0]?.key.equals(first) !== true) {
    throw new Damage('does not begin with the key that the branch page above it gives it');
  }
  elements.forEach(({ key }, index) => {
    const previous = elements[index - 1];
    if (previous !== undefined && previous.key.compare(key) >= 0) {
      throw new Damage(`does not have its keys in order: element ${index} is not above the one before it`);
    }
  });
  const last = elements.at(-1);
  if (bound !== undefined && last !== undefined && last.key.compare(bound) >= 0) {
    throw new Damage('has keys that belong to the page after it');
  }
}

/** What to call a page with these flags. */
function kindOf(flags: number): string {
  return KINDS.get(flags) ?? `0x${flags.toString(16)}`;
}
