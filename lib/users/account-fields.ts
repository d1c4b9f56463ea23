import { InvalidUserError } from '../errors.js';
import { describeType, describeValue } from '../safe-text.js';
import { readEnd } from './end-time.js';

/** The fields of a user's account that can be set. */
export interface AccountFields {
  /**
   * When the user ends: a time (RFC 3339, or a `Date`), or a duration from now on, such as `90d` or `12h`. From then on the user
   * counts as disabled. The last admin never ends. Null: never.
   */
  readonly expires?: string | Date | null | undefined;
  /**
   * Whether the user must change its password before it may do anything else. It becomes false when the user changes its own
   * password.
   */
  readonly mustChangePassword?: boolean | undefined;
  /** A text of the operator's, of at most 200 characters and one line. Null, and the empty text: none. */
  readonly note?: string | null | undefined;
}

export const ACCOUNT_FIELDS: readonly (keyof AccountFields)[] = ['expires', 'mustChangePassword', 'note'];

/** Fields of an account that are checked. Undefined: not given. Null: to remove. */
export interface ReadAccountFields {
  /** Milliseconds since 1970. */
  readonly expires: number | null | undefined;
  readonly mustChangePassword: boolean | undefined;
  readonly note: string | null | undefined;
}

/** Code points. */
const MAX_NOTE = 200;

/**
 * Reads fields of an account from code or from a client.
 *
 * @throws {InvalidUserError} names the field and the problem
 */
export function readAccountFields(given: Readonly<Record<string, unknown>>): ReadAccountFields {
  const { expires, mustChangePassword, note } = given;
  if (mustChangePassword !== undefined && typeof mustChangePassword !== 'boolean') {
    throw new InvalidUserError(`mustChangePassword must be true or false, not ${describeValue(mustChangePassword)}`);
  }
  return {
    expires: expires === null ? null : readEnd(expires, Date.now(), InvalidUserError),
    mustChangePassword,
    note: readNote(note),
  };
}

/**
 * Refuses a field that the repository would lose in silence.
 *
 * @throws {InvalidUserError} names the field
 */
export function requireKept(fields: ReadAccountFields, { keepsAccounts }: { readonly keepsAccounts?: boolean }): void {
  const lost = keepsAccounts ? undefined : ACCOUNT_FIELDS.find((field) => fields[field]);
  if (lost !== undefined) throw new InvalidUserError(`the user store of this app does not keep ${lost}: leave it out`);
}

function readNote(note: unknown): string | null | undefined {
  if (note === undefined) return undefined;
  if (note === null || note === '') return null;
  if (typeof note !== 'string') throw new InvalidUserError(`note must be a text, not ${describeType(note)}`);
  if (!note.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(note)) {
    throw new InvalidUserError('note must be one line, without control characters');
  }
  const { length } = [...note];
  if (length > MAX_NOTE) throw new InvalidUserError(`note must have at most ${MAX_NOTE} characters, not ${length}`);
  return note;
}
