import { NamePattern } from '../lib/users/name-pattern.js';
import type { UserFilter } from '../lib/users/repository.js';
import { type ListStore, nameOf, SOME, withPostgresStores, withSqliteStores } from './list-stores.js';
import { decimals, type Measure, type Row, ratio, type TableForm } from './measure.js';
import { median } from './process.js';

const FEW = 1_000;
const MANY = 1_000_000;
/** Samples of a round. */
const SAMPLES = 40;

type Conditions = Pick<UserFilter, 'type' | 'enabled' | 'permission'>;

const LISTS: Readonly<Record<string, Conditions>> = {
  everybody: {},
  [`\`type=admin\`, ${SOME} users in both`]: { type: 'admin' },
  '`type=normal`': { type: 'normal' },
  [`\`enabled=false\`, ${SOME} users in both`]: { enabled: false },
  '`enabled=true`': { enabled: true },
  [`\`permission=\`, ${SOME} users in both`]: { permission: 'rare' },
  '`permission=`, 1 % of a million': { permission: 'common' },
  '`permission=`, 90 %': { permission: 'api' },
};

export const LISTS_OF_USERS: Measure = {
  about: 'Lists of some users, with a thousand and with a million users in SQLite and in PostgreSQL.',
  mostRounds: 5,
  measure: async (rounds) => ({
    SQLite: await withSqliteStores([FEW, MANY], (few, many) => measureLists(few, many, rounds)),
    PostgreSQL: await withPostgresStores([FEW, MANY], (few, many) => measureLists(few, many, rounds)),
  }),
  tables: { SQLite: formOf('SQLite', 2), PostgreSQL: formOf('PostgreSQL', 1) },
};

function formOf(store: string, digits: number): TableForm {
  const milliseconds = decimals(digits, 100);
  return {
    caption: `Users in ${store}, milliseconds:`,
    columns: {
      '1,000 users': milliseconds,
      '1,000,000 users': milliseconds,
      ratio,
      'after the middle: 1,000': milliseconds,
      'after the middle: 1,000,000': milliseconds,
      'after the middle: ratio': ratio,
      'count of 1,000,000': milliseconds,
    },
  };
}

/** Compares lists of some of many users with those of few, one after the other, and counts the many. */
async function measureLists(few: ListStore, many: ListStore, rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [list, conditions] of Object.entries(LISTS)) {
    const filter = { pattern: new NamePattern(''), ...conditions };
    const compare = async (afterOf: (count: number) => string | undefined) => {
      const [small, large]: [number[], number[]] = [[], []];
      for (let sample = 0; sample < rounds * SAMPLES; sample += 1) {
        small.push(await timeOf(() => listPage(few, filter, afterOf(FEW))));
        large.push(await timeOf(() => listPage(many, filter, afterOf(MANY))));
      }
      return [median(small), median(large)] as const;
    };
    const [firstOfFew, firstOfMany] = await compare(() => undefined);
    const [laterOfFew, laterOfMany] = await compare((count) => nameOf(count / 2 - 1));
    const counts: number[] = [];
    for (let round = 0; round < rounds; round += 1) counts.push(await timeOf(async () => many.count(filter)));
    rows.push({
      list,
      '1,000 users': firstOfFew,
      '1,000,000 users': firstOfMany,
      ratio: firstOfMany / firstOfFew,
      'after the middle: 1,000': laterOfFew,
      'after the middle: 1,000,000': laterOfMany,
      'after the middle: ratio': laterOfMany / laterOfFew,
      'count of 1,000,000': median(counts),
    });
  }
  return rows;
}

async function listPage(store: ListStore, filter: UserFilter, after: string | undefined): Promise<void> {
  const { length } = await store.list({ ...filter, after, offset: 0, limit: 100 });
  if (length !== 100) throw new Error(`a page has ${length} users: the stores cannot be compared`);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
