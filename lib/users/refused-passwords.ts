import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.js';
import { opaqueString } from './password.js';
import type { PasswordRefusal } from './password-policy.js';

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
