import { BoundedCache } from './bounded-cache.js';

const MAX_ENTRIES = 100_000;

/** That certain credentials have been verified, for a user of this name, against the stored hash with this mark. */
export interface Verification {
  readonly name: string;
  readonly mark: string;
  /** Where they have come from, of those from where the user may: see {@link roughOrigin}. */
  readonly origins: Set<string>;
}

/**
 * Remembers verifications for a while, so that bcrypt need not do them again. Its keys and marks are keyed digests:
 * neither passwords nor hashes are in it, and it says nothing about what a user may do now.
 */
export class CredentialCache extends BoundedCache<Verification> {
  /** @param timeToLive milliseconds from the verification on; 0 remembers nothing */
  constructor(timeToLive: number, maxEntries: number = MAX_ENTRIES) {
    super(timeToLive, maxEntries);
  }
}
