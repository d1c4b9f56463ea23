import { InvalidUserError, PasswordChangeRequiredError } from '../errors.js';
import { passwordForms } from './password.js';
import type { StoredUser } from './user.js';
import type { ReadChanges } from './user-fields.js';

/** Verifies passwords. */
export interface PasswordVerification {
  /** Whether a login may verify this hash. */
  canVerify(hash: string): boolean;
  /** The password that the hash is of, or undefined. */
  verify(passwords: readonly string[], hash: string, options?: { isKnown?: boolean }): Promise<string | undefined>;
}

/**
 * Refuses a change by which a user who must change its password does anything else to itself.
 *
 * @throws {PasswordChangeRequiredError} there is no new password, or another field
 */
export function requirePasswordAlone(user: StoredUser, changes: ReadChanges): void {
  if (!user.mustChangePassword) return;
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  if (given.length === 1 && changes.password !== undefined) return;
  throw new PasswordChangeRequiredError(user.name, 'the change must have the new password, and nothing else');
}

/**
 * Refuses the present password as the new one of a user who must change it.
 *
 * @throws {InvalidUserError} both are the same
 * @throws {OverloadedError} too many passwords wait to be verified
 */
export async function requireOtherPassword(
  user: StoredUser,
  password: string,
  hasher: PasswordVerification,
): Promise<void> {
  if (!user.mustChangePassword || !hasher.canVerify(user.hash)) return;
  const same = await hasher.verify(passwordForms(password), user.hash, { isKnown: true });
  if (same !== undefined) throw new InvalidUserError('the new password must differ from the present one');
}
