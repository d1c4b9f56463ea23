import { KapacitorAuthError, type KapacitorAuthErrorCode } from '../errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** Ends a command. The message is for whoever has typed it, and says what to do next. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.exitCode = exitCode;
  }
}

/** The command was written wrongly. */
export class UsageError extends CliError {
  constructor(message: string) {
    super(EXIT.usage, message);
  }
}

/** It was understood, and is not done. */
export class RefusedError extends CliError {
  constructor(message: string) {
    super(EXIT.refused, message);
  }
}

/** The store or the server does not answer as it should. */
export class UnreachableError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(EXIT.unreachable, message, options);
  }
}

/** Ctrl-C, or the end of what can be typed. */
export class InterruptedError extends CliError {
  constructor() {
    super(EXIT.interrupted, 'interrupted: nothing was changed');
  }
}

/** Whoever reads the output wants no more of it: `| head`. */
export class OutputClosedError extends CliError {
  constructor() {
    super(EXIT.done, 'the output was closed');
  }
}

const BY_CODE: Readonly<Record<KapacitorAuthErrorCode, ExitCode>> = {
  CONFIG_INVALID: EXIT.config,
  FORBIDDEN: EXIT.refused,
  IMPORT_INVALID: EXIT.refused,
  LAST_ADMIN: EXIT.refused,
  OVERLOADED: EXIT.unreachable,
  PASSWORD_CHECK_FAILED: EXIT.unreachable,
  REQUEST_INVALID: EXIT.usage,
  STORE_UNAVAILABLE: EXIT.unreachable,
  THROTTLED: EXIT.unreachable,
  USER_EXISTS: EXIT.refused,
  USER_INVALID: EXIT.refused,
  USER_NOT_FOUND: EXIT.refused,
};

/** How a command ends that has thrown this. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  return error instanceof KapacitorAuthError ? BY_CODE[error.code] : EXIT.bug;
}
