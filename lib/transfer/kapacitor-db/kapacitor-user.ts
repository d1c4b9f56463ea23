import { costOf } from '../../users/bcrypt-hash.js';
import { normalizePermissions, type Permission } from '../../users/permissions.js';
import { checkedUser, type ImportedUser, type RefusedUser } from '../user-file.js';
import { about, Damage } from './damage.js';
import { isSubscription, shownName, type UserEntry } from './user-entries.js';
import { type UserRecord, UserRecordReader } from './user-record.js';

/** The unused bits at the end of a salt and of a digest in bcrypt's base 64. bcrypt writes them as zero. */
const SPARE_BITS_ARE_ZERO = /^.{28}[.Oeu].{30}[.CGKOSWaeimquy26]$/;

/**
 * Makes users of a Kapacitor's records.
 *
 * Bolt has no checksum for a record. A record is therefore accepted only if it has exactly the form in which Kapacitor
 * writes it, with privileges that some permissions give. Two changes cannot be detected: another hash, and all
 * permissions in place of `api` and one more, which is a difference of a single bit.
 */
export class KapacitorUserReader {
  readonly #records = new UserRecordReader();
  #subscriptions = 0;

  /** @throws {Damage} that names the user: Kapacitor never writes such a record */
  read({ name, record: bytes }: UserEntry): ImportedUser | RefusedUser {
    return about(`the record of the user ${shownName(name)}`, () => {
      const record = this.#records.read(bytes);
      if (record.name !== name) throw new Damage('is that of another user');
      return isSubscription(name) ? this.#subscription(record) : importedUser(record);
    });
  }

  /** The name of a subscription is a secret, so the refusal has a number in its place. */
  #subscription({ admin, hash, privileges }: UserRecord): RefusedUser {
    if (admin || hash !== '' || !areOfSubscription(privileges)) throw new Damage('is not what a subscription has');
    this.#subscriptions++;
    return {
      name: `_sub: (${this.#subscriptions})`,
      refusal: 'it belongs to a subscription of InfluxDB, and has no password',
    };
  }
}

function importedUser({ name, admin, hash, privileges }: UserRecord): ImportedUser | RefusedUser {
  const permissions = permissionsFor(privileges);
  if (permissions === undefined) throw new Damage('has privileges that no permissions give', setAgain('permissions'));
  // Only subscriptions have an empty hash in Kapacitor.
  if (hash === '') throw new Damage('has no password hash', setAgain('password'));
  if (costOf(hash) === undefined || !SPARE_BITS_ARE_ZERO.test(hash)) {
    throw new Damage('has no bcrypt hash with a cost from 4 to 20', setAgain('password'));
  }
  // Kapacitor keeps the permissions that an admin was created with; an admin here has none.
  return checkedUser({
    name,
    type: admin ? 'admin' : 'normal',
    permissions: admin ? [] : permissions,
    enabled: true,
    hash,
  });
}

function setAgain(part: 'permissions' | 'password'): string {
  return `Set the ${part} of this user in Kapacitor again, or delete the user there, and import after that`;
}

const NONE = 0;
const WRITE = 2;
const ALL = 4;

const ROOT = '/api';
const PING = '/api/ping';
const CONFIG = '/api/config';
const POINTS = '/api/write';
/** The resources of InfluxDB's databases are below this one. */
const DATABASES = '/database';

type KeptPrivileges = UserRecord['privileges'];

/** The privileges that Kapacitor keeps for a permission. `api` excludes config and write unless they are granted as well. */
const GRANTS: Readonly<
  Record<Exclude<Permission, 'none'>, readonly (readonly [resource: string, privilege: number])[]>
> = {
  api: [
    [POINTS, NONE],
    [CONFIG, NONE],
    [ROOT, ALL],
  ],
  config_api: [
    [PING, ALL],
    [CONFIG, ALL],
  ],
  write_points: [
    [PING, ALL],
    [POINTS, ALL],
  ],
  all: [
    [ROOT, ALL],
    [CONFIG, ALL],
    [POINTS, ALL],
  ],
};

/** The permissions by the {@link formOf form} of the privileges that are kept for them. */
const PERMISSIONS: ReadonlyMap<string, readonly string[]> = new Map(
  combinationsOf(['api', 'config_api', 'write_points', 'all'] as const).map((permissions) => {
    const privileges = new Map<string, readonly number[]>();
    // The permissions after `api` grant again what it excludes.
    for (const [resource, privilege] of permissions.flatMap((permission) => GRANTS[permission])) {
      privileges.set(resource, [privilege]);
    }
    return [formOf(privileges), normalizePermissions(permissions)];
  }),
);

/**
 * The permissions that a user's privileges were kept for, or undefined.
 *
 * Kapacitor keeps privileges in nine forms only. Privileges close to one of them are damaged: a guess could give a user
 * more than it had.
 */
function permissionsFor(privileges: KeptPrivileges): readonly string[] | undefined {
  return PERMISSIONS.get(formOf(privileges));
}

/** A subscription of InfluxDB may write its points, into one database. */
function areOfSubscription(privileges: KeptPrivileges): boolean {
  const database = [...privileges.keys()].find((resource) => `${resource}/`.startsWith(`${DATABASES}/`));
  if (database === undefined) return false;
  const expected = new Map([
    [POINTS, [WRITE]],
    [PING, [ALL]],
    [database, [WRITE]],
  ]);
  return formOf(privileges) === formOf(expected);
}

/** The same text for the same privileges. Go writes a map in any order. */
function formOf(privileges: KeptPrivileges): string {
  return JSON.stringify([...privileges].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function combinationsOf<Item>(items: readonly Item[]): Item[][] {
  const found: Item[][] = [[]];
  for (const item of items) found.push(...found.map((some) => [...some, item]));
  return found;
}
