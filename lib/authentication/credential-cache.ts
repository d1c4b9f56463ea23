import { BoundedCache } from './bounded-cache.js';
import type { VerifiedToken } from './json-web-tokens.js';

const MAX_ENTRIES = 100_000;
/** The origins to remember for each verification. A forgotten origin is found again at the cost of one digest. */
const MAX_ORIGINS = 200;
/** Characters of an origin that is remembered. A header may have thousands. */
const MAX_ORIGIN_LENGTH = 256;

/** Credentials were verified for the user of this name. */
export interface Verification {
  readonly name: string;
  /** The mark of the stored hash that the password matched. Undefined for other credentials, which no mark is equal to. */
  readonly mark: string | undefined;
  /** The digest of the key or the session. Undefined for other credentials. */
  readonly secret?: string | undefined;
  /** The JSON Web Token. Undefined for other credentials. */
  readonly token?: VerifiedToken | undefined;
  /** The addresses that the credentials came from and were let in: see {@link roughOrigin}. */
  readonly origins: Set<string>;
}

/**
 * Remembers that credentials were let in from an origin.
 *
 * @param origin see {@link roughOrigin}
 * @returns whether they are new there
 */
export function rememberOrigin({ origins }: Verification, origin: string): boolean {
  if (origins.has(origin)) return false;
  if (origin.length <= MAX_ORIGIN_LENGTH) {
    if (origins.size >= MAX_ORIGINS) origins.clear();
    origins.add(origin);
  }
  return true;
}

/** Credentials that let a user in lately. */
export interface FormerLogin {
  readonly verification: Verification;
  /** The mark of the hash that has refused the credentials since. */
  refusedBy: string | undefined;
}

/**
 * Remembers verified credentials for a while, so that bcrypt need not verify them again. Keys and marks are keyed digests:
 * the cache holds neither passwords nor hashes. It says nothing about the privileges of a user.
 *
 * It also remembers, for as long as failures count, which credentials let a user in before. A client that repeats a
 * password after its change does not guess, and its failures must not keep the new password out.
 */
export class CredentialCache extends BoundedCache<Verification> {
  readonly #former: BoundedCache<FormerLogin>;

  /**
   * @param timeToLive milliseconds after the verification; 0 remembers nothing
   * @param failureWindow milliseconds
   */
  constructor(timeToLive: number, failureWindow: number, maxEntries: number = MAX_ENTRIES) {
    super(timeToLive, maxEntries);
    // A password may change when its verification is about to expire.
    this.#former = new BoundedCache(failureWindow > 0 ? timeToLive + failureWindow : 0, maxEntries);
  }

  /**
   * The verification of a header that was found to have this key, session or token: the one that is remembered, or else a new
   * one.
   *
   * @param header a keyed digest of the header
   */
  verified(header: string, { name, secret, token }: Pick<Verification, 'name' | 'secret' | 'token'>): Verification {
    const known = this.get(header);
    if (known !== undefined && known.secret === secret && known.token === token) return known;
    const verification: Verification = { name, mark: undefined, secret, token, origins: new Set() };
    this.set(header, verification);
    return verification;
  }

  /** @param pair a keyed digest of name and password as they were sent */
  setFormer(pair: string, verification: Verification): void {
    this.#former.set(pair, { verification, refusedBy: undefined });
  }

  /**
   * The former login with this name and password from the same origin. From another origin they are a guess like any
   * other, and take the same work.
   *
   * @param pair a keyed digest of name and password as they were sent
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
