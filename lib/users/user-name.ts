import { InvalidUserError } from '../errors.js';

/** As Kapacitor has it. */
const CHARACTERS = /^[-._\p{L}0-9@]+$/u;
const MAX_BYTES = 256;

function problemOf(name: string): string | undefined {
  if (name === '') return 'username is required';
  if (Buffer.byteLength(name) > MAX_BYTES) return `username must be at most ${MAX_BYTES} bytes`;
  if (!CHARACTERS.test(name)) {
    return `username must contain only letters, numbers, '-', '.', '@' and '_'. ${JSON.stringify(name)}`;
  }
  if (name === '.' || name === '..') return 'username must not be "." or ".."';
  return undefined;
}

/** Tells whether a user may have this name. A name that none may have is not worth a question to the store. */
export function isUserName(name: string): boolean {
  return name.length <= MAX_BYTES && problemOf(name) === undefined;
}

/** Tells whether a list may begin after this. No user need have such a name: it is a position, and has to fit. */
export function isNamePosition(value: unknown): value is string {
  if (typeof value !== 'string' || Buffer.byteLength(value) > MAX_BYTES) return false;
  return value.isWellFormed() && !value.includes('\0');
}

/**
 * Checks the name of a new user.
 *
 * @throws {InvalidUserError} that says what is wrong with it
 */
export function checkUserName(name: string): void {
  const problem = problemOf(name);
  if (problem !== undefined) throw new InvalidUserError(problem);
}
