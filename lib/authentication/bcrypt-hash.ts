/** The variants that are one algorithm; `2x` is another one, with a mistake in it. */
const BCRYPT_HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

const MIN_COST = 4;
/** Each step doubles the time that a verification takes: past this it is an attack on whoever logs in. */
const MAX_COST = 20;

/** A login may take the work of this cost whatever the configured one is: 16 times that of Kapacitor's own hashes, which have the cost 10. */
export const MAX_LOGIN_COST = 14;
/** How far the cost of a hash may be above the configured one. */
const MAX_STEPS_ABOVE = 4;

/** The cost of a stored hash. Undefined if it is not to be verified: it is none of bcrypt's, or costs too much. */
export function costOf(hash: string): number | undefined {
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1]);
  return cost >= MIN_COST && cost <= MAX_COST ? cost : undefined;
}

/**
 * The highest cost of a hash that a login verifies. A wrong password for a dearer one would cost whoever guesses nothing,
 * and the server seconds.
 *
 * @param configured the cost of new hashes
 */
export function maxLoginCost(configured: number): number {
  return Math.min(MAX_COST, Math.max(MAX_LOGIN_COST, configured + MAX_STEPS_ABOVE));
}

/** The same hash as bcrypt's library knows it: it does not take `$2y$`, which PHP and htpasswd write. */
export function asKnownVariant(hash: string): string {
  return hash.replace(/^\$2y/, '$2b');
}
