import { StoreError } from '../errors.js';
import { withoutHashes } from '../safe-text.js';

/**
 * Makes a failure of a repository a {@link StoreError} without a hash. Only the message of a `StoreError` is kept for the
 * caller. The operator sees any other error, and a cause, as the cause.
 */
export function asStoreError(error: unknown): StoreError {
  if (!(error instanceof StoreError)) return new StoreError('the user store is unavailable', { cause: causeOf(error) });
  const { message, cause } = error;
  return new StoreError(withoutHashes(message), cause === undefined ? {} : { cause: causeOf(cause) });
}

/** Keeps only what the operator needs: any other property of a foreign error may hold a row, and so a hash. */
function causeOf(error: unknown): Error {
  const { message, code, stack }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  const cause = new Error(withoutHashes(message));
  if (stack !== undefined) cause.stack = withoutHashes(stack);
  if (code !== undefined) Object.assign(cause, { code: withoutHashes(String(code)) });
  return cause;
}

/** A list that takes too long. It does not change the state of the store, which answers other questions. */
export class SlowListError extends StoreError {
  constructor() {
    super('the list takes too long: ask for fewer users, and page with after instead of offset');
  }
}
