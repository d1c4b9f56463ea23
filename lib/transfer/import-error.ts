import { KapacitorAuthError } from '../errors.js';
import { withoutHashes } from '../safe-text.js';

/** A file of users cannot be read, or is not what it should be. Whatever of it the message repeats, it repeats no hash. */
export class ImportError extends KapacitorAuthError {
  constructor(message: string, options?: ErrorOptions) {
    super('IMPORT_INVALID', 400, withoutHashes(message), options);
  }
}
