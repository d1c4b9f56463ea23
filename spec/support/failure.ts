import { expect } from 'vitest';

/** An error of this package's, for `toThrow`. */
export const failure = (code: string, status: number, message: string): unknown =>
  expect.objectContaining({ code, status, message });

/** A user who is not acceptable, for `toThrow`. */
export const invalidUser = (message: string): unknown => failure('USER_INVALID', 400, message);
