import { isValidAt, type SecretRepository, type StoredSecret } from '../users/secret.js';
import type { ImportedUser } from './user-file.js';

/** The keys of a file, by what an import does with them. */
export interface KeysSummary {
  readonly added: number;
  /** Keys of added users that have ended. They are left out. */
  readonly expired: number;
  /** Keys that the store does not have, of users who exist already: their keys stay as they are. */
  readonly ignored: number;
}

/** Decides about the keys of the users of a file in an import, and counts them. */
export class KeysOfImport {
  readonly #secrets: SecretRepository | undefined;
  readonly #areKept: boolean;
  readonly #now = Date.now();
  readonly #counts = { added: 0, expired: 0, ignored: 0 };

  /**
   * @param secrets undefined for a store without keys
   * @param isToMake whether the store is not there yet. It will keep keys
   */
  constructor(secrets: SecretRepository | undefined, isToMake: boolean) {
    this.#secrets = secrets;
    this.#areKept = isToMake || secrets !== undefined;
  }

  get summary(): KeysSummary {
    return { ...this.#counts };
  }

  /** The keys to store with a user. */
  valid(keys: readonly StoredSecret[] = []): readonly StoredSecret[] | undefined {
    const valid = this.#areKept ? keys.filter((key) => isValidAt(key, this.#now)) : [];
    return valid.length > 0 ? valid : undefined;
  }

  /** The name of a key that another user in the store has. No two users can have the same key. */
  async foreignKey({ name, keys }: ImportedUser): Promise<string | undefined> {
    for (const key of this.valid(keys) ?? []) {
      const found = await this.#secrets?.find(key.digest);
      if (found !== undefined && found.owner !== name) return key.name;
    }
    return undefined;
  }

  /** The user is new. */
  added({ keys = [] }: ImportedUser): void {
    const valid = keys.filter((key) => isValidAt(key, this.#now)).length;
    this.#counts[this.#areKept ? 'added' : 'ignored'] += valid;
    this.#counts.expired += keys.length - valid;
  }

  /** There is a user of this name already. */
  async met({ name, keys = [] }: ImportedUser): Promise<void> {
    const valid = this.valid(keys);
    if (valid === undefined) return;
    const current = new Set((await this.#secrets?.list(name, 'key'))?.map(({ digest }) => digest));
    this.#counts.ignored += valid.filter(({ digest }) => !current.has(digest)).length;
  }
}
