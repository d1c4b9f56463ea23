import { readFileSync } from 'node:fs';
import { ConfigError, InvalidUserError, PasswordCheckError } from '../errors.js';
import { answerWithin, type MaybePromise } from '../promises.js';
import { describeError } from '../safe-text.js';
import { opaqueString, passwordProblem } from './password.js';
import { looksLikeKey } from './secret-text.js';

/**
 * Tells whether a password is refused.
 *
 * @param password in the form that is hashed: NFC, with each space as U+0020
 * @param name the name of the user who gets the password
 */
export type PasswordRefusal = (password: string, name: string) => MaybePromise<boolean>;

/**
 * Passwords that no user may choose: a set, the path of a file with one password on each line, or a function, such as a
 * look-up in a list of breached passwords. The function gets the password in the form that is hashed (NFC) and the name of
 * the user. It has five seconds to return true or false.
 */
export type RefusedPasswords = string | ReadonlySet<string> | PasswordRefusal;

/** Milliseconds. A slower refusal function has failed. */
const ANSWER_WITHIN = 5_000;

export interface PasswordPolicyOptions {
  /** Code points. */
  readonly minimumLength: number;
  /** Runs last, for a password that follows all other rules. Defaults to no refused passwords. */
  readonly isRefused?: PasswordRefusal | undefined;
  /** Receives the error, for the operator, when `isRefused` fails. */
  readonly onFailure?: ((error: PasswordCheckError) => void) | undefined;
}

/** The rules for new passwords. They do not apply to passwords that users have already. */
export class PasswordPolicy {
  readonly #options: PasswordPolicyOptions;

  constructor(options: PasswordPolicyOptions) {
    this.#options = options;
  }

  /**
   * Checks a new password.
   *
   * @returns the form of the password to hash
   * @throws {InvalidUserError} names the problem; it does not repeat the password
   * @throws {PasswordCheckError} the check of refused passwords failed
   */
  async accept(password: string, userName: string): Promise<string> {
    const form = opaqueString(password);
    const problem = passwordProblem(form) ?? weaknessOf(form, userName, this.#options.minimumLength);
    if (problem !== undefined) throw new InvalidUserError(problem);
    if (await this.#isRefused(form, userName)) {
      throw new InvalidUserError('password is one of the refused passwords: choose another');
    }
    return form;
  }

  async #isRefused(form: string, userName: string): Promise<boolean> {
    const { isRefused } = this.#options;
    if (isRefused === undefined) return false;
    let answer: unknown;
    try {
      answer = await answerWithin(ANSWER_WITHIN, Promise.resolve(isRefused(form, userName)));
    } catch (error) {
      throw this.#failure(describeError(error));
    }
    if (typeof answer !== 'boolean') throw this.#failure('it answered neither true nor false');
    return answer;
  }

  #failure(reason: string): PasswordCheckError {
    const failure = new PasswordCheckError({ cause: new Error(`refusedPasswords: ${reason}`) });
    this.#options.onFailure?.(failure);
    return failure;
  }
}

/** The weakness of a password for this user, or undefined. It does not repeat the password. */
export function weaknessOf(form: string, userName: string, minimumLength: number): string | undefined {
  if (looksLikeKey(form)) return 'password must not be a key: choose another';
  if (form.toLowerCase() === opaqueString(userName).toLowerCase()) return 'password must not be the username';
  // NIST SP 800-63B, section 5.1.1.2: each code point counts as one character.
  if ([...form].length >= minimumLength) return undefined;
  return `password must be at least ${minimumLength} characters`;
}

/**
 * Makes the function that refuses passwords. A file or a set is read once, now.
 *
 * @throws {ConfigError} the file cannot be read
 */
export function passwordRefusal(refused: RefusedPasswords): PasswordRefusal {
  if (typeof refused === 'function') return refused;
  const passwords = new Set([...(typeof refused === 'string' ? readPasswords(refused) : refused)].map(opaqueString));
  return (password) => passwords.has(password);
}

function readPasswords(path: string): string[] {
  let text: string;
  try {
    // Lists of breached passwords have lines that are not UTF-8. Nobody can choose such a password.
    text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new ConfigError(`[auth] refused-passwords: cannot read ${path}: ${reason}`, { cause });
  }
  // PowerShell writes UTF-16. Its lines would match no password.
  if (text.includes('\0')) {
    throw new ConfigError(`[auth] refused-passwords: ${path} is not a text in UTF-8: save it as UTF-8`);
  }
  return text.split(/\r?\n/).filter(Boolean);
}
