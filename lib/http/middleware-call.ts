import type { Response } from 'express';
import { ConfigError } from '../errors.js';
import { sendThrown } from './answers.js';

/**
 * A middleware that says so when it is called without a request: `app.use(auth.authenticate())`.
 *
 * @param name as code writes it, for messages
 */
export function asMiddleware<Req, Res, Next>(
  name: string,
  middleware: (req: Req, res: Res, next: Next) => void,
): (req: Req, res: Res, next: Next) => void {
  return (req, res, next) => {
    if (typeof next === 'function') middleware(req, res, next);
    else if (isResponse(res)) refuseRequest(res, `${name} needs what comes next: write ${name}(req, res, next)`);
    else throw new ConfigError(`${name} is the middleware itself: write app.use(${name})`);
  };
}

/**
 * Tells whether a function that makes a middleware has been used as one, which its second argument shows: nothing says so
 * before the first request.
 */
export function isResponse(value: unknown): value is Response {
  const { setHeader, end } = Object(value) as Partial<Record<string, unknown>>;
  return typeof setHeader === 'function' && typeof end === 'function';
}

/** Answers 500, and does not go on: to a host an error that is passed to `next` need not mean anything. */
export function refuseRequest(res: Response, problem: string): void {
  sendThrown(res, new ConfigError(problem));
}
