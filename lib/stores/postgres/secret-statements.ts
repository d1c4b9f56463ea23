import { RECORD_USE_EVERY, type SecretKind, type SecretUse, type StoredSecret } from '../../users/secret.js';
import { toPermissions } from '../sql.js';
import type { Row, Statement } from './driver.js';
import { type FoundUser, type Statements, toFoundUser } from './statements.js';
import type { TableNames } from './table-names.js';

/** As texts, because the app's pool may have the option `binary`. The table of users has columns of the same names. */
const COLUMNS = `digest, kind, id, owner, secrets.name AS secret_name,
  array_to_string(secrets.permissions, ',') AS secret_permissions, created::text, expires::text, last_used::text`;

/** The secrets of a user of this kind, or the one with this id. */
const OF_OWNER = 'owner = $1 AND kind = $2 AND id = coalesce($3, id)';

/** A secret, and its owner at the same moment. */
export interface FoundSecret {
  readonly secret: StoredSecret;
  readonly owner: FoundUser;
}

/** The SQL statements on a table of secrets. */
export class SecretStatements {
  readonly #users: string;
  readonly #secrets: string;
  readonly #owner: Statements;
  readonly #reviseOwner: string;

  /** @param owner the statements on the table of users */
  constructor(names: TableNames, owner: Statements) {
    this.#users = names.users;
    this.#secrets = names.secrets;
    this.#owner = owner;
    this.#reviseOwner = `UPDATE ${this.#users} SET secrets_revision = gen_random_uuid() WHERE name = $1`;
  }

  /** Finds a secret together with its owner. */
  find(digest: string): Statement {
    return {
      text: `SELECT ${COLUMNS}, ${this.#owner.columns} FROM ${this.#secrets} AS secrets
        JOIN ${this.#users} AS users ON users.name = secrets.owner WHERE digest = $1`,
      values: [digest],
    };
  }

  list(owner: string, kind: SecretKind): Statement {
    return {
      text: `SELECT ${COLUMNS} FROM ${this.#secrets} AS secrets WHERE owner = $1 AND kind = $2 ORDER BY secrets.created, id`,
      values: [owner, kind],
    };
  }

  /** The keys of the users with these names, ordered by owner. */
  keysOf(owners: readonly string[]): Statement {
    return {
      text: `SELECT ${COLUMNS} FROM ${this.#secrets} AS secrets WHERE owner = ANY ($1) AND kind = 'key'
        ORDER BY owner, secrets.created, id`,
      values: [owners],
    };
  }

  /** Locks the owner, so that nobody else adds or removes secrets of this user until the transaction ends. */
  lockOwner(name: string): Statement {
    return { text: `SELECT revision FROM ${this.#users} WHERE name = $1 FOR NO KEY UPDATE`, values: [name] };
  }

  /** Counts the secrets of the same owner: see {@link toTally}. */
  tally({ owner, kind, name, created }: StoredSecret): Statement {
    return {
      text: `SELECT count(*) FILTER (WHERE NOT is_valid)::text AS expired,
          count(*) FILTER (WHERE is_valid AND kind = $2)::text AS others,
          count(*) FILTER (WHERE is_valid AND kind = $2 AND name = $3)::text AS namesakes
        FROM (SELECT *, coalesce(expires > $4, true) AS is_valid FROM ${this.#secrets} WHERE owner = $1) AS secrets`,
      values: [owner, kind, name, created],
    };
  }

  insert(secrets: readonly StoredSecret[]): Statement {
    return {
      text: `INSERT INTO ${this.#secrets}
          (digest, kind, id, owner, name, permissions, created, expires, last_used)
        SELECT digest, kind, id, owner, name, string_to_array(permissions, ','), created, expires, last_used
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
          $9::bigint[]) AS given (digest, kind, id, owner, name, permissions, created, expires, last_used)`,
      values: [
        secrets.map(({ digest }) => digest),
        secrets.map(({ kind }) => kind),
        secrets.map(({ id }) => id),
        secrets.map(({ owner }) => owner),
        secrets.map(({ name }) => name),
        secrets.map(({ permissions }) => permissions?.join(',')),
        secrets.map(({ created }) => created),
        secrets.map(({ expires }) => expires),
        secrets.map(({ lastUsed }) => lastUsed),
      ],
    };
  }

  /** Lets every process read the secrets of this user again, if there are any of this kind, or one with this id. */
  reviseOwnerOf(owner: string, kind: SecretKind, id?: string): Statement {
    return {
      text: `${this.#reviseOwner} AND EXISTS (SELECT FROM ${this.#secrets} WHERE ${OF_OWNER})`,
      values: [owner, kind, id],
    };
  }

  /** Lets every process read the secrets of this user again. */
  reviseOwner(owner: string): Statement {
    return { text: this.#reviseOwner, values: [owner] };
  }

  /** Removes all secrets of a user of this kind, or one. Every process has to read them again. */
  removeOf(owner: string, kind: SecretKind, id?: string): Statement {
    return { text: this.#inOrder(OF_OWNER), values: [owner, kind, id] };
  }

  /** Removes the secrets of a user that are expired at this time. */
  removeExpiredOf(owner: string, time: number): Statement {
    return { text: this.#inOrder('owner = $1 AND expires <= $2'), values: [owner, time] };
  }

  /** Removes the oldest secrets of a user of this kind. Every process has to read them again. */
  removeOldestOf(owner: string, kind: SecretKind, count: number): Statement {
    const oldest = `SELECT digest FROM ${this.#secrets} WHERE owner = $1 AND kind = $2 ORDER BY created, id LIMIT $3`;
    return { text: this.#inOrder(`digest IN (${oldest})`), values: [owner, kind, count] };
  }

  /** A use of a secret that is less than a minute later than the recorded one, or of one that is gone, is left out. */
  recordUses(uses: readonly SecretUse[]): Statement {
    return {
      text: `UPDATE ${this.#secrets} AS secrets SET last_used = due.last_used FROM (
          SELECT digest, used.last_used FROM ${this.#secrets} AS recorded JOIN (
              SELECT digest, max(last_used) AS last_used FROM unnest($1::text[], $2::bigint[]) AS given (digest, last_used)
              GROUP BY digest
            ) AS used USING (digest)
            WHERE recorded.last_used IS NULL OR used.last_used >= recorded.last_used + ${RECORD_USE_EVERY}
            ORDER BY digest FOR UPDATE OF recorded
        ) AS due WHERE secrets.digest = due.digest`,
      values: [uses.map(({ digest }) => digest), uses.map(({ lastUsed }) => lastUsed)],
    };
  }

  /** Removes some expired secrets. Those that another transaction uses are left out, so that it waits for none. */
  removeExpired(time: number, limit: number): Statement {
    return {
      text: `DELETE FROM ${this.#secrets} WHERE digest = ANY (ARRAY (
        SELECT digest FROM ${this.#secrets} WHERE expires <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      values: [time, limit],
    };
  }

  /** Removes secrets in the order in which every transaction locks them. */
  #inOrder(condition: string): string {
    return `DELETE FROM ${this.#secrets} WHERE digest IN (
      SELECT digest FROM ${this.#secrets} WHERE ${condition} ORDER BY digest FOR UPDATE)`;
  }
}

/** The numbers of secrets of a user when another one is created. */
export interface Tally {
  readonly expired: number;
  /** Valid ones of the same kind. */
  readonly others: number;
  /** Valid ones of the same kind and name. */
  readonly namesakes: number;
}

/** Converts the row of {@link SecretStatements.tally}. */
export function toTally(row: Row | undefined): Tally {
  return { expired: Number(row?.['expired']), others: Number(row?.['others']), namesakes: Number(row?.['namesakes']) };
}

/** Converts a row of {@link SecretStatements.list}. */
export function toSecret(row: Row): StoredSecret {
  const { digest, kind, id, owner, created } = row as Readonly<Record<string, string>>;
  const permissions = row['secret_permissions'];
  return {
    ...({ digest, kind, id, owner } as Pick<StoredSecret, 'digest' | 'kind' | 'id' | 'owner'>),
    name: row['secret_name'] ?? undefined,
    permissions: permissions == null ? undefined : toPermissions(permissions),
    created: Number(created),
    expires: toTime(row['expires']),
    lastUsed: toTime(row['last_used']),
  };
}

/** Converts a row of {@link SecretStatements.find}. */
export function toFoundSecret(row: Row): FoundSecret {
  return { secret: toSecret(row), owner: toFoundUser(row) };
}

function toTime(milliseconds: string | null | undefined): number | undefined {
  return milliseconds == null ? undefined : Number(milliseconds);
}
