import { isActiveAdmin, type StoredUser } from '../../users/user.js';
import type { Page, Selection } from '../listing.js';
import { ACTIVE_ADMIN, toStoredUser, type UserRow } from '../sql.js';
import type { Row, Statement } from './driver.js';
import { countStatement, namesStatement, pageStatement } from './list-statements.js';
import type { TableNames } from './table-names.js';

/** A user and the version of its row. */
export interface FoundUser {
  readonly user: StoredUser;
  /** Differs after each change of the row, also by psql and with triggers disabled, and after the removal of a secret. */
  readonly version: string;
}

/** A column of the table of users. */
interface Column {
  readonly name: string;
  /** The type of the value that is sent. */
  readonly type: 'text' | 'boolean' | 'bigint';
  readonly of: (user: StoredUser) => unknown;
  /** The expression for a value. Defaults to the value itself. */
  readonly expression?: (value: string) => string;
}

/** The first one is the name. */
const COLUMNS: readonly Column[] = [
  { name: 'name', type: 'text', of: ({ name }) => name },
  { name: 'type', type: 'text', of: ({ type }) => type },
  {
    name: 'permissions',
    type: 'text',
    of: ({ permissions }) => permissions.join(','),
    expression: (value) => `string_to_array(${value}, ',')`,
  },
  { name: 'enabled', type: 'boolean', of: ({ enabled }) => enabled },
  { name: 'hash', type: 'text', of: ({ hash }) => hash },
  { name: 'revision', type: 'text', of: ({ revision }) => revision },
  { name: 'created_at', type: 'bigint', of: ({ created }) => created },
  { name: 'password_changed_at', type: 'bigint', of: ({ passwordChanged }) => passwordChanged },
  { name: 'expires_at', type: 'bigint', of: ({ expires }) => expires },
  { name: 'must_change_password', type: 'boolean', of: ({ mustChangePassword = false }) => mustChangePassword },
  { name: 'note', type: 'text', of: ({ note }) => note },
];

const NAMES = COLUMNS.map(({ name }) => name).join(', ');
const VALUES = COLUMNS.map((column, index) => expressionOf(column, `$${index + 1}`));
const GIVEN_VALUES = COLUMNS.map((column) => expressionOf(column, column.name)).join(', ');
const GIVEN_LISTS = COLUMNS.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');
const ASSIGNMENTS = COLUMNS.map(({ name }, index) => `${name} = ${VALUES[index]}`)
  .slice(1)
  .join(', ');

function expressionOf({ expression }: Column, value: string): string {
  return expression?.(value) ?? value;
}

const valuesOf = (user: StoredUser) => COLUMNS.map((column) => column.of(user));

/** The SQL statements on a table of users. */
export class Statements {
  /** The columns of a user and the version of its row, for a table that the statement calls `users`. */
  readonly columns: string;
  readonly #users: string;
  readonly #lockAdmins: string;
  readonly #version: string;
  readonly #names: TableNames;

  constructor(names: TableNames) {
    this.#users = names.users;
    this.#lockAdmins = names.lockKey('admins');
    this.#names = names;
    // The transaction that wrote the row, and the row's place: both change without a trigger. A server that has crashed may
    // reuse the transaction's number and the place, but a revision differs.
    this.#version = `concat_ws(' ', users.xmin, users.ctid, users.revision, users.secrets_revision)`;
    // As texts, because the app's pool may have the option `binary`.
    this.columns = `users.name, type, array_to_string(users.permissions, ',') AS permissions, enabled::text, hash, revision,
      created_at::text, password_changed_at::text, expires_at::text, must_change_password::text, note,
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
    return pageStatement(this.columns, this.#names, page);
  }

  listNames(page: Page): Statement {
    return namesStatement(this.#names, page);
  }

  count(selection: Selection): Statement {
    return countStatement(this.#names, selection);
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
      text: `INSERT INTO ${this.#users} (${NAMES}) VALUES (${VALUES.join(', ')}) ON CONFLICT (name) DO NOTHING`,
      values: valuesOf(user),
    };
  }

  /** Inserts the users whose names are free. The first of several users with the same name is inserted. */
  insertMany(users: readonly StoredUser[]): Statement {
    // Ordered by name, so that two processes that insert the same users do not deadlock.
    return {
      text: `INSERT INTO ${this.#users} (${NAMES}) SELECT ${GIVEN_VALUES}
        FROM unnest(${GIVEN_LISTS}) WITH ORDINALITY AS given (${NAMES}, position)
        ORDER BY name COLLATE "C", position
        ON CONFLICT (name) DO NOTHING RETURNING name`,
      values: COLUMNS.map((column) => users.map(column.of)),
    };
  }

  /** Replaces the user, unless that takes an enabled admin away. */
  replace(user: StoredUser, expectedRevision: string): Statement {
    const { text, values = [] } = this.replaceAny(user, expectedRevision);
    return isActiveAdmin(user) ? { text, values } : { text: `${text} AND NOT (${ACTIVE_ADMIN})`, values };
  }

  replaceAny(user: StoredUser, expectedRevision: string): Statement {
    return {
      text: `UPDATE ${this.#users} SET ${ASSIGNMENTS} WHERE name = $1 AND revision = $${COLUMNS.length + 1}`,
      values: [...valuesOf(user), expectedRevision],
    };
  }

  /** Removes the user, unless it is an enabled admin. Undefined: whatever its revision is. */
  remove(name: string, expectedRevision?: string): Statement {
    const isExpected = expectedRevision === undefined ? '' : ' AND revision = $2';
    const { text, values = [] } = this.removeAny(name);
    return {
      text: `${text}${isExpected} AND NOT (${ACTIVE_ADMIN})`,
      values: expectedRevision === undefined ? values : [...values, expectedRevision],
    };
  }

  removeAny(name: string): Statement {
    return { text: `DELETE FROM ${this.#users} WHERE name = $1`, values: [name] };
  }

  /** Returns a row if there is an enabled admin. */
  anyAdmin(): Statement {
    return { text: `SELECT FROM ${this.#users} WHERE ${ACTIVE_ADMIN} LIMIT 1` };
  }

  /** Waits for other transactions that take an admin away or make the first one. */
  lockAdmins(): Statement {
    return { text: 'SELECT pg_advisory_xact_lock($1)', values: [this.#lockAdmins] };
  }

  /** Locks the user's row. The transaction holds the admins' lock. */
  lockUser(name: string): Statement {
    return {
      text: `SELECT revision, (${ACTIVE_ADMIN})::text AS is_active_admin
        FROM ${this.#users} WHERE name = $1 FOR UPDATE`,
      values: [name],
    };
  }

  /** Locks another admin, who stays one until the transaction ends. */
  lockOtherAdmin(name: string): Statement {
    return {
      text: `SELECT FROM ${this.#users} WHERE ${ACTIVE_ADMIN} AND name <> $1 LIMIT 1 FOR SHARE`,
      values: [name],
    };
  }
}

/** Converts a row of {@link Statements.find}. */
export function toFoundUser(row: Row): FoundUser {
  const { enabled, must_change_password: mustChangePassword, version, ...columns } = row;
  const user = toStoredUser(columns as unknown as UserRow, enabled === 'true', mustChangePassword === 'true');
  return { user, version: version as string };
}
