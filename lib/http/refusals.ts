import type { OutgoingHttpHeaders } from 'node:http';
import {
  ForbiddenError,
  KapacitorAuthError,
  PasswordChangeRequiredError,
  StoreError,
  UnauthenticatedError,
} from '../errors.js';
import type { HostResponse, Next } from '../request/host.js';
import { hangUp, sendError, sendSeeOther } from './answers.js';

/** The statuses of requests that nobody let in. The app's error handler can get them in place of the client. */
const STATUSES: readonly number[] = [401, 403, 429, 503];

/** Answers a refused request, or hands it to the app. */
export type Refuse = (res: HostResponse, refusal: Refusal, next: Next) => void;

interface Background {
  /** The error that the refusal comes from. */
  readonly cause?: unknown;
  readonly signIn?: string | undefined;
}

/** The answer to a request that is not let through. */
export class Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers: OutgoingHttpHeaders;
  /** The path of the sign-in page, for a person who has to sign in. */
  readonly signIn: string | undefined;
  readonly #cause: unknown;

  constructor(status: number, message: string, headers: OutgoingHttpHeaders = {}, background: Background = {}) {
    this.status = status;
    this.message = message;
    this.headers = headers;
    this.signIn = background.signIn;
    this.#cause = background.cause;
  }

  /**
   * The refusal of a request that failed. The message of an error of this package holds no secret and is shown. No other
   * message is.
   *
   * @param status defaults to the status of the error
   */
  static of(error: unknown, status?: number, headers: OutgoingHttpHeaders = {}): Refusal {
    if (!(error instanceof KapacitorAuthError))
      return new Refusal(503, 'authentication is unavailable', {}, { cause: error });
    const signIn = error instanceof PasswordChangeRequiredError ? error.signIn : undefined;
    const all = { ...headers, ...error.headers };
    return new Refusal(status ?? error.status, error.message, all, { cause: error, signIn });
  }

  /** The refusal as the error that the app's error handler gets. */
  toError(): KapacitorAuthError {
    const { status, message, headers, signIn } = this;
    const cause = this.#cause;
    if (cause instanceof KapacitorAuthError && cause.status === status) return cause;
    const options = cause === undefined ? {} : { cause };
    if (status === 401) return new UnauthenticatedError(message, headers, { ...options, signIn });
    return status === 403 ? new ForbiddenError(message) : new StoreError(message, options);
  }
}

/** Answers a refused request itself. It never throws, because nothing is left to catch the error. */
export const answerRefusal: Refuse = (res, { status, message, headers, signIn }) => {
  try {
    if (signIn === undefined) sendError(res, status, message, headers);
    else sendSeeOther(res, signIn, headers);
  } catch {
    hangUp(res);
  }
};

/**
 * Hands a refused request to the app's error handler, unless the app has answered already. What `next` throws is the app's. A
 * `next` without a parameter, such as `() => serve(req, res)`, would take the error for leave to go on.
 */
export const handOverRefusal: Refuse = (res, refusal, next) => {
  if (!STATUSES.includes(refusal.status) || next.length === 0) answerRefusal(res, refusal, next);
  else if (!res.headersSent) next(refusal.toError());
};
