import { BoundedCache } from './bounded-cache.js';

const MAX_ENTRIES = 100_000;

/** That certain credentials have been verified, for a user of this name, against the stored hash with this mark. */
export interface Verification {
  readonly name: string;
  readonly mark: string;
  /** Where they have come from, of those from where the user may: see {@link roughOrigin}. */
  readonly origins: Set<string>;
}

/** Credentials that let a user in lately. */
export interface FormerLogin {
  readonly verification: Verification;
  /** The mark of the hash that has refused them since. */
  refusedBy: string | undefined;
}

/**
 * Remembers verifications for a while, so that bcrypt need not do them again. Its keys and marks are keyed digests:
 * neither passwords nor hashes are in it, and it says nothing about what a user may do now.
 *
 * It also remembers, for the window of time in which failures count, which credentials let somebody in before. A client
 * that goes on with a password after its change does not guess: its failures must not keep the new password out.
 */
export class CredentialCache extends BoundedCache<Verification> {
  readonly #former: BoundedCache<FormerLogin>;

  /**
   * @param timeToLive milliseconds from the verification on; 0 remembers nothing
   * @param failureWindow milliseconds
   */
  constructor(timeToLive: number, failureWindow: number, maxEntries: number = MAX_ENTRIES) {
    super(timeToLive, maxEntries);
    // A password may be changed when its verification is about to be forgotten.
    this.#former = new BoundedCache(failureWindow > 0 ? timeToLive + failureWindow : 0, maxEntries);
  }

  /** @param pair a keyed digest of name and password as they were given */
  setFormer(pair: string, verification: Verification): void {
    this.#former.set(pair, { verification, refusedBy: undefined });
  }

  /**
   * A login with this name and password from the same origin. From elsewhere they are a guess like others, which takes
   * the same work as others.
   *
   * @param pair a keyed digest of name and password as they were given
   * @param origin see {@link roughOrigin}
   */
  former(pair: string, origin: string): FormerLogin | undefined {
    const login = this.#former.get(pair);
    return login?.verification.origins.has(origin) ? login : undefined;
  }

  override close(): void {
    super.close();
    this.#former.close();
  }
}
