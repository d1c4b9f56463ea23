import PQueue from 'p-queue';
import { InvalidRequestError } from '../errors.js';
import type { MaybePromise } from '../promises.js';
import { describeType, quoteText } from '../safe-text.js';
import type { UserAccount } from './account.js';
import type { Confirm, ConfirmChange } from './confirmation.js';
import type { PasswordHashing } from './password-hashing.js';
import { isActiveAdmin, type StoredUser } from './user.js';
import type { NewUser, UserChanges } from './user-fields.js';

/**
 * An operation of a batch. `confirm` runs right before the change, as in `users.update` and `users.delete`.
 *
 * @typeParam Own the names of the app's own permissions
 */
export type UserOperation<Own extends string = never> =
  | { readonly op: 'create'; readonly user: NewUser<Own> }
  | {
      readonly op: 'change';
      readonly name: string;
      readonly changes: UserChanges<Own>;
      readonly confirm?: ConfirmChange | undefined;
    }
  | { readonly op: 'delete'; readonly name: string; readonly confirm?: ConfirmChange | undefined };

/**
 * The outcome of an operation: the user that was created or changed, whether there was a user to delete, or the error that the
 * single operation would have rejected with.
 *
 * @typeParam Own the names of the app's own permissions
 */
export type UserOperationResult<Own extends string = string> =
  | { readonly user: UserAccount<Own> }
  | { readonly deleted: boolean }
  | { readonly error: Error };

/** The most operations of a batch. */
const MAX_OPERATIONS = 1_000;

/** Operations that run at once. Those with a password wait for each other. */
const CONCURRENCY = 50;

/** The single operations. */
interface SingleOperations {
  create(user: NewUser<string>, confirm: Confirm): Promise<UserAccount>;
  update(name: string, changes: UserChanges<string>, confirm: ConfirmChange): Promise<UserAccount>;
  delete(name: string, confirm: ConfirmChange): Promise<boolean>;
}

interface BatchParts {
  /** The users, whose passwords are hashed one at a time. */
  readonly users: SingleOperations;
  readonly hasher: PasswordHashing;
  readonly find: (name: string) => MaybePromise<StoredUser | undefined>;
  /** The name of the user who makes the batch. */
  readonly by: string | undefined;
  /** Runs before each operation begins. An error that it throws becomes its result. */
  readonly begin: Confirm;
}

/**
 * Runs operations, each on another user, and returns their results in the same order. Those that may make an enabled admin run
 * first. Those that take one away run last and one at a time, so that all of them are done for which another admin is left. The
 * one on the user who makes the batch comes at the end if it may end its rights.
 *
 * @throws {InvalidRequestError} there is no operation or more than 1,000, or there are two on one name
 * @throws {OverloadedError} the first password could not be hashed now
 */
export async function runBatch(
  operations: readonly UserOperation<string>[],
  parts: BatchParts,
): Promise<UserOperationResult[]> {
  checkOperations(operations);
  if (operations.some(hasPassword)) parts.hasher.requireRoom?.();
  const results = new Map<UserOperation<string>, UserOperationResult>();
  const turns = await turnsOf(operations, parts);
  for (const { operations: each, concurrency } of turns) {
    const queue = new PQueue({ concurrency });
    await queue.addAll(
      each.map((operation) => async () => void results.set(operation, await resultOf(operation, parts))),
    );
  }
  return operations.map((operation) => results.get(operation) as UserOperationResult);
}

async function resultOf(operation: UserOperation<string>, { users, begin }: BatchParts): Promise<UserOperationResult> {
  try {
    await begin();
    if (operation.op === 'create') return { user: await users.create(operation.user, begin) };
    const { name, confirm } = operation;
    const confirmStep: ConfirmChange = async (current) => {
      await confirm?.(current);
      await begin();
    };
    if (operation.op === 'change') return { user: await users.update(name, operation.changes, confirmStep) };
    return { deleted: await users.delete(name, confirmStep) };
  } catch (error) {
    return { error: error as Error };
  }
}

/** The name of the user that an operation is for. A client may have sent anything. */
function nameOfOperation(operation: UserOperation<string>): unknown {
  return operation.op === 'create' ? operation.user?.name : operation.name;
}

function hasPassword(operation: UserOperation<string>): boolean {
  return operation.op === 'create' || (operation.op === 'change' && operation.changes?.password !== undefined);
}

function checkOperations(operations: readonly UserOperation<string>[]): void {
  if (!Array.isArray(operations)) {
    throw new InvalidRequestError(`operations must be an array, not ${describeType(operations)}`);
  }
  checkBatchSize(operations);
  checkNames(operations.map(nameOfOperation));
}

/** @throws {InvalidRequestError} there are too many, or none */
export function checkBatchSize({ length }: readonly unknown[]): void {
  if (length >= 1 && length <= MAX_OPERATIONS) return;
  throw new InvalidRequestError(`a batch has 1 to ${MAX_OPERATIONS} operations, not ${length}`);
}

/**
 * Checks that no two operations are for one user, whose order would matter.
 *
 * @param names those that are no text belong to operations that fail
 * @throws {InvalidRequestError} names the user
 */
export function checkNames(names: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const name of names) {
    if (typeof name !== 'string') continue;
    if (seen.has(name))
      throw new InvalidRequestError(`a batch has one operation a user, not two on ${quoteText(name)}`);
    seen.add(name);
  }
}

interface Turn {
  readonly operations: readonly UserOperation<string>[];
  readonly concurrency: number;
}

async function turnsOf(operations: readonly UserOperation<string>[], { find, by }: BatchParts): Promise<Turn[]> {
  const kinds = new Map<UserOperation<string>, 'gain' | 'other' | 'loss' | 'own'>();
  const queue = new PQueue({ concurrency: CONCURRENCY });
  await queue.addAll(
    operations.map((operation) => async () => {
      const isOwn = by !== undefined && nameOfOperation(operation) === by;
      const kind = await kindOf(operation, find);
      kinds.set(operation, isOwn && (kind !== 'gain' || mayCloseOut(operation)) ? 'own' : kind);
    }),
  );
  const all = (kind: string) => operations.filter((operation) => kinds.get(operation) === kind);
  return [
    { operations: all('gain'), concurrency: CONCURRENCY },
    { operations: all('other'), concurrency: CONCURRENCY },
    { operations: all('loss'), concurrency: 1 },
    { operations: all('own'), concurrency: 1 },
  ];
}

/** Whether the credentials of the user that the operation changes may open less after it. */
function mayCloseOut(operation: UserOperation<string>): boolean {
  return hasPassword(operation) || (operation.op === 'change' && operation.changes.mustChangePassword === true);
}

/** The effect that the operation may have on the number of enabled admins. */
async function kindOf(operation: UserOperation<string>, find: BatchParts['find']): Promise<'gain' | 'other' | 'loss'> {
  if (operation.op === 'create') return operation.user?.type === 'admin' ? 'gain' : 'other';
  const { op, name } = operation;
  const { type, enabled, expires } = op === 'change' ? (operation.changes ?? {}) : {};
  const mayTake =
    op === 'delete' || type === 'normal' || enabled === false || typeof expires === 'string' || expires instanceof Date;
  if (!mayTake) return type === 'admin' || enabled === true || expires === null ? 'gain' : 'other';
  // A store that fails now fails again when the operation runs.
  const user = typeof name === 'string' ? await Promise.resolve(find(name)).catch(() => undefined) : undefined;
  return user !== undefined && isActiveAdmin(user) ? 'loss' : 'other';
}
