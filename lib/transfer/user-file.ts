import type { StoredUser } from '../users/user.js';

/** A user as a file has it, with its hash. */
export type ImportedUser = Omit<StoredUser, 'revision'>;

/** A user whom our rules refuse: it is told of, and left out. */
export interface RefusedUser {
  readonly name: string;
  /** Why, as a sentence's end: `username must not be "." or ".."`. It repeats no hash. */
  readonly refusal: string;
}

export type FileFormat = 'Kapacitor database' | 'htpasswd' | 'JSON lines';

/** A file of users. */
export interface UserFile {
  readonly format: FileFormat;
  /**
   * Reads the file from its beginning, one user after the other, each name once. It can be called again, and nothing of
   * what was read is kept.
   *
   * @throws {ImportError} that says what is wrong and where: whoever imports reads a file to its end before anything is
   *   stored
   */
  read(): AsyncIterable<ImportedUser | RefusedUser>;
  close(): Promise<void>;
}
