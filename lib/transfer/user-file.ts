import type { FileHandle } from 'node:fs/promises';
import { KapacitorAuthError } from '../errors.js';
import { withoutHashes } from '../safe-text.js';
import type { KeyOwner } from '../users/repository.js';
import { checkUserName } from '../users/user-name.js';

/** A user as a file has it, with its hash and its keys. */
export type ImportedUser = Omit<KeyOwner, 'revision'>;

/** A user that breaks a rule: the import reports it and leaves it out. */
export interface RefusedUser {
  readonly name: string;
  /** The reason, as the end of a sentence: `username must not be "." or ".."`. It contains no hash. */
  readonly refusal: string;
}

export type FileFormat = 'Kapacitor database' | 'htpasswd' | 'JSON lines';

export interface UserFile {
  readonly format: FileFormat;
  /**
   * Reads the users from the beginning of the file, each name once. It can be called again, and keeps nothing of what it
   * read.
   *
   * @throws {ImportError} the file is damaged; the message says what is wrong and where. An importer therefore reads a file
   *   to its end before it stores anything.
   */
  read(): AsyncIterable<ImportedUser | RefusedUser>;
  close(): Promise<void>;
}

/** A file of users cannot be read, or its content is wrong. The message contains no hash, whatever it quotes of the file. */
export class ImportError extends KapacitorAuthError {
  constructor(message: string, options?: ErrorOptions) {
    super('IMPORT_INVALID', 400, withoutHashes(message), options);
  }
}

/**
 * The user, or a refusal if no user can have the name. A file with swapped columns has a hash in the place of a name, so a
 * refusal is stripped of hashes.
 */
export function checkedUser(user: ImportedUser | RefusedUser): ImportedUser | RefusedUser {
  const refusal = userNameProblem(user.name) ?? ('refusal' in user ? user.refusal : undefined);
  if (refusal === undefined) return user;
  return { name: withoutHashes(user.name), refusal: withoutHashes(refusal) };
}

function userNameProblem(name: string): string | undefined {
  try {
    checkUserName(name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Reads from a position. The result is shorter than the buffer only at the end of the file. */
export async function readAt(file: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

export function readError(path: string, cause: unknown): ImportError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const permission = 'permission denied. Run this as a user who may read the file, or import a copy';
  const reasons: Partial<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: permission,
    EPERM: permission,
    // A socket, which standard input may be.
    ENXIO: 'it is not a regular file. Pipe it into "import -"',
  };
  return new ImportError(`cannot read ${path}: ${reasons[code as string] ?? message}`, { cause });
}
