import { readFileSync } from 'node:fs';
import { ConfigError, InvalidUserError, PasswordCheckError } from '../errors.js';
import type { MaybePromise } from '../promises.js';
import { answerWithin } from '../promises.js';
import { describeError } from '../safe-text.js';
import { opaqueString, problemOf } from './password.js';

/**
 * Tells whether a password is refused.
 *
 * @param password in the form that is hashed: NFC, and each space as U+0020
 * @param name the user who is to have it
 */
export type PasswordRefusal = (password: string, name: string) => MaybePromise<boolean>;

export interface PasswordPolicyOptions {
  /** Code points. */
  readonly minimumLength: number;
  /** Asked when nothing else is wrong with a password. */
  readonly isRefused?: PasswordRefusal;
  /** Told when that could not be found out, for the operator's eyes. */
  readonly onFailure?: (error: PasswordCheckError) => void;
}

/** Milliseconds. A refusal that takes longer has failed. */
const ANSWER_WITHIN = 5_000;

/** The rules for new passwords. Those that users have already are not measured by them. */
export class PasswordPolicy {
  readonly #minimumLength: number;
  readonly #isRefused: PasswordRefusal;
  readonly #onFailure: (error: PasswordCheckError) => void;

  constructor({ minimumLength, isRefused = () => false, onFailure = () => {} }: PasswordPolicyOptions) {
    this.#minimumLength = minimumLength;
    this.#isRefused = isRefused;
    this.#onFailure = onFailure;
  }

  /**
   * Checks a new password of a user.
   *
   * @returns the form of it to hash
   * @throws {InvalidUserError} that says what is wrong with it, and does not repeat it
   * @throws {PasswordCheckError} it could not be found out whether it is a refused one
   */
  async accept(password: string, userName: string): Promise<string> {
    const form = opaqueString(password);
    const problem = problemOf(form) ?? weaknessOf(form, userName, this.#minimumLength);
    if (problem !== undefined) throw new InvalidUserError(problem);
    if (await this.#ask(form, userName))
      throw new InvalidUserError('password is one of the refused passwords: choose another');
    return form;
  }

  async #ask(form: string, userName: string): Promise<boolean> {
    let answer: unknown;
    try {
      answer = await answerWithin(ANSWER_WITHIN, Promise.resolve(this.#isRefused(form, userName)));
    } catch (error) {
      throw this.#failure(describeError(error));
    }
    if (typeof answer !== 'boolean') throw this.#failure('it answered neither true nor false');
    return answer;
  }

  #failure(reason: string): PasswordCheckError {
    const failure = new PasswordCheckError({ cause: new Error(`refusedPasswords: ${reason}`) });
    this.#onFailure(failure);
    return failure;
  }
}

/** What is wrong with the form of a password as this user's, or undefined. It does not repeat the password. */
export function weaknessOf(form: string, userName: string, minimumLength: number): string | undefined {
  if (form.toLowerCase() === opaqueString(userName).toLowerCase()) return 'password must not be the username';
  // NIST SP 800-63B, section 5.1.1.2: each code point counts as one character.
  if ([...form].length >= minimumLength) return undefined;
  return `password must be at least ${minimumLength} characters`;
}

/**
 * Passwords that nobody may choose: a set of them, the path of a file with one on each line, or a function that tells
 * of one, such as a look-up in a list of breached passwords. The function gets the password in the form that is hashed
 * (NFC), the user's name, and five seconds to say true or false.
 */
export type RefusedPasswords = string | ReadonlySet<string> | PasswordRefusal;

/**
 * How to tell one of the refused passwords. A file or a set is read now, and once.
 *
 * @throws {ConfigError} the file cannot be read
 */
export function refusalOf(refused: RefusedPasswords): PasswordRefusal {
  if (typeof refused === 'function') return refused;
  const passwords = new Set([...(typeof refused === 'string' ? readLines(refused) : refused)].map(opaqueString));
  return (password) => passwords.has(password);
}

function readLines(path: string): string[] {
  let text: string;
  try {
    // Lists of breached passwords have lines that are not UTF-8: nobody can choose those.
    text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new ConfigError(`[auth] refused-passwords: cannot read ${path}: ${reason}`, { cause });
  }
  // PowerShell writes UTF-16: nothing in it would be refused.
  if (text.includes('\0')) {
    throw new ConfigError(`[auth] refused-passwords: ${path} is not a text in UTF-8: save it as UTF-8`);
  }
  return text.split(/\r?\n/).filter(Boolean);
}
