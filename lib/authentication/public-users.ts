import { publicUser, type StoredUser, type User } from '../users/user.js';
import type { CredentialDigests } from './credentials.js';

/** A user without its secrets, and the mark of its hash: a keyed digest. */
interface MarkedUser {
  readonly user: User;
  readonly mark: string;
}

/** Users without their secrets. It remembers them: the supervised repository returns the same object for the same user. */
export class PublicUsers {
  readonly #digests: CredentialDigests;
  readonly #known = new WeakMap<StoredUser, MarkedUser>();
  readonly #marks = new WeakMap<User, string>();

  constructor(digests: CredentialDigests) {
    this.#digests = digests;
  }

  of(stored: StoredUser): MarkedUser {
    let marked = this.#known.get(stored);
    if (marked === undefined) {
      marked = { user: publicUser(stored), mark: this.#digests.ofHash(stored.hash) };
      this.#known.set(stored, marked);
      this.#marks.set(marked.user, marked.mark);
    }
    return marked;
  }

  /** The mark of the hash that the user had. Undefined for a user that this object did not return. */
  markOf(user: User): string | undefined {
    return this.#marks.get(user);
  }
}
