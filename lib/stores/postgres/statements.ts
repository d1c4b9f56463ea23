import { isActiveAdmin, type StoredUser } from '../../users/user.js';
import type { Page } from '../listing.js';
import { ACTIVE_ADMIN, pageStatement, toStoredUser, type UserRow } from '../sql.js';
import type { Row, Statement } from './driver.js';
import type { TableNames } from './table.js';

/** A user, and which version of its row this is. */
export interface FoundUser {
  readonly user: StoredUser;
  /** Another one after each change of the row, whoever makes it and however. */
  readonly version: string;
}

/** What the database is asked, for one table. */
export class Statements {
  readonly #users: string;
  readonly #lockAdmins: string;
  readonly #columns: string;
  readonly #version: string;

  constructor(names: TableNames) {
    this.#users = names.users;
    this.#lockAdmins = names.lockKey('admins');
    // Which transaction wrote the row, and where it is: nobody has to do anything for that. A server that has crashed may
    // have forgotten a transaction, and use its number and place again, but not the revision.
    this.#version = `users.xmin || ' ' || users.ctid || ' ' || users.revision`;
    // All of it as texts, whatever format the app has chosen for its connections.
    this.#columns = `name, type, array_to_string(permissions, ',') AS permissions, enabled::text, hash, revision,
      ${this.#version} AS version`;
  }

  find(name: string): Statement {
    return { text: `SELECT ${this.#columns} FROM ${this.#users} AS users WHERE name = $1`, values: [name] };
  }

  findAll(names: readonly string[]): Statement {
    return {
      text: `SELECT ${this.#columns} FROM ${this.#users} AS users WHERE name = ANY ($1) ORDER BY name`,
      values: [names],
    };
  }

  list(page: Page): Statement {
    return this.#page(this.#columns, page);
  }

  listNames(page: Page): Statement {
    return this.#page('name', page);
  }

  /** Which of these users are not any more as they were. */
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

  /** Those whose names are free. Of two that have the same name the first one. */
  insertMany(users: readonly StoredUser[]): Statement {
    // In the order of their names: of two processes that insert the same ones each would wait for the other otherwise.
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

  /** Unless it would take away an admin that is enabled. */
  replace(user: StoredUser, expectedRevision: string): Statement {
    const { text, values = [] } = this.replaceAny(user, expectedRevision);
    return isActiveAdmin(user) ? { text, values } : { text: `${text} AND NOT (${ACTIVE_ADMIN})`, values };
  }

  replaceAny(user: StoredUser, expectedRevision: string): Statement {
    return {
      text: `UPDATE ${this.#users} SET type = $2, permissions = $3, enabled = $4, hash = $5, revision = $6
        WHERE name = $1 AND revision = $7`,
      values: [...columnsOf(user), expectedRevision],
    };
  }

  /** Unless it would take away an admin that is enabled. */
  remove(name: string): Statement {
    const { text, values = [] } = this.removeAny(name);
    return { text: `${text} AND NOT (${ACTIVE_ADMIN})`, values };
  }

  removeAny(name: string): Statement {
    return { text: `DELETE FROM ${this.#users} WHERE name = $1`, values: [name] };
  }

  /** A row if there is an admin that is enabled. */
  anyAdmin(): Statement {
    return { text: `SELECT FROM ${this.#users} WHERE ${ACTIVE_ADMIN} LIMIT 1` };
  }

  /** Waits for other transactions that take an admin away or make the first one. */
  lockAdmins(): Statement {
    return { text: 'SELECT pg_advisory_xact_lock($1)', values: [this.#lockAdmins] };
  }

  /** For whoever holds the lock. */
  lockUser(name: string): Statement {
    return {
      text: `SELECT revision, (${ACTIVE_ADMIN})::text AS is_active_admin
        FROM ${this.#users} WHERE name = $1 FOR UPDATE`,
      values: [name],
    };
  }

  /** An admin who stays one until the transaction ends, whoever wants to change that. */
  keepOtherAdmin(name: string): Statement {
    return {
      text: `SELECT FROM ${this.#users} WHERE ${ACTIVE_ADMIN} AND name <> $1 LIMIT 1 FOR SHARE`,
      values: [name],
    };
  }

  #page(columns: string, page: Page): Statement {
    return pageStatement(columns, this.#users, page);
  }
}

function columnsOf({ name, type, permissions, enabled, hash, revision }: StoredUser): unknown[] {
  return [name, type, permissions, enabled, hash, revision];
}

/** A row of {@link Statements.find}. */
export function toFoundUser(row: Row): FoundUser {
  const { enabled, version, ...columns } = row as Readonly<Record<keyof UserRow | 'enabled' | 'version', string>>;
  return { user: toStoredUser(columns, enabled === 'true'), version };
}
