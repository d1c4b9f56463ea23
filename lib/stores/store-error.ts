import { StoreError } from '../errors.js';
import { withoutHashes } from '../safe-text.js';

/**
 * The {@link StoreError} that a failure of a repository is answered with. Its message is for whoever asked. The message of
 * any other error, and of a cause, is for the operator, and becomes the cause.
 */
export function asStoreError(error: unknown): StoreError {
  if (!(error instanceof StoreError)) return new StoreError('the user store is unavailable', { cause: causeOf(error) });
  const { message, cause } = error;
  return new StoreError(withoutHashes(message), cause === undefined ? {} : { cause: causeOf(cause) });
}

/** Keeps the parts that the operator needs. The rest of a foreign error may hold a row, and so a hash, anywhere. */
function causeOf(error: unknown): Error {
  const { message, code, stack }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  const cause = new Error(withoutHashes(message));
  if (stack !== undefined) cause.stack = withoutHashes(stack);
  if (code !== undefined) Object.assign(cause, { code: withoutHashes(String(code)) });
  return cause;
}
