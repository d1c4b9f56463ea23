import { readAccountFields } from '../users/account-fields.js';
import { parseTime } from '../users/end-time.js';
import { dateOf } from '../users/secret.js';
import type { StoredAccount } from '../users/user.js';

/** The times of an account, as an export has them: RFC 3339. */
const TIMES = ['created', 'passwordChanged', 'expires'] as const;

/** The fields of an account in an export. A user has those that say something. */
export const EXPORTED_ACCOUNT: readonly (keyof StoredAccount)[] = [...TIMES, 'mustChangePassword', 'note'];

/** The account of a user in an export. A field that says nothing is left out. */
export function toExportedAccount({ mustChangePassword, note, ...times }: StoredAccount): object {
  const texts = TIMES.map((field) => [field, dateOf(times[field])?.toISOString()]);
  return { ...Object.fromEntries(texts), ...(mustChangePassword && { mustChangePassword }), ...(note && { note }) };
}

/**
 * Reads the account of a user from an export. A user without these fields is one without an account.
 *
 * @param complain makes the error to throw
 */
export function parseExportedAccount(
  given: Readonly<Record<string, unknown>>,
  complain: (problem: string) => Error,
): StoredAccount {
  const times = TIMES.filter((field) => given[field] !== undefined).map((field) => {
    const text = given[field];
    const time = typeof text === 'string' ? parseTime(text) : undefined;
    if (time === undefined) throw complain(`"${field}" must be a time such as "2026-01-31T12:00:00Z"`);
    return [field, time] as const;
  });
  const { mustChangePassword, note } = given;
  if (mustChangePassword !== undefined && typeof mustChangePassword !== 'boolean') {
    throw complain('"mustChangePassword" must be true or false');
  }
  if (note !== undefined && typeof note !== 'string') throw complain('"note" must be a string');
  return {
    ...Object.fromEntries(times),
    ...(mustChangePassword && { mustChangePassword }),
    ...(note && { note: checkedNote(note, complain) }),
  };
}

function checkedNote(note: string, complain: (problem: string) => Error): string {
  try {
    readAccountFields({ note });
    return note;
  } catch (error) {
    throw complain((error as Error).message);
  }
}
