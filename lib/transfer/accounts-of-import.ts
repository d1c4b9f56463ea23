import { ACCOUNT_FIELDS } from '../users/account-fields.js';
import type { StoredUser } from '../users/user.js';
import type { FileFormat, ImportedUser } from './user-file.js';

/** Only an export knows the accounts of its users. */
const WITH_ACCOUNTS: FileFormat = 'JSON lines';

/** Decides about the accounts of the users of a file in an import. */
export class AccountsOfImport {
  readonly #areInFile: boolean;
  readonly #areKept: boolean;
  readonly #now = Date.now();

  /** @param repository undefined for a store that is not there yet. It will keep accounts */
  constructor(format: FileFormat, repository: { readonly keepsAccounts?: boolean } | undefined) {
    this.#areInFile = format === WITH_ACCOUNTS;
    this.#areKept = repository === undefined || repository.keepsAccounts === true;
  }

  /** The reason why a user is refused: the store would lose a field that an operator has set. */
  refusal(user: ImportedUser): string | undefined {
    if (this.#areKept) return undefined;
    const lost = ACCOUNT_FIELDS.find((field) => user[field]);
    return lost && `the user store does not keep ${lost}`;
  }

  /** The user to add. It is made now, unless the file knows when it was made. How old its password is, only the file knows. */
  added(user: ImportedUser): ImportedUser {
    return this.#areKept ? { ...user, created: user.created ?? this.#now } : withoutTimes(user);
  }

  /**
   * The user that replaces `current`. From a file without accounts it keeps that of the store. It keeps times that the file does
   * not know, if they are still true.
   */
  replaced(user: ImportedUser, current: StoredUser | undefined): ImportedUser {
    if (current === undefined || !this.#areKept) return this.added(user);
    const { created, passwordChanged, expires, mustChangePassword, note, hash } = current;
    return {
      ...(!this.#areInFile && { expires, mustChangePassword, note }),
      created,
      ...(hash === user.hash && { passwordChanged }),
      ...user,
    };
  }
}

function withoutTimes({ created: _, passwordChanged: __, ...user }: ImportedUser): ImportedUser {
  return user;
}
