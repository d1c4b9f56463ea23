import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BoltFile } from '../../../lib/transfer/kapacitor-db/bolt/bolt-file.js';
import { parseMeta } from '../../../lib/transfer/kapacitor-db/bolt/meta.js';
import { Damage } from '../../../lib/transfer/kapacitor-db/damage.js';
import { KapacitorUserReader } from '../../../lib/transfer/kapacitor-db/kapacitor-user.js';
import { userEntriesOf } from '../../../lib/transfer/kapacitor-db/user-entries.js';
import { UserRecordReader } from '../../../lib/transfer/kapacitor-db/user-record.js';
import type { ImportedUser } from '../../../lib/transfer/user-file.js';
import { ImportError } from '../../../lib/transfer/user-file.js';
import { definitions, recordMessage, withChecksum } from '../../support/bolt-writer.js';
import { hasMoreRights, KAPACITOR_DB, usersOf } from './import.js';

const ORIGINAL = readFileSync(KAPACITOR_DB);
const PAGE = 4096;
/** The pages that the file's newest transaction uses; page 0 has its meta. */
const USED = [0, 1, 2, 3, 4, 5, 7, 9, 11, 13, 15] as const;
/** And the pages that it left: the transaction before it used them. */
const WRITTEN = 16;
const EACH = 50;

/** A number from 0 on, below the limit. */
type Random = (limit: number) => number;

/** The same numbers for the same seed: mulberry32. */
function seeded(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const usedPage = (random: Random): number => USED[random(USED.length)] ?? 0;
const pageOf = (file: Buffer, id: number): Buffer => file.subarray(id * PAGE, (id + 1) * PAGE);
const flip = (bytes: Buffer, at: number, bit: number): unknown =>
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);

const MUTATIONS: Readonly<Record<string, (file: Buffer, random: Random) => unknown>> = {
  'a flipped bit': (file, random) => flip(pageOf(file, usedPage(random)), random(PAGE), random(8)),
  'another byte': (file, random) => pageOf(file, usedPage(random)).writeUInt8(random(256), random(PAGE)),
  'many flipped bits in a page': (file, random) => {
    const page = pageOf(file, usedPage(random));
    for (let left = 1 + random(40); left > 0; left--) flip(page, random(PAGE), random(8));
  },
  'a truncation': (file, random) => file.subarray(0, random(2) === 0 ? random(file.length) : random(32) * PAGE),
  'two swapped pages': (file, random) => {
    const [one, other] = [pageOf(file, usedPage(random)), pageOf(file, random(WRITTEN))];
    const kept = Buffer.from(one);
    other.copy(one);
    kept.copy(other);
  },
  'a copied page': (file, random) => pageOf(file, random(WRITTEN)).copy(pageOf(file, usedPage(random))),
  'a copied page that says that it is at home': (file, random) => {
    const id = usedPage(random);
    pageOf(file, random(WRITTEN)).copy(pageOf(file, id));
    pageOf(file, id).writeBigUInt64LE(BigInt(id));
  },
  'a zeroed range': (file, random) => {
    const start = usedPage(random) * PAGE + random(PAGE);
    file.fill(0, start, start + 1 + random(2 * PAGE));
  },
  'a changed meta page with its checksum': (file, random) => {
    const meta = pageOf(file, 0);
    // The root's page and sequence, the list of free pages, the high water, the transaction.
    const field = 32 + 8 * random(5);
    if (random(2) === 0) flip(meta, field + random(8), random(8));
    else meta.writeBigUInt64LE(BigInt(random(WRITTEN + 4)), field);
    withChecksum(meta);
  },
  'a bit of a header: flags, count, overflow, position, sizes': (file, random) =>
    flip(pageOf(file, usedPage(random)), random(16 + 6 * 16), random(8)),
};
const KINDS = Object.keys(MUTATIONS);

/** How 50 of a kind end: refused, with the same users, with another hash, or with what the transaction before committed. */
type Ends = Record<'refused' | 'same' | 'hash' | 'before' | 'other', number>;
const ENDS: Readonly<Record<string, Ends>> = {
  'a flipped bit': { refused: 10, same: 39, hash: 1, before: 0, other: 0 },
  'another byte': { refused: 13, same: 37, hash: 0, before: 0, other: 0 },
  'many flipped bits in a page': { refused: 34, same: 14, hash: 0, before: 2, other: 0 },
  'a truncation': { refused: 40, same: 10, hash: 0, before: 0, other: 0 },
  'two swapped pages': { refused: 42, same: 3, hash: 0, before: 5, other: 0 },
  'a copied page': { refused: 35, same: 11, hash: 0, before: 4, other: 0 },
  'a copied page that says that it is at home': { refused: 38, same: 10, hash: 0, before: 2, other: 0 },
  'a zeroed range': { refused: 29, same: 21, hash: 0, before: 0, other: 0 },
  'a changed meta page with its checksum': { refused: 43, same: 7, hash: 0, before: 0, other: 0 },
  'a bit of a header: flags, count, overflow, position, sizes': { refused: 39, same: 7, hash: 0, before: 4, other: 0 },
};

/** Finds a user's index entry and record by the bytes that they have, without a look at a page. */
function hasKeys(file: Buffer, { name }: ImportedUser): boolean {
  const isIndexed = file.includes(`/users/indexes/username/${name}${name}`);
  // A record begins with the length of its first definition.
  return isIndexed && file.includes(`/users/data/${name}@`);
}

/**
 * Tells whether Bolt takes what was committed last, for which page 0 has the meta. If that page is not valid, or says that
 * it is the older one, Bolt takes the transaction before, and nothing in the file tells that there was one more.
 */
function hasNewest(file: Buffer): boolean {
  const [first, second] = [0, 1].map((place) => parseMeta(pageOf(file, place), place));
  if (typeof first !== 'object') return false;
  return typeof second !== 'object' || first.transaction > second.transaction;
}

describe('a mutated database of a Kapacitor', () => {
  // In memory, where there is such a folder.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kapacitor-auth-'));
  const path = join(folder, 'kapacitor.db');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What was committed last, and what before that. */
  let newest: ImportedUser[];
  let before: ImportedUser[];
  beforeAll(async () => {
    newest = await usersOf(KAPACITOR_DB);
    writeFileSync(path, Buffer.from(ORIGINAL).fill(0, 0, PAGE));
    before = await usersOf(path);
  });

  function endOf(users: ImportedUser[]): keyof Ends {
    const withoutHashes = (some: ImportedUser[]) => JSON.stringify(some.map((user) => ({ ...user, hash: '' })));
    if (JSON.stringify(users) === JSON.stringify(newest)) return 'same';
    if (JSON.stringify(users) === JSON.stringify(before)) return 'before';
    return withoutHashes(users) === withoutHashes(newest) ? 'hash' : 'other';
  }

  it.each(KINDS)(
    'is refused, or has users that its keys and index have, with no right more, after %s',
    async (kind) => {
      const ends: Ends = { refused: 0, same: 0, hash: 0, before: 0, other: 0 };
      const random = seeded(KINDS.indexOf(kind) + 1);
      for (let count = 0; count < EACH; count++) {
        const copy = Buffer.from(ORIGINAL);
        const result = MUTATIONS[kind]?.(copy, random);
        const mutated = Buffer.isBuffer(result) ? result : copy;
        writeFileSync(path, mutated);
        const outcome = await usersOf(path).catch((error: unknown) => error);
        if (Array.isArray(outcome)) {
          ends[endOf(outcome)]++;
          const committed = hasNewest(mutated) ? newest : before;
          const users = outcome as ImportedUser[];
          expect(users.filter((user) => !hasKeys(mutated, user))).toEqual([]);
          const earlier = new Map(committed.map((user) => [user.name, user]));
          expect(users.filter((user) => hasMoreRights(user, earlier.get(user.name)))).toEqual([]);
        } else {
          ends.refused++;
          expect(outcome).toBeInstanceOf(ImportError);
          const { message } = outcome as ImportError;
          const beginnings = [`cannot import ${path}: `, `${path} is not a file of users: `];
          expect(
            beginnings.some((beginning) => message.startsWith(beginning)),
            message,
          ).toBe(true);
          expect(message).not.toMatch(/\$2|undefined|NaN|\[object/);
        }
      }
      expect(ends).toEqual(ENDS[kind]);
    },
  );
});

async function recordsOf(path: string): Promise<{ name: string; record: Buffer }[]> {
  const file = await BoltFile.open(await open(path));
  const records: { name: string; record: Buffer }[] = [];
  const taken = file.takenPages();
  for await (const [bucketName, bucket] of file.buckets(taken)) {
    if (bucketName !== 'user_store') continue;
    for await (const { name, record } of userEntriesOf(file, bucket, taken)) {
      records.push({ name, record: Buffer.from(record) });
    }
  }
  await file.close();
  return records;
}

describe('a mutated record of a user', () => {
  // No checksum covers a record. This is all that a single flipped bit can do: "none" of /api/write is one bit away from
  // "all", and with it the record is what Kapacitor writes for all three permissions. Likewise for /api/config, which
  // no user of this file has beside write_points.
  it('with one flipped bit is refused or has another hash, save for one bit that nothing can tell', async () => {
    // Most of these thousands are errors, which cost little without a stack.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    onTestFinished(() => {
      Error.stackTraceLimit = stackTraceLimit;
    });
    const ends = { refused: 0, 'another hash': 0, 'fewer rights': 0, 'more rights': 0 };
    const raised = new Set<string>();
    const reader = new KapacitorUserReader();
    const forms = new UserRecordReader();
    let definitionsFlipped = false;
    for (const { name, record } of await recordsOf(KAPACITOR_DB)) {
      const original = reader.read({ name, record });
      if (!('hash' in original)) continue;
      // The definitions are the same for all: their bits are flipped once.
      const start = definitionsFlipped ? definitions().length * 8 : 0;
      definitionsFlipped = true;
      for (let bit = start; bit < record.length * 8; bit++) {
        const flipped = Buffer.from(record);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        try {
          const user = reader.read({ name, record: flipped });
          if (!('hash' in user)) throw new Error(`${name} became a refused user`);
          // A record has one form only: writing it again gives the same bytes.
          const { privileges, ...again } = forms.read(flipped);
          const written = recordMessage({ ...again, privileges: [...privileges] });
          if (!written.equals(flipped.subarray(-written.length))) throw new Error(`${name} has two forms`);
          if (hasMoreRights(user, original)) {
            ends['more rights']++;
            raised.add(`${original.permissions} to ${user.permissions}`);
          } else if (hasMoreRights(original, user)) ends['fewer rights']++;
          else ends['another hash']++;
        } catch (error) {
          if (!(error instanceof Damage)) throw error;
          ends.refused++;
        }
      }
    }
    expect([...raised]).toEqual(['api,config_api to all']);
    expect(ends).toEqual({ refused: 22_249, 'another hash': 9_019, 'fewer rights': 0, 'more rights': 4 });
  });
});
