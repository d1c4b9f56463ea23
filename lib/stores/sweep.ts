import { KNOWN_CLIENTS } from '../users/shared-limits.js';

/** The most keys of a kind that a sweep leaves: 100,000 take about 15 MiB. */
const MOST_KEYS = 100_000;
/** The most keys that a statement removes. Others have their turn in between. */
const PORTION = 2_000;
/** The most statements of a kind in a sweep. The next sweep goes on. */
const MOST_PORTIONS = 10;

/**
 * Removes keys of limits: those whose windows have ended, and the oldest ones of too many. Known clients are counted apart:
 * failed logins must not push them out.
 *
 * @param now the placeholder of the time, which is the only value of a condition
 * @param remove removes the keys that a condition selects, and returns their number. The condition ends with a limit
 * @returns the number of keys that were removed
 */
export async function sweepLimits(
  { table, now }: { readonly table: string; readonly now: string },
  remove: (condition: string) => Promise<number>,
): Promise<number> {
  const tooMany = (kind: string) => `expire > ${now} AND ${kind} ORDER BY expire
    LIMIT (SELECT CASE WHEN count(*) >= ${MOST_KEYS + PORTION} THEN ${PORTION}
      WHEN count(*) > ${MOST_KEYS} THEN count(*) - ${MOST_KEYS} ELSE 0 END FROM ${table} WHERE ${kind})`;
  const [from, to] = [`'${KNOWN_CLIENTS}:'`, `'${KNOWN_CLIENTS};'`];
  const conditions = [
    `expire <= ${now} LIMIT ${PORTION}`,
    tooMany(`(key < ${from} OR key >= ${to})`),
    tooMany(`key >= ${from} AND key < ${to}`),
  ];
  let removed = 0;
  for (const each of conditions) removed += await inPortions(() => remove(each));
  return removed;
}

async function inPortions(remove: () => Promise<number>): Promise<number> {
  let removed = 0;
  for (let portion = 1; portion <= MOST_PORTIONS; portion += 1) {
    const count = await remove();
    removed += count;
    if (count < PORTION) break;
  }
  return removed;
}
