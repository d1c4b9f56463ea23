import type { Request } from 'express';
import { isPlainObject, keyProblem } from '../argument-checks.js';
import { InvalidRequestError, KapacitorAuthError, PreconditionFailedError, StoreError } from '../errors.js';
import type { HostResponse } from '../request/host.js';
import { describeType, describeValue } from '../safe-text.js';
import type { User } from '../users/user.js';
import { checkBatchSize, checkNames, type UserOperation, type UserOperationResult } from '../users/user-batch.js';
import type { UserChanges } from '../users/user-fields.js';
import { sendJson } from './answers.js';
import { BatchEvents } from './batch-events.js';
import { entityTagOf, Preconditions } from './entity-tag.js';
import type { Guard } from './guard.js';
import { readJson } from './request-body.js';
import { userBody } from './user-body.js';
import { fieldsOf, toNewUser } from './user-input.js';
import { type Action, baseOf, changeContextOf, refuseForged, refuseKey } from './users-action.js';
import { requireAdmin, type UsersApiParts } from './users-api.js';

/** An operation that a client sent, and the conditions that it has. */
interface RequestedOperation {
  readonly operation: UserOperation<string>;
  readonly preconditions: Preconditions;
}

/** Creates, changes and deletes many users with one request. */
export function createBatchAction({ users, guard, audit }: UsersApiParts): Action {
  return async (req, res, principal) => {
    refuseForged(req);
    const events = new BatchEvents(audit, req, principal);
    const requested = operationsIn(await readJson(req, res, true)).map((json) => read(json, guard, principal, events));
    const operations = requested.flatMap((each) => ('operation' in each ? [each.operation] : []));
    const begin = async () => {
      refuseGone(res);
      // The admin may have been demoted meanwhile, also by its own batch.
      requireAdmin(await guard.reconsider(principal));
    };
    await begin();
    const results =
      operations.length === 0 ? [] : await users.by(changeContextOf(req, principal)).batch(operations, begin);
    const byOperation = new Map(
      operations.map((operation, index) => [operation, results[index] as UserOperationResult]),
    );
    const bodies = requested.map((each) => {
      const result = 'error' in each ? each : (byOperation.get(each.operation) as UserOperationResult);
      if ('error' in result) events.failed(result.error);
      return 'error' in each ? errorBody(each.error) : resultBody(req, each, result as UserOperationResult);
    });
    sendJson(res, 200, { results: bodies });
  };
}

/** A client that has hung up does not see what becomes of its batch. What has not begun is left undone. */
function refuseGone(res: HostResponse): void {
  if (res.destroyed || res.socket?.destroyed)
    throw new InvalidRequestError('the client has hung up: nothing more is done');
}

function operationsIn(json: unknown): readonly unknown[] {
  const problem = keyProblem(json, { owner: 'a batch', noun: 'field', keys: ['operations'] });
  if (problem !== undefined) throw new InvalidRequestError(problem);
  const { operations } = json as { readonly operations?: unknown };
  if (!Array.isArray(operations)) {
    throw new InvalidRequestError(`operations must be an array, not ${describeType(operations)}`);
  }
  checkBatchSize(operations);
  checkNames(operations.map((operation) => (isPlainObject(operation) ? operation['name'] : undefined)));
  return operations;
}

/** A mistake in an operation keeps the others from nothing. */
function read(
  json: unknown,
  guard: Guard,
  principal: User,
  events: BatchEvents,
): RequestedOperation | { readonly error: unknown } {
  try {
    if (!isPlainObject(json))
      throw new InvalidRequestError(`an operation must be an object, not ${describeType(json)}`);
    return operationOf(json, guard, principal);
  } catch (error) {
    events.unread(json, error);
    return { error };
  }
}

function operationOf(json: Readonly<Record<string, unknown>>, guard: Guard, principal: User): RequestedOperation {
  const { op, ...given } = json;
  if (op === 'create') return { operation: { op, user: toNewUser(given) }, preconditions: conditionsOf(undefined) };
  if (op !== 'change' && op !== 'delete') {
    throw new InvalidRequestError(`op must be "create", "change" or "delete", not ${describeValue(op)}`);
  }
  const { ifMatch, ...fields } = given;
  const name = fields['name'] as string;
  const preconditions = conditionsOf(ifMatch);
  const confirm = preconditions.areNone ? undefined : preconditions.check.bind(preconditions, name);
  if (op === 'delete') {
    const problem = keyProblem(fields, { owner: 'a deletion', noun: 'field', keys: ['name'] });
    if (problem !== undefined) throw new InvalidRequestError(problem);
    return { operation: { op, name, confirm }, preconditions };
  }
  const changes = fieldsOf(fields) as UserChanges<string>;
  if (name === principal.name && changes.password !== undefined) {
    refuseKey(guard, principal, 'a key does not change the password of its owner');
  }
  return { operation: { op, name, changes, confirm }, preconditions };
}

function conditionsOf(ifMatch: unknown): Preconditions {
  if (ifMatch === undefined || ifMatch === null) return new Preconditions({});
  if (typeof ifMatch !== 'string')
    throw new InvalidRequestError(`ifMatch must be a text, not ${describeType(ifMatch)}`);
  return new Preconditions({ 'if-match': ifMatch });
}

function resultBody(
  req: Request,
  { operation, preconditions }: RequestedOperation,
  result: UserOperationResult,
): object {
  if ('error' in result) return errorBody(result.error);
  if ('user' in result) {
    return { status: 200, user: userBody(result.user, baseOf(req)), etag: entityTagOf(result.user) };
  }
  if (result.deleted || preconditions.areNone) return { status: 204 };
  return errorBody(new PreconditionFailedError((operation as { readonly name: string }).name, undefined));
}

/** An error as the result of an operation. The message of an error that is not of this package may hold a secret. */
function errorBody(given: unknown): object {
  const error = given instanceof KapacitorAuthError ? given : new StoreError('authentication is unavailable');
  const { status, message, code } = error;
  const etag = error instanceof PreconditionFailedError ? error.etag : undefined;
  return { status, error: message, message, code, etag };
}
