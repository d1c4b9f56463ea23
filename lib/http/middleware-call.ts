import type { Response } from 'express';
import { ConfigError } from '../errors.js';
import { answerRefusal, Refusal } from './refusals.js';

/**
 * Wraps a middleware so that it refuses a call without a request, such as `app.use(auth.authenticate())`.
 *
 * @param name the name in code, for messages
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
 * Whether the second argument is a response. Then a function that makes a middleware was used as a middleware. Nothing
 * shows that mistake before the first request.
 */
export function isResponse(value: unknown): value is Response {
  const { setHeader, end } = Object(value) as Partial<Record<string, unknown>>;
  return typeof setHeader === 'function' && typeof end === 'function';
}

/** Answers 500. It does not call `next`, because not every host understands an error that is passed to `next`. */
export function refuseRequest(res: Response, problem: string): void {
  answerRefusal(res, Refusal.of(new ConfigError(problem)), () => {});
}
