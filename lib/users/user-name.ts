import { InvalidUserError } from '../errors.js';

/** The characters that Kapacitor allows. */
const CHARACTERS = /^[-._\p{L}0-9@]+$/u;
/**
 * Letters to Unicode that are invisible: the Hangul fillers (U+115F, U+1160, U+3164, U+FFA0), which are the letters among
 * the default-ignorable code points, and the blanks of Egyptian hieroglyphs. With one of them a name looks like another.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u{13441}\u{13442}]/u;
const MAX_BYTES = 256;

/** Whether a user can have this name. If not, the store need not be asked. */
export function isUserName(name: string): boolean {
  return name.length <= MAX_BYTES && formProblem(name) === undefined;
}

/**
 * Checks the name of a new user. Names that an earlier version or Kapacitor accepted stay valid.
 *
 * @throws {InvalidUserError} names the problem
 */
export function checkUserName(name: string): void {
  const problem = formProblem(name) ?? disguiseProblem(name);
  if (problem !== undefined) throw new InvalidUserError(problem);
}

function formProblem(name: string): string | undefined {
  if (name === '') return 'username is required';
  if (Buffer.byteLength(name) > MAX_BYTES) return `username must be at most ${MAX_BYTES} bytes`;
  if (!CHARACTERS.test(name)) {
    return `username must contain only letters, numbers, '-', '.', '@' and '_'. ${JSON.stringify(name)}`;
  }
  if (name === '.' || name === '..') return 'username must not be "." or ".."';
  return undefined;
}

function disguiseProblem(name: string): string | undefined {
  const [invisible] = INVISIBLE.exec(name) ?? [];
  if (invisible === undefined) return undefined;
  const code = (invisible.codePointAt(0) as number).toString(16).toUpperCase();
  return `username must not contain invisible letters: U+${code}`;
}

/** Whether a list can begin after this text. The text is a position among the names; no user need have it as a name. */
export function isNamePosition(value: unknown): value is string {
  if (typeof value !== 'string' || Buffer.byteLength(value) > MAX_BYTES) return false;
  return value.isWellFormed() && !value.includes('\0');
}

/** Compares two names by their UTF-8 bytes, for `sort`. (`<` compares UTF-16 units, a different order beyond U+FFFF.) */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
