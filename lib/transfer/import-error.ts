import { KapacitorAuthError } from '../errors.js';

/** A file of users cannot be read, or is not what it should be: nothing of it is imported. */
export class ImportError extends KapacitorAuthError {
  constructor(message: string, options?: ErrorOptions) {
    super('IMPORT_INVALID', 400, message, options);
  }
}
