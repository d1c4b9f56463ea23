/** The variants of one algorithm. `2x` is another algorithm, with a mistake in it. */
const BCRYPT_HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

const MIN_COST = 4;
/** Each step doubles the time of a verification. A higher cost would be an attack on the user who logs in. */
const MAX_COST = 20;

/** Logins verify hashes of this cost, whatever the configured cost is: 16 times the work of Kapacitor's cost of 10. */
export const MAX_LOGIN_COST = 14;
/** How far the cost of a hash may exceed the configured cost. */
const MAX_STEPS_ABOVE = 4;

/** The cost of a stored hash. Undefined if the text is not a bcrypt hash, or has a cost that is never verified. */
export function costOf(hash: string): number | undefined {
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1]);
  return cost >= MIN_COST && cost <= MAX_COST ? cost : undefined;
}

/**
 * The highest cost of a hash that a login verifies. With a higher cost, a wrong password would cost an attacker nothing
 * and the server seconds.
 *
 * @param configured the cost of new hashes
 */
export function maxLoginCost(configured: number): number {
  return Math.min(MAX_COST, Math.max(MAX_LOGIN_COST, configured + MAX_STEPS_ABOVE));
}

/** The hash in a variant that the package bcrypt accepts. It refuses `$2y$`, which PHP and htpasswd write. */
export function asKnownVariant(hash: string): string {
  return hash.replace(/^\$2y/, '$2b');
}
