import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Permission } from 'kapacitor-auth';

/** Writes Bolt files and gob values as Kapacitor does, from nothing that the reader of them is made of. */

/** A record of Kapacitor's, as odd as a spec needs it. */
export interface KapacitorRecord {
  readonly name?: string;
  readonly admin?: boolean;
  readonly hash?: string;
  readonly privileges?: readonly (readonly [resource: string, privileges: readonly number[]])[];
}

export interface KapacitorUser {
  readonly name: string;
  readonly type: 'admin' | 'normal';
  readonly permissions: readonly Permission[];
  /** bcrypt's. */
  readonly hash: string;
}

export interface BoltEntry {
  readonly key: string | Buffer;
  readonly value: string | Buffer;
  readonly isBucket?: boolean;
}

export interface BoltOptions {
  /** Bytes. Defaults to 4096. */
  readonly pageSize?: number;
  /** How many elements a page takes at most: few make a high tree. Defaults to as many as fit. */
  readonly perPage?: number;
  /** Whether the buckets stand in the root's page. Defaults to false. */
  readonly inline?: boolean;
  /** The ids that are listed as free. Defaults to none; null leaves out the list. */
  readonly free?: readonly number[] | null;
  /** How many pages there are besides those that are written. Defaults to none. */
  readonly spare?: number;
  /** Whether there is the bucket that each Kapacitor makes first. Defaults to true. */
  readonly versions?: boolean;
}

const NONE = 0;
const ALL = 4;

/** The privileges that Kapacitor stores for permissions. */
export function privilegesOf(permissions: readonly Permission[]): [string, number[]][] {
  const has = (permission: Permission) => permissions.includes(permission);
  const found: [string, number[]][] = [];
  if (has('api') || has('all')) found.push(['/api', [ALL]]);
  if (has('config_api') || has('write_points')) found.push(['/api/ping', [ALL]]);
  const entry = (resource: string, granted: boolean) => {
    if (granted || has('api')) found.push([resource, [granted ? ALL : NONE]]);
  };
  entry('/api/config', has('config_api') || has('all'));
  entry('/api/write', has('write_points') || has('all'));
  return found;
}

/** An unsigned integer of gob's. */
export function uint(value: number): Buffer {
  if (value < 128) return Buffer.from([value]);
  const digits = Buffer.alloc(8);
  digits.writeBigUInt64BE(BigInt(value));
  const bytes = digits.subarray(digits.findIndex((byte) => byte !== 0));
  return Buffer.from([256 - bytes.length, ...bytes]);
}

export const int = (value: number): Buffer => uint(value < 0 ? -value * 2 - 1 : value * 2);

export function text(value: string, encoding: BufferEncoding = 'utf8'): Buffer {
  const bytes = Buffer.from(value, encoding);
  return Buffer.concat([uint(bytes.length), bytes]);
}

/** A message: a type's number, and what is of that type; before both, their length. */
export function message(type: number, ...parts: readonly (Buffer | readonly number[])[]): Buffer {
  const body = Buffer.concat([int(type), ...parts.map((part) => Buffer.from(part))]);
  return Buffer.concat([uint(body.length), body]);
}

/** The definitions that stand before each record. Go numbers types from 64 on, in the order in which it meets them. */
export function definitions(first = 64): Buffer {
  const field = (name: string, type: number) =>
    Buffer.concat([[1], text(name), [1], int(type), [0]].map((part) => Buffer.from(part)));
  const common = (name: string, type: number) =>
    Buffer.concat(
      [[1], name === '' ? [2] : [...[1], ...text(name), 1], int(type), [0]].map((part) => Buffer.from(part)),
    );
  return Buffer.concat([
    message(
      -first,
      [3],
      common('rawUser', first),
      [1, 4],
      field('Name', 6),
      field('Admin', 1),
      field('Hash', 5),
      field('Privileges', first + 2),
      [0, 0],
    ),
    message(
      -first - 2,
      [4],
      common('map[string][]auth.Privilege', first + 2),
      [1],
      int(6),
      [1],
      int(first + 1),
      [0, 0],
    ),
    message(-first - 1, [2], common('', first + 1), [1], int(2), [0, 0]),
  ]);
}

/** A record without its definitions. What is undefined is left out, as Go leaves out what is zero. */
export function recordMessage({ name, admin, hash, privileges }: KapacitorRecord, type = 64): Buffer {
  const parts: Buffer[] = [];
  let last = 0;
  const field = (number: number, ...values: Buffer[]) => {
    parts.push(uint(number - last), ...values);
    last = number;
  };
  if (name !== undefined) field(1, text(name));
  if (admin) field(2, uint(1));
  if (hash !== undefined) field(3, text(hash, 'latin1'));
  if (privileges !== undefined) {
    const entries = privileges.flatMap(([resource, values]) => [
      text(resource),
      uint(values.length),
      ...values.map(int),
    ]);
    field(4, uint(privileges.length), ...entries);
  }
  return message(type, ...parts, [0]);
}

export function recordOf(record: KapacitorRecord, firstType = 64): Buffer {
  return Buffer.concat([definitions(firstType), recordMessage(record, firstType)]);
}

/** The key of a name's index entry: a path, in which `.` and `..` are steps. */
function indexKey(name: string): string {
  if (name === '..') return '/users/indexes';
  return name === '.' ? '/users/indexes/username' : `/users/indexes/username/${name}`;
}

/** The entries of Kapacitor's bucket, in order. A record is asked for when it is written. */
export function* entriesFor(names: Iterable<string>, recordFor: (name: string) => Buffer): Generator<BoltEntry> {
  const sorted = Array.from(names, (name) => ({ name, bytes: Buffer.from(name) }))
    .sort((a, b) => a.bytes.compare(b.bytes))
    .map(({ name }) => name);
  for (const name of sorted) yield { key: `/users/data/${name}`, value: recordFor(name) };
  const isStep = (name: string) => name === '.' || name === '..';
  // Only the two steps are not where their names are.
  for (const name of sorted.filter(isStep).reverse()) yield { key: indexKey(name), value: name };
  for (const name of sorted) if (!isStep(name)) yield { key: indexKey(name), value: name };
}

/** Writes a Bolt file with these buckets. */
export function writeBolt(
  path: string,
  buckets: Readonly<Record<string, Iterable<BoltEntry>>>,
  options: BoltOptions = {},
): void {
  const { pageSize = 4096, perPage = 0xfffe, inline = false, free = [], spare = 0, versions = true } = options;
  const file = openSync(path, 'w');
  let next = 2;
  /** Writes a page with its overflow pages where the last one ended. */
  const write = (page: Buffer, id = next) => {
    const pages = Math.ceil(page.length / pageSize);
    page.writeBigUInt64LE(BigInt(id), 0);
    page.writeUInt32LE(pages - 1, 12);
    writeSync(file, Buffer.concat([page, Buffer.alloc(pages * pageSize - page.length)]), 0, null, id * pageSize);
    if (id === next) next += pages;
    return id;
  };
  const tree = (entries: Iterable<BoltEntry>): number => {
    let level = [...pagesOf(elementsOf(entries), 2, pageSize, perPage)].map(([key, page]) => ({
      key,
      id: write(page),
    }));
    while (level.length > 1) {
      const branches = level.map(({ key, id }) => ({ key, value: Buffer.alloc(0), word: id }));
      level = [...pagesOf(branches, 1, pageSize, Math.max(2, perPage))].map(([key, page]) => ({
        key,
        id: write(page),
      }));
    }
    return level[0]?.id ?? write(pageOf([], 2));
  };
  const root: BoltEntry[] = Object.entries(versions ? { versions: [], ...buckets } : buckets).map(([key, entries]) => {
    const header = Buffer.alloc(16);
    if (inline || key === 'versions') {
      return { key, isBucket: true, value: Buffer.concat([header, pageOf([...elementsOf(entries)], 2)]) };
    }
    header.writeBigUInt64LE(BigInt(tree(entries)));
    return { key, isBucket: true, value: header };
  });
  const rootPage = tree(root.sort((a, b) => (a.key < b.key ? -1 : 1)));
  const freelist = free === null ? undefined : write(freelistOf(free));
  const end = next + spare;
  ftruncateSync(file, end * pageSize);
  for (const transaction of [3, 2]) write(metaOf(pageSize, rootPage, freelist, end, transaction), transaction % 2);
  closeSync(file);
}

/** Writes a Kapacitor's database with these users, each name once. */
export function writeKapacitorDatabase(path: string, users: Iterable<KapacitorUser>, options: BoltOptions = {}): void {
  const byName = new Map(Array.from(users, (user) => [user.name, user]));
  const first = definitions();
  const recordFor = (wanted: string) => {
    const { name, type, permissions, hash } = byName.get(wanted) as KapacitorUser;
    const record = recordMessage({ name, admin: type === 'admin', hash, privileges: privilegesOf(permissions) });
    return Buffer.concat([first, record]);
  };
  writeBolt(path, { user_store: entriesFor(byName.keys(), recordFor) }, options);
}

/** An element of a page: the word is a leaf's flags or a branch's child. */
interface Element {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly word: number;
}

function* elementsOf(entries: Iterable<BoltEntry>): Generator<Element> {
  for (const { key, value, isBucket = false } of entries) {
    yield { key: Buffer.from(key), value: Buffer.from(value), word: isBucket ? 1 : 0 };
  }
}

/** Fills pages to two thirds, and tells the key that each begins with. */
function* pagesOf(
  elements: Iterable<Element>,
  flags: number,
  pageSize: number,
  perPage: number,
): Generator<[Buffer, Buffer]> {
  let held: Element[] = [];
  let size = 16;
  for (const element of elements) {
    const more = 16 + element.key.length + element.value.length;
    const [first] = held;
    if (first !== undefined && (held.length >= perPage || (held.length > 1 && size + more > pageSize * 0.67))) {
      yield [first.key, pageOf(held, flags)];
      held = [];
      size = 16;
    }
    held.push(element);
    size += more;
  }
  const [first] = held;
  if (first !== undefined) yield [first.key, pageOf(held, flags)];
}

function pageOf(elements: readonly Element[], flags: number): Buffer {
  const head = Buffer.alloc(16 + elements.length * 16);
  head.writeUInt16LE(flags, 8);
  head.writeUInt16LE(elements.length, 10);
  let end = head.length;
  elements.forEach(({ key, value, word }, index) => {
    const at = 16 + index * 16;
    if (flags === 2) {
      [word, end - at, key.length, value.length].forEach(
        (number, place) => void head.writeUInt32LE(number, at + place * 4),
      );
    } else {
      [end - at, key.length].forEach((number, place) => void head.writeUInt32LE(number, at + place * 4));
      head.writeBigUInt64LE(BigInt(word), at + 8);
    }
    end += key.length + value.length;
  });
  return Buffer.concat([head, ...elements.flatMap(({ key, value }) => [key, value])]);
}

function freelistOf(ids: readonly number[]): Buffer {
  // Where the count does not fit, it is in the place of the first id.
  const words = ids.length < 0xffff ? ids : [ids.length, ...ids];
  const page = Buffer.alloc(16 + words.length * 8);
  page.writeUInt16LE(0x10, 8);
  page.writeUInt16LE(Math.min(ids.length, 0xffff), 10);
  words.forEach((word, index) => void page.writeBigUInt64LE(BigInt(word), 16 + index * 8));
  return page;
}

function metaOf(
  pageSize: number,
  root: number,
  freelist: number | undefined,
  next: number,
  transaction: number,
): Buffer {
  const page = Buffer.alloc(80);
  page.writeUInt16LE(4, 8);
  [0xed0cdaed, 2, pageSize].forEach((word, index) => void page.writeUInt32LE(word, 16 + index * 4));
  page.writeBigUInt64LE(BigInt(root), 32);
  page.writeBigUInt64LE(freelist === undefined ? 2n ** 64n - 1n : BigInt(freelist), 48);
  page.writeBigUInt64LE(BigInt(next), 56);
  page.writeBigUInt64LE(BigInt(transaction), 64);
  return withChecksum(page);
}

/** Makes a meta page valid again, in its place. */
export function withChecksum(page: Buffer): Buffer {
  let hash = 0xcbf29ce484222325n;
  for (const byte of page.subarray(16, 72)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) % 2n ** 64n;
  page.writeBigUInt64LE(hash, 72);
  return page;
}
