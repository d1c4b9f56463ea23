import { isActiveAdmin, type StoredUser } from '../../users/user.js';
import type { Page, Selection } from '../listing.js';
import { countStatement, type Dialect, ENABLED_ADMIN, pageStatement, toStoredUser, type UserRow } from '../sql.js';
import type { Row, Statement } from './driver.js';
import type { TableNames } from './table-names.js';

/** A user and the version of its row. */
export interface FoundUser {
  readonly user: StoredUser;
  /** Differs after each change of the row, also by psql and with triggers disabled, and after the removal of a secret. */
  readonly version: string;
}

const DIALECT: Dialect = {
  enabled: (isEnabled) => (isEnabled ? 'enabled' : 'NOT enabled'),
  hasPermission: (permission) => `users.permissions @> ARRAY[${permission}]`,
};

/** The SQL statements on a table of users. */
export class Statements {
  /** The columns of a user and the version of its row, for a table that the statement calls `users`. */
  readonly columns: string;
  readonly #users: string;
  readonly #lockAdmins: string;
  readonly #version: string;

  constructor(names: TableNames) {
    this.#users = names.users;
    this.#lockAdmins = names.lockKey('admins');
    // The transaction that wrote the row, and the row's place: both change without a trigger. A server that has crashed may
    // reuse the transaction's number and the place, but a revision differs.
    this.#version = `concat_ws(' ', users.xmin, users.ctid, users.revision, users.secrets_revision)`;
    // As texts, because the app's pool may have the option `binary`.
    this.columns = `users.name, type, array_to_string(users.permissions, ',') AS permissions, enabled::text, hash, revision,
      ${this.#version} AS version`;
  }

  find(name: string): Statement {
    return { text: `SELECT ${this.columns} FROM ${this.#users} AS users WHERE name = $1`, values: [name] };
  }

  findAll(names: readonly string[]): Statement {
    return {
      text: `SELECT ${this.columns} FROM ${this.#users} AS users WHERE name = ANY ($1) ORDER BY name`,
      values: [names],
    };
  }

  list(page: Page): Statement {
    return pageStatement(this.columns, this.#users, page, DIALECT);
  }

  listNames(page: Page): Statement {
    return pageStatement('name', this.#users, page, DIALECT);
  }

  count(selection: Selection): Statement {
    return countStatement(this.#users, selection, DIALECT);
  }

  permissionsInUse(): Statement {
    // Most users share their list with many others.
    return {
      text: `SELECT DISTINCT permission FROM (SELECT DISTINCT permissions FROM ${this.#users}) AS lists,
        unnest(permissions) AS permission`,
    };
  }

  /** The names of the users that have changed or are gone. */
  changed(users: readonly { readonly name: string; readonly version: string }[]): Statement {
    return {
      text: `SELECT known.name FROM unnest($1::text[], $2::text[]) AS known (name, version)
        LEFT JOIN ${this.#users} AS users ON users.name = known.name COLLATE "C"
        WHERE users.name IS NULL OR ${this.#version} <> known.version`,
      values: [users.map(({ name }) => name), users.map(({ version }) => version)],
    };
  }

  insert(user: StoredUser): Statement {
    return {
      text: `INSERT INTO ${this.#users} (name, type, permissions, enabled, hash, revision)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING`,
      values: columnsOf(user),
    };
  }

  /** Inserts the users whose names are free. The first of several users with the same name is inserted. */
  insertMany(users: readonly StoredUser[]): Statement {
    // Ordered by name, so that two processes that insert the same users do not deadlock.
    return {
      text: `INSERT INTO ${this.#users} (name, type, permissions, enabled, hash, revision)
        SELECT name, type, string_to_array(permissions, ','), enabled, hash, revision
        FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[])
          WITH ORDINALITY AS given (name, type, permissions, enabled, hash, revision, position)
        ORDER BY name COLLATE "C", position
        ON CONFLICT (name) DO NOTHING RETURNING name`,
      values: [
        users.map(({ name }) => name),
        users.map(({ type }) => type),
        users.map(({ permissions }) => permissions.join(',')),
        users.map(({ enabled }) => enabled),
        users.map(({ hash }) => hash),
        users.map(({ revision }) => revision),
      ],
    };
  }

  /** Replaces the user, unless that takes an enabled admin away. */
  replace(user: StoredUser, expectedRevision: string): Statement {
    const { text, values = [] } = this.replaceAny(user, expectedRevision);
    return isActiveAdmin(user) ? { text, values } : { text: `${text} AND NOT (${ENABLED_ADMIN})`, values };
  }

  replaceAny(user: StoredUser, expectedRevision: string): Statement {
    return {
      text: `UPDATE ${this.#users} SET type = $2, permissions = $3, enabled = $4, hash = $5, revision = $6
        WHERE name = $1 AND revision = $7`,
      values: [...columnsOf(user), expectedRevision],
    };
  }

  /** Removes the user, unless it is an enabled admin. */
  remove(name: string): Statement {
    const { text, values = [] } = this.removeAny(name);
    return { text: `${text} AND NOT (${ENABLED_ADMIN})`, values };
  }

  removeAny(name: string): Statement {
    return { text: `DELETE FROM ${this.#users} WHERE name = $1`, values: [name] };
  }

  /** Returns a row if there is an enabled admin. */
  anyAdmin(): Statement {
    return { text: `SELECT FROM ${this.#users} WHERE ${ENABLED_ADMIN} LIMIT 1` };
  }

  /** Waits for other transactions that take an admin away or make the first one. */
  lockAdmins(): Statement {
    return { text: 'SELECT pg_advisory_xact_lock($1)', values: [this.#lockAdmins] };
  }

  /** Locks the user's row. The transaction holds the admins' lock. */
  lockUser(name: string): Statement {
    return {
      text: `SELECT revision, (${ENABLED_ADMIN})::text AS is_active_admin
        FROM ${this.#users} WHERE name = $1 FOR UPDATE`,
      values: [name],
    };
  }

  /** Locks another admin, who stays one until the transaction ends. */
  lockOtherAdmin(name: string): Statement {
    return {
      text: `SELECT FROM ${this.#users} WHERE ${ENABLED_ADMIN} AND name <> $1 LIMIT 1 FOR SHARE`,
      values: [name],
    };
  }
}

function columnsOf({ name, type, permissions, enabled, hash, revision }: StoredUser): unknown[] {
  return [name, type, permissions, enabled, hash, revision];
}

/** Converts a row of {@link Statements.find}. */
export function toFoundUser(row: Row): FoundUser {
  const { enabled, version, ...columns } = row as Readonly<Record<keyof UserRow | 'enabled' | 'version', string>>;
  return { user: toStoredUser(columns, enabled === 'true'), version };
}
