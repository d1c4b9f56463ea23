import type { Request } from 'express';
import { isPlainObject } from '../argument-checks.js';
import { ForbiddenError } from '../errors.js';
import { type Audit, operationFailure, type UserOperationFailed } from '../users/audit-events.js';
import type { User } from '../users/user.js';
import { reportForbidden } from './denials.js';
import { changeContextOf } from './users-action.js';

const OPERATIONS: readonly unknown[] = ['create', 'change', 'delete'] satisfies UserOperationFailed['operation'][];

/** Reports the operations of a batch as the single requests would be. The user service reports those that reach it. */
export class BatchEvents {
  readonly #audit: Audit;
  readonly #req: Request;
  readonly #principal: User;

  constructor(audit: Audit, req: Request, principal: User) {
    this.#audit = audit;
    this.#req = req;
    this.#principal = principal;
  }

  /** Reports an operation that a client has sent and that is not begun. */
  unread(json: unknown, error: unknown): void {
    const { op, name } = isPlainObject(json) ? json : {};
    if (error instanceof ForbiddenError || !OPERATIONS.includes(op)) return;
    this.#audit('user-operation-failed', () => ({
      ...changeContextOf(this.#req, this.#principal),
      ...operationFailure(op as UserOperationFailed['operation'], name, error),
    }));
  }

  /** Reports the error of an operation that the user may not do, or may do no more. */
  failed(error: unknown): void {
    reportForbidden(this.#audit, this.#req, this.#principal, error);
  }
}
