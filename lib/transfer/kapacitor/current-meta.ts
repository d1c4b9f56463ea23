import type { FileHandle } from 'node:fs/promises';
import { readAt } from '../read-at.js';
import { Damage } from './damage.js';
import { hasMagic, META_END, type Meta, parseMeta, possiblePageSizes } from './meta.js';
import { META } from './page.js';

/** What to do about a file that is no Kapacitor's. */
export const WHERE_IT_IS =
  "Kapacitor's database is where [storage] boltdb in its kapacitor.conf says: /var/lib/kapacitor/kapacitor.db as a rule";
const UNPACK = 'Unpack it, and import what was in it';

/** What begins like this is no Bolt database, and says so. */
const OTHER_FORMATS: readonly (readonly [beginning: Buffer, name: string, remedy?: string])[] = [
  [Buffer.from('SQLite format 3\0'), 'an SQLite database'],
  [Buffer.from([0x1f, 0x8b]), 'packed with gzip', UNPACK],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'packed with zstd', UNPACK],
  [Buffer.from('PK\x03\x04'), 'packed with zip', UNPACK],
];

/** 1 TiB in pages of 4 KiB. While a file is read, a few bits are kept for each: a sparse file must not take all memory. */
const MAX_PAGES = 2 ** 28;

/** The newer one of the two metas that are valid: what Bolt uses when it opens the file. */
export async function currentMeta(file: FileHandle): Promise<Meta> {
  const first = await readAt(file, Buffer.alloc(META_END), 0);
  const meta0 = parseMeta(first, 0);
  const sizes = typeof meta0 === 'string' ? possiblePageSizes() : [meta0.pageSize];
  let meta1: Meta | string = 'is missing';
  let looksLikeBolt = hasMagic(first);
  for (const size of sizes) {
    const second = await readAt(file, Buffer.alloc(META_END), size);
    looksLikeBolt ||= hasMagic(second);
    const meta = parseMeta(second, 1);
    if (typeof meta !== 'string' && meta.pageSize === size) meta1 = meta;
    else if (hasMagic(second)) meta1 = typeof meta === 'string' ? meta : 'gives another page size';
  }
  if (!looksLikeBolt) throw foreign(first);
  const metas = [meta0, meta1].filter((meta) => typeof meta !== 'string');
  const [newest, older] = metas.sort((a, b) => b.transaction - a.transaction);
  if (newest === undefined) throw new Damage(`neither of its meta pages is valid: page 0 ${meta0}, page 1 ${meta1}`);
  if (older !== undefined && newest.transaction !== older.transaction + 1) {
    throw new Damage(`its meta pages are of transactions ${older.transaction} and ${newest.transaction}`);
  }
  return newest;
}

function foreign(beginning: Buffer): Damage {
  const format = OTHER_FORMATS.find(([bytes]) => beginning.subarray(0, bytes.length).equals(bytes));
  const [, name = 'not a Bolt database, or an encrypted one', remedy = WHERE_IT_IS] = format ?? [];
  return new Damage(`it is ${name}`, remedy);
}

export function checkMeta({ place, id, flags, ...meta }: Meta, size: number): void {
  // Bolt writes a transaction's meta to the page of its parity: in another place it was put by something else.
  if (id !== place || flags !== META || meta.transaction % 2 !== place) {
    throw new Damage(`page ${place} is not the meta page that it should be`);
  }
  if (size % meta.pageSize !== 0 || size < meta.highWater * meta.pageSize) {
    throw new Damage(`it is cut off: it has ${size} bytes of the ${meta.highWater} pages of ${meta.pageSize} bytes`);
  }
  if (meta.highWater > MAX_PAGES) throw new Damage(`it has ${meta.highWater} pages, and ${MAX_PAGES} can be read`);
  if (!isTreePage(meta.root, meta.highWater)) throw new Damage(`its root is said to be page ${meta.root}`);
  if (meta.freelist !== undefined && !isTreePage(meta.freelist, meta.highWater)) {
    throw new Damage(`its list of free pages is said to be page ${meta.freelist}`);
  }
}

/** Tells whether a tree or the list of free pages may have this page: the first two are the metas'. */
export function isTreePage(id: number, highWater: number): boolean {
  return Number.isSafeInteger(id) && id >= 2 && id < highWater;
}
