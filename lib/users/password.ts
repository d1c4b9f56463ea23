import { InvalidUserError } from '../errors.js';

/** bcrypt reads no more of a password than this. */
const MAX_BYTES = 72;
/** RFC 7617, section 2: credentials hold no control characters (CTL of RFC 5234, appendix B.1). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

function problemOf(password: string): string | undefined {
  if (password === '') return 'password is required';
  if (!password.isWellFormed()) return 'password must be well-formed Unicode';
  if (Buffer.byteLength(password) > MAX_BYTES) return `password must be at most ${MAX_BYTES} bytes`;
  if (CONTROL_CHARACTERS.test(password)) return 'password must not contain control characters';
  return undefined;
}

/** Tells whether a user may have this password. One that none may have matches no hash, whatever bcrypt says. */
export function isPassword(password: string): boolean {
  return problemOf(password) === undefined;
}

/**
 * Checks a new password.
 *
 * @throws {InvalidUserError} that says what is wrong with it, and does not repeat it
 */
export function checkPassword(password: string): void {
  const problem = problemOf(password);
  if (problem !== undefined) throw new InvalidUserError(problem);
}
