import { costOf } from '../../authentication/password-hasher.js';
import type { Permission } from '../../users/permissions.js';
import { refusalOf, refused } from '../refused-name.js';
import type { ImportedUser, RefusedUser } from '../user-file.js';
import { Damage, naming } from './damage.js';
import { areSubscription, permissionsFor } from './privileges.js';
import { isSubscription, shownName, type UserEntry } from './user-entries.js';
import { type UserRecord, UserRecordReader } from './user-record.js';

/** bcrypt's base 64 has bits to spare at the end of a salt and of a digest: they are zero in what bcrypt writes. */
const SPARE_BITS_ARE_ZERO = /^.{28}[.Oeu].{30}[.CGKOSWaeimquy26]$/;

/**
 * Makes users of a Kapacitor's records.
 *
 * No checksum covers a record. What can be checked is that it has the form that Kapacitor gives it, to the last bit, and
 * that its privileges are those of permissions. What cannot be told is a record that was changed into another one of that
 * form: another hash, or all permissions where `api` and one more were granted, which is a single bit.
 */
export class UserReader {
  readonly #records = new UserRecordReader();
  #subscriptions = 0;

  /**
   * @throws {Damage} that names the user, for a record that Kapacitor never writes: none becomes a user with what is left
   *   of it
   */
  read({ name, record: bytes }: UserEntry): ImportedUser | RefusedUser {
    return naming(`the record of the user ${shownName(name)}`, () => {
      const record = this.#records.read(bytes);
      if (record.name !== name) throw new Damage('is that of another user');
      return isSubscription(name) ? this.#subscription(record) : userOf(record);
    });
  }

  /** What stands for a subscription has no password to import, and its name is a secret: it gets a number instead. */
  #subscription({ admin, hash, privileges }: UserRecord): RefusedUser {
    if (admin || hash !== '' || !areSubscription(privileges)) throw new Damage('is not what a subscription has');
    this.#subscriptions++;
    return {
      name: `_sub: (${this.#subscriptions})`,
      refusal: "it is the access of an InfluxDB's subscription, which has no password",
    };
  }
}

function userOf({ name, admin, hash, privileges }: UserRecord): ImportedUser | RefusedUser {
  const permissions = permissionsFor(privileges);
  if (permissions === undefined) {
    throw new Damage('has privileges that no permissions give', setAgain('permissions'));
  }
  // Kapacitor keeps an empty hash for none but subscriptions: nobody could log in with it.
  if (hash === '') throw new Damage('has no hash of a password', setAgain('password'));
  if (costOf(hash) === undefined || !SPARE_BITS_ARE_ZERO.test(hash)) {
    throw new Damage('has no bcrypt hash of a cost from 4 to 20', setAgain('password'));
  }
  const refusal = refusalOf(name);
  if (refusal !== undefined) return refused(name, refusal);
  return { name, type: admin ? 'admin' : 'normal', permissions: admin ? NONE : permissions, enabled: true, hash };
}

/** An admin has no permissions of its own, and Kapacitor keeps those that one was made with. */
const NONE: readonly Permission[] = [];

function setAgain(what: string): string {
  return `Set the ${what} of this user in Kapacitor again, or delete the user there, and import after that`;
}
