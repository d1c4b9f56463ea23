/** The variants of bcrypt that are one algorithm. `2x` is another algorithm, with a mistake in it. */
const BCRYPT_HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

const MIN_COST = 4;
/** Each step of the cost doubles the time of a verification. A higher cost would block the server for seconds. */
const MAX_COST = 20;

/**
 * A login verifies hashes up to this cost, whatever the configured cost is. They take 16 times as long as Kapacitor's own
 * hashes, which have the cost 10.
 */
export const MAX_LOGIN_COST = 14;
/** The cost of a hash may be this much above the configured cost. */
const MAX_STEPS_ABOVE = 4;

/** The cost of a stored hash. Undefined for a text that is not a bcrypt hash, and for a cost below 4 or above 20. */
export function costOf(hash: string): number | undefined {
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1]);
  return cost >= MIN_COST && cost <= MAX_COST ? cost : undefined;
}

/**
 * The highest cost of a hash that a login verifies. With a higher cost, a wrong password would cost its sender nothing and
 * the server seconds.
 *
 * @param configured the cost of new hashes
 */
export function maxLoginCost(configured: number): number {
  return Math.min(MAX_COST, Math.max(MAX_LOGIN_COST, configured + MAX_STEPS_ABOVE));
}
