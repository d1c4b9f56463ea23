import type { UserChanges } from '../users/user-fields.js';
import { RefusedError } from './cli-error.js';
import type { ManagedUser } from './managed-users.js';

/** Fields that a real Kapacitor and an older server do not have. Kapacitor ignores them. */
type Kept = Pick<UserChanges, 'enabled' | 'expires' | 'mustChangePassword' | 'note'>;

/**
 * Checks that a server has kept what it was given.
 *
 * @throws {RefusedError} it has not
 */
export function checkKept(user: ManagedUser, { enabled, expires, mustChangePassword, note }: Kept): ManagedUser {
  const { name } = user;
  if (enabled === false && user.enabled) {
    throw new RefusedError(
      `${name} is not disabled: this server cannot disable users, like a real Kapacitor. ` +
        'Remove the permissions ("user set NAME --permission none"), change the password, or delete the user',
    );
  }
  if (expires && !user.expires) throw lost(name, 'has no end', 'ends of users');
  if (mustChangePassword && !user.mustChangePassword) {
    throw lost(name, 'need not change its password', 'such duty');
  }
  if (note && !user.note) throw lost(name, 'has no note', 'notes');
  return user;
}

function lost(name: string, state: string, what: string): RefusedError {
  return new RefusedError(`${name} ${state}: this server knows no ${what}, like a real Kapacitor`);
}
