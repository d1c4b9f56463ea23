import { expect, onTestFinished } from 'vitest';
import type { ThrottledAttempt } from '../../lib/authentication/failure-limits.js';
import { LoginThrottle, type LoginThrottleOptions } from '../../lib/authentication/login-throttle.js';
import type { SharedCounts } from '../../lib/authentication/shared-counts.js';

/** Milliseconds. */
export const WINDOW = 60_000;
export const HERE = '192.0.2.1';
export const NAME = 'someone';

let guesses = 0;

/** An attempt with a password that has not been tried before. */
export function guess(client = HERE, name = NAME): ThrottledAttempt {
  guesses += 1;
  return { client, name, digest: `guess ${guesses}`, isGuess: true };
}

/**
 * A throttle with three failures a minute, and attempts at it, until the test is over.
 *
 * @param counts what it shares with others
 */
export function setUpThrottle(options: Partial<LoginThrottleOptions> = {}, counts?: SharedCounts) {
  const throttle = new LoginThrottle({ failureLimit: 3, failureWindow: WINDOW, ...options }, counts);
  onTestFinished(() => throttle.close());
  const attempt = (tried: ThrottledAttempt, outcome: string | undefined) =>
    throttle
      .attempt(tried, async ({ begin }) => {
        await begin();
        return outcome;
      })
      .then(
        (result) => (result === undefined ? 'failed' : 'let in'),
        (error) => {
          expect(error).toMatchObject({ code: 'THROTTLED', status: 429 });
          return error.retryAfter as number;
        },
      );
  const fail = (client = HERE, name = NAME) => attempt(guess(client, name), undefined);
  const succeed = (client = HERE, name = NAME) => attempt(guess(client, name), 'yes');
  /** So many failures from everywhere at one user. */
  const failFromEverywhere = async (count: number, name = NAME) => {
    for (let index = 0; index < count; index += 1) expect(await fail(`198.51.100.${index}`, name)).toBe('failed');
  };
  return { throttle, attempt, fail, succeed, failFromEverywhere };
}
