import type { Page, Selection } from '../listing.js';
import type { Connection, SqliteRow } from './connection.js';
import type { AskInTurn } from './file-access.js';
import { countOf, indexOf, isWholeIndex, listsWith, type NameIndex, withList } from './list-statements.js';

/** How many users of an index are counted at once. */
const COUNTED_AT_ONCE = 5_000;
/** A statement takes as long as counting so many users. */
const STATEMENT_TAKES = 50;
/** How many lists of permissions are read at once. */
const LISTS_AT_ONCE = 5_000;

interface Source {
  readonly ask: AskInTurn;
  readonly names: (page: Page) => Promise<string[]>;
}

/** Counts users in small parts. */
export async function countSelected(selection: Selection, source: Source): Promise<number> {
  const { prefix, type, enabled, permission } = selection;
  const difference = async (all: Selection, others: Selection) =>
    // A user may be changed in between.
    Math.max(0, (await countSelected(all, source)) - (await countSelected(others, source)));
  // Nearly all users are normal and enabled, so that there are few others to count.
  if (type === 'normal') return difference({ ...selection, type: undefined }, { ...selection, type: 'admin' });
  if (enabled) return difference({ ...selection, enabled: undefined }, { ...selection, enabled: false });
  const index = indexOf(selection);
  if (isWholeIndex(index, selection)) return countAll([index], prefix, source);
  if (permission !== undefined && !index.isSmall) return countPermission(permission, prefix, source);
  const all = { after: undefined, offset: 0, limit: Number.POSITIVE_INFINITY };
  return (await source.names({ ...selection, ...all })).length;
}

async function countPermission(permission: string, prefix: string, source: Source): Promise<number> {
  let count = 0;
  for (let after = ''; ; ) {
    const rows = await source.ask((connection) => connection.all(listsWith(permission, after, LISTS_AT_ONCE)));
    const lists = rows.map(({ list }) => list as string);
    count += await countAll(lists.map(withList), prefix, source);
    if (lists.length < LISTS_AT_ONCE) return count;
    after = lists.at(-1) as string;
  }
}

/** Counts the users of several indexes. */
async function countAll(indexes: readonly NameIndex[], prefix: string, { ask }: Source): Promise<number> {
  let count = 0;
  let position = 0;
  let after: string | undefined;
  const countSome = (connection: Connection) => {
    for (let left = COUNTED_AT_ONCE; left > 0 && position < indexes.length; ) {
      const index = indexes[position] as NameIndex;
      const row = connection.first(countOf(index, { prefix, after, limit: left })) as SqliteRow;
      const found = row['count'] as number;
      after = found === left ? (row['last'] as string) : undefined;
      if (found < left) position += 1;
      count += found;
      left -= found + STATEMENT_TAKES;
    }
  };
  while (position < indexes.length) await ask(countSome);
  return count;
}
