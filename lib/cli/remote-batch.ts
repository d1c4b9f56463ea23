import { isPlainObject } from '../argument-checks.js';
import { oneLine } from '../safe-text.js';
import { strangeAnswer, toUser } from './answered-user.js';
import { ChangedMeanwhileError, RefusedError, UnreachableError } from './cli-error.js';
import type { OperationOutcome, UserOperation } from './managed-users.js';

/** An operation as `POST users/batch` takes it. */
export function toRemoteOperation(operation: UserOperation): object {
  const { op, name } = operation;
  return op === 'change' ? { op, name, ...operation.changes } : { op, name, ifMatch: operation.version };
}

/**
 * Reads the answer to a batch.
 *
 * @throws {UnreachableError} this is no answer to these operations
 */
export function* readOutcomes(
  body: any,
  operations: readonly UserOperation[],
): Generator<OperationOutcome, void, void> {
  const results: unknown = body?.results;
  if (!Array.isArray(results) || results.length !== operations.length) throw strangeAnswer();
  for (const [index, operation] of operations.entries()) yield readOutcome(results[index], operation);
}

function readOutcome(result: unknown, { op, name }: UserOperation): OperationOutcome {
  if (!isPlainObject(result)) throw strangeAnswer();
  const { status, user, error } = result as Readonly<Record<string, unknown>>;
  if (typeof status !== 'number') throw strangeAnswer();
  if (status >= 200 && status < 300) {
    if (op === 'delete') return { name };
    const changed = toUser(user);
    if (changed.name !== name) throw strangeAnswer();
    return { name, user: changed };
  }
  const reason = typeof error === 'string' ? oneLine(error) : `the server answers ${status}`;
  if (status === 412) return { name, error: new ChangedMeanwhileError(reason) };
  // 429 and 503: later it may be done.
  return { name, error: status < 500 && status !== 429 ? new RefusedError(reason) : new UnreachableError(reason) };
}
