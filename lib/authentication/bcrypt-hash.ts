/** The variants that are one algorithm; `2x` is another one, with a mistake in it. */
const BCRYPT_HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

const MIN_COST = 4;
/** Each step doubles the time that a verification takes: past this it is an attack on whoever logs in. */
const MAX_COST = 20;

/** The cost of a stored hash. Undefined if it is not to be verified: it is none of bcrypt's, or costs too much. */
export function costOf(hash: string): number | undefined {
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1]);
  return cost >= MIN_COST && cost <= MAX_COST ? cost : undefined;
}

/** The same hash as bcrypt's library knows it: it does not take `$2y$`, which PHP and htpasswd write. */
export function asKnownVariant(hash: string): string {
  return hash.replace(/^\$2y/, '$2b');
}
