import { InvalidUserError } from '../errors.js';

/** As Kapacitor has it. */
const CHARACTERS = /^[-._\p{L}0-9@]+$/u;
/**
 * Letters to Unicode, and nothing to the eye: the fillers of Hangul (U+115F, U+1160, U+3164, U+FFA0), which are the letters
 * among the code points that are ignorable by default, and the blanks of Egyptian hieroglyphs. With one of them a name
 * looks like another.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u{13441}\u{13442}]/u;
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

/** Tells whether a user can have this name. A name that none can have is not worth a question to the store. */
export function isUserName(name: string): boolean {
  return name.length <= MAX_BYTES && problemOf(name) === undefined;
}

/** What a reader of a new name could not see, or undefined. */
function disguiseOf(name: string): string | undefined {
  const [invisible] = INVISIBLE.exec(name) ?? [];
  if (invisible === undefined) return undefined;
  const code = (invisible.codePointAt(0) as number).toString(16).toUpperCase();
  return `username must not contain invisible letters: U+${code}`;
}

/** Tells whether a list may begin after this. No user need have such a name: it is a position, and has to fit. */
export function isNamePosition(value: unknown): value is string {
  if (typeof value !== 'string' || Buffer.byteLength(value) > MAX_BYTES) return false;
  return value.isWellFormed() && !value.includes('\0');
}

/**
 * Checks the name of a new user. Users whose names were taken by an earlier version, or by Kapacitor, keep them.
 *
 * @throws {InvalidUserError} that says what is wrong with it
 */
export function checkUserName(name: string): void {
  const problem = problemOf(name) ?? disguiseOf(name);
  if (problem !== undefined) throw new InvalidUserError(problem);
}

/** Compares two names by their UTF-8 bytes, for `sort`. (`<` compares UTF-16 units, and differs beyond the basic plane.) */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
