import type { UserOperationFailed } from '../audit/events.js';
import { KapacitorAuthError } from '../errors.js';
import { isUserName } from './user-name.js';

/** What the event tells of an operation that was not done, and of the error that says why. */
export function failureOf(
  operation: UserOperationFailed['operation'],
  name: unknown,
  error: unknown,
): Pick<UserOperationFailed, 'operation' | 'user' | 'code' | 'reason'> {
  const known = error instanceof KapacitorAuthError ? error : undefined;
  return {
    operation,
    user: typeof name === 'string' && isUserName(name) ? name : undefined,
    code: known?.code,
    // The words of a foreign error may hold anything.
    reason: known?.message ?? 'an error that is none of this package',
  };
}
