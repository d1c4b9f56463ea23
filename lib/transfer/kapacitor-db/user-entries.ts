import { isUtf8 } from 'node:buffer';
import type { BoltFile } from './bolt/bolt-file.js';
import type { BoltEntry } from './bolt/page.js';
import { type Bucket, entriesOf, type PageSet } from './bolt/tree.js';
import { Damage } from './damage.js';

const RECORDS = '/users/data/';
const INDEXES = '/users/indexes';
const INDEX = `${INDEXES}/username`;

/** Kapacitor joins the key of an index entry as a path, so two names become steps in it. */
const NAMES_THAT_ARE_STEPS: ReadonlyMap<string, string> = new Map([
  [INDEXES, '..'],
  [INDEX, '.'],
]);

/** The names of InfluxDB's subscriptions begin with this. The rest of such a name is a credential. */
const SUBSCRIPTION = '_sub:';

export function isSubscription(name: string): boolean {
  return name.startsWith(SUBSCRIPTION);
}

/** A name for messages, without the secret in that of a subscription. */
export function shownName(name: string): string {
  return JSON.stringify(isSubscription(name) ? `${SUBSCRIPTION}…` : name);
}

/** A user's name and record. The index has an entry for it. */
export interface UserEntry {
  readonly name: string;
  readonly record: Buffer;
}

/**
 * Reads the records in the bucket of users, in the order of the names' bytes, and compares them with the entries of the
 * index.
 *
 * @throws {Damage} that names the wrong key
 */
export async function* userEntriesOf(
  file: BoltFile,
  bucket: Bucket,
  taken: PageSet,
): AsyncGenerator<UserEntry, void, undefined> {
  const index = entriesOf(file, bucket, taken.copy(), Buffer.from(INDEXES));
  const steps = new Set<string>();
  let indexed = nameInIndex(await index.next());
  for (; indexed !== undefined && isStep(indexed); indexed = nameInIndex(await index.next())) steps.add(indexed);
  for await (const entry of entriesOf(file, bucket, taken.copy())) {
    const name = nameOfRecord(entry);
    if (name === undefined) break;
    if (isStep(name)) {
      if (!steps.delete(name)) throw new Damage(`the user ${shownName(name)} is not in the index`);
    } else {
      if (name !== indexed) throw new Damage(`the users and their index differ: ${differenceOf(name, indexed)}`);
      indexed = nameInIndex(await index.next());
    }
    yield { name, record: entry.value };
  }
  const [left = indexed] = steps;
  if (left !== undefined) throw new Damage(`the index has the user ${shownName(left)}, and there is no such user`);
}

function differenceOf(name: string, indexed: string | undefined): string {
  return `${shownName(name)} beside ${indexed === undefined ? 'nothing' : shownName(indexed)}`;
}

/** The name in the key of a record. Undefined for a key of the index, which follows the records. */
function nameOfRecord(entry: BoltEntry): string | undefined {
  const key = keyOf(entry);
  if (key.startsWith(RECORDS)) return checkedName(key.slice(RECORDS.length), key);
  if (key === INDEXES || key.startsWith(`${INDEXES}/`)) return undefined;
  throw unknownKey(key);
}

function nameInIndex({ value: entry }: IteratorResult<BoltEntry, void>): string | undefined {
  if (entry === undefined) return undefined;
  const key = keyOf(entry);
  const name = NAMES_THAT_ARE_STEPS.get(key) ?? nameInIndexKey(key);
  if (entry.value.equals(Buffer.from(name))) return name;
  throw new Damage(`the index leads from ${shownName(name)} to another user`);
}

function nameInIndexKey(key: string): string {
  const name = key.slice(INDEX.length + 1);
  if (!key.startsWith(`${INDEX}/`) || isStep(name)) throw unknownKey(key);
  return checkedName(name, key);
}

function isStep(name: string): boolean {
  return name === '.' || name === '..';
}

function keyOf({ key, isBucket }: BoltEntry): string {
  if (!isUtf8(key)) throw new Damage('it has a user whose key is not UTF-8');
  if (isBucket) throw new Damage('it has a bucket among the users');
  return key.toString();
}

/** Kapacitor creates no user with an empty name, or with a slash in the name. */
function checkedName(name: string, key: string): string {
  if (name === '' || name.includes('/')) throw unknownKey(key);
  return name;
}

function unknownKey(key: string): Damage {
  const shown = key.includes(SUBSCRIPTION) ? `${key.slice(0, key.indexOf(SUBSCRIPTION))}${SUBSCRIPTION}…` : key;
  return new Damage(`it has the key ${JSON.stringify(shown)} among the users, which Kapacitor never writes`);
}
