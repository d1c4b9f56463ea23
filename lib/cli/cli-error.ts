import { KapacitorAuthError, type KapacitorAuthErrorCode, StoreError } from '../errors.js';

/** The exit codes. They stay the same between versions. */
export const EXIT = {
  /** Done, or the answer is yes. */
  done: 0,
  /** Refused, or the answer is no. */
  refused: 1,
  /** The command is wrong. Nothing was tried. */
  usage: 2,
  /** The configuration is wrong. */
  config: 3,
  /** The store or the server is unreachable or overloaded. */
  unreachable: 4,
  /** A bug in this program: `EX_SOFTWARE` of BSD's sysexits. */
  bug: 70,
  /** Ctrl-C at a question: 128 and the number of SIGINT, as shells report the end by that signal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For `--help`. */
export const EXIT_CODES_HELP = `Exit codes:
  0    done, or the answer is yes
  1    refused: no such user, the user exists already, the last admin, not allowed, a
       name or a password that breaks a rule; the answer of "can" is no;
       "check-config" has found problems; a file of users is damaged
  2    the command is wrong
  3    the configuration is wrong
  4    the store or the server is unreachable or overloaded
  70   a bug in this program
  130  interrupted; 143 after SIGTERM, 129 after SIGHUP`;

/** Ends a command. The message is for the user of the command line, and says what to do. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.exitCode = exitCode;
  }
}

/** The command is wrong. */
export class UsageError extends CliError {
  constructor(message: string) {
    super(EXIT.usage, message);
  }
}

/** The command is right, and is refused. */
export class RefusedError extends CliError {
  constructor(message: string) {
    super(EXIT.refused, message);
  }
}

/** The user is not as it was when the user of the command line looked at it. */
export class ChangedMeanwhileError extends RefusedError {}

/** The store or the server does not answer as it should. */
export class UnreachableError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(EXIT.unreachable, message, options);
  }
}

/** The server has not answered, so it is not known whether it has done what it was asked for. */
export class NoAnswerError extends UnreachableError {}

/** Ctrl-C, or Ctrl-D. */
export class InterruptedError extends CliError {
  constructor() {
    super(EXIT.interrupted, 'interrupted: nothing was changed');
  }
}

/** The reader of the output has closed it, such as `| head`. */
export class OutputClosedError extends CliError {
  constructor() {
    super(EXIT.done, 'the output was closed');
  }
}

const EXIT_BY_CODE: Readonly<Record<KapacitorAuthErrorCode, ExitCode>> = {
  CONFIG_INVALID: EXIT.config,
  FORBIDDEN: EXIT.refused,
  IMPORT_INVALID: EXIT.refused,
  KEY_EXISTS: EXIT.refused,
  KEY_INVALID: EXIT.refused,
  KEY_LIMIT: EXIT.refused,
  KEY_NOT_FOUND: EXIT.refused,
  LAST_ADMIN: EXIT.refused,
  OVERLOADED: EXIT.unreachable,
  PASSWORD_CHANGE_REQUIRED: EXIT.refused,
  PASSWORD_CHECK_FAILED: EXIT.unreachable,
  PRECONDITION_FAILED: EXIT.refused,
  REQUEST_INVALID: EXIT.usage,
  STORE_UNAVAILABLE: EXIT.unreachable,
  THROTTLED: EXIT.unreachable,
  UNAUTHENTICATED: EXIT.refused,
  USER_EXISTS: EXIT.refused,
  USER_INVALID: EXIT.refused,
  USER_NOT_FOUND: EXIT.refused,
};

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  return error instanceof KapacitorAuthError ? EXIT_BY_CODE[error.code] : EXIT.bug;
}

/** Whether the error is one that the user of the command line can do something about. Another one is a bug. */
export function isKnown(error: unknown): error is CliError | KapacitorAuthError {
  return error instanceof CliError || error instanceof KapacitorAuthError;
}

/** Node.js cannot load a package. `bindings`, which loads native modules, adds the paths that it tried as `tries`. */
const UNLOADED = ['MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'];

/** The message, with that of the cause if it says more. The paths of a missing or unbuilt package do not. */
export function messageOf(error: CliError | KapacitorAuthError): string {
  const { message, cause } = error;
  if (!(error instanceof StoreError && cause instanceof Error)) return message;
  const isUnloaded = 'tries' in cause || ('code' in cause && UNLOADED.includes(cause.code as string));
  return isUnloaded || message.includes(cause.message) ? message : `${message}: ${cause.message}`;
}
