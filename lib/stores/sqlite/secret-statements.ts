import type { KeyOwner } from '../../users/repository.js';
import { RECORD_USE_EVERY, type SecretKind, type SecretUse, type StoredSecret } from '../../users/secret.js';
import { toPermissions } from '../sql.js';
import type { Change } from './change.js';
import type { SqliteRow, Statement } from './connection.js';

const COLUMNS = 'digest, kind, id, owner, name, permissions, created, expires, last_used';

/** The secrets of `$1`, a JSON array of them. */
const GIVEN = `(SELECT value ->> 'digest' AS digest, value ->> 'kind' AS kind, value ->> 'id' AS id,
    value ->> 'owner' AS owner, value ->> 'name' AS name, value ->> 'permissions' AS permissions,
    value ->> 'created' AS created, value ->> 'expires' AS expires, value ->> 'lastUsed' AS last_used
  FROM json_each($1)) AS given`;

const FIND = `SELECT ${COLUMNS} FROM secrets WHERE digest = $1`;
const LIST = `SELECT ${COLUMNS} FROM secrets WHERE kind = $1 AND owner = $2 ORDER BY created, id`;

/** In the order of the index, so that a page costs what it has. */
const KEYS = `SELECT ${COLUMNS} FROM secrets
  WHERE kind = 'key' AND (owner, created, id) > ($1, $2, $3) ORDER BY owner, created, id LIMIT $4`;

/** The outcome of an insertion that has not been made yet. `$2` is the revision of the owner, `$3` the limit. */
const OUTCOME = `CASE
    WHEN NOT EXISTS (SELECT 1 FROM users WHERE users.name = given.owner AND revision = $2) THEN 'conflict'
    WHEN given.kind = 'session' THEN 'inserted'
    WHEN EXISTS (SELECT 1 FROM secrets AS other
      WHERE other.kind = 'key' AND other.owner = given.owner AND other.name = given.name) THEN 'name-taken'
    WHEN $3 <= (SELECT count(*) FROM secrets AS other
      WHERE other.kind = 'key' AND other.owner = given.owner) THEN 'full'
    ELSE 'inserted' END`;

const INSERT = `INSERT INTO secrets (${COLUMNS}) SELECT ${COLUMNS} FROM ${GIVEN} WHERE ${OUTCOME} = 'inserted' RETURNING digest`;

const REMOVE_EXPIRED_OF = `DELETE FROM secrets WHERE kind IN ('key', 'session') AND owner = $1 AND expires <= $2`;

/** Removes all but `$2` of the sessions of a user: the new one in `$3`, and the latest. */
const REMOVE_OLDEST = `DELETE FROM secrets WHERE rowid IN (SELECT rowid FROM secrets
  WHERE kind = 'session' AND owner = $1 AND digest NOT IN (SELECT value ->> 'digest' FROM json_each($3))
  ORDER BY created DESC, id DESC LIMIT -1 OFFSET $2 - 1)`;

/** Inserts the secrets of the users in `$2`. */
const INSERT_KEYS = `INSERT INTO secrets (${COLUMNS}) SELECT ${COLUMNS} FROM ${GIVEN}
  WHERE owner IN (SELECT value ->> 'name' FROM json_each($2))`;

const REMOVE = 'DELETE FROM secrets WHERE kind = $1 AND owner = $2 AND id = $3 RETURNING id';
const REMOVE_ALL = 'DELETE FROM secrets WHERE kind = $1 AND owner = $2 RETURNING id';

const RECORD_USES = `UPDATE secrets SET last_used = used.last_used
  FROM (SELECT value ->> 'digest' AS digest, max(value ->> 'lastUsed') AS last_used FROM json_each($1) GROUP BY 1) AS used
  WHERE secrets.digest = used.digest
    AND (secrets.last_used IS NULL OR secrets.last_used + ${RECORD_USE_EVERY} <= used.last_used) RETURNING id`;

const ANY_EXPIRED = 'SELECT 1 FROM secrets WHERE expires <= $1 LIMIT 1';
const REMOVE_EXPIRED = `DELETE FROM secrets WHERE rowid IN (SELECT rowid FROM secrets WHERE expires <= $1 LIMIT $2) RETURNING id`;

export function find(digest: string): Statement {
  return { text: FIND, values: [digest] };
}

export function list(owner: string, kind: SecretKind): Statement {
  return { text: LIST, values: [kind, owner] };
}

/** The keys of all users in the order of their owners, their times and their ids, from the one after this. */
export function keysAfter(
  { owner, created, id }: Pick<StoredSecret, 'owner' | 'created' | 'id'>,
  limit: number,
): Statement {
  return { text: KEYS, values: [owner, created, id, limit] };
}

/** `otherwise` has the outcome. */
export function insert(secret: StoredSecret, ownerRevision: string, limit: number): Change {
  const { owner, kind, created } = secret;
  const given = [toJson([secret]), ownerRevision, limit];
  return {
    before: { text: REMOVE_EXPIRED_OF, values: [owner, created] },
    write: { text: INSERT, values: given },
    after: kind === 'session' ? { text: REMOVE_OLDEST, values: [owner, limit] } : undefined,
    otherwise: { text: `SELECT ${OUTCOME} AS outcome FROM ${GIVEN}`, values: given },
  };
}

/** Inserts the keys of users that were inserted. Undefined if they have none. If two have the same name, the first one counts. */
export function insertKeys(users: readonly KeyOwner[]): Statement | undefined {
  const owners = new Map(users.toReversed().map((user) => [user.name, user]));
  const keys = [...owners.values()].flatMap((user) => user.keys ?? []);
  return keys.length === 0 ? undefined : { text: INSERT_KEYS, values: [toJson(keys)] };
}

export function remove(owner: string, kind: SecretKind, id: string): Change {
  return { write: { text: REMOVE, values: [kind, owner, id] } };
}

export function removeAll(owner: string, kind: SecretKind): Change {
  return { write: { text: REMOVE_ALL, values: [kind, owner] } };
}

export function recordUses(uses: readonly SecretUse[]): Change {
  return { write: { text: RECORD_USES, values: [JSON.stringify(uses)] } };
}

export function anyExpired(time: number): Statement {
  return { text: ANY_EXPIRED, values: [time] };
}

/** Removes so many expired secrets. */
export function removeExpired(time: number, limit: number): Change {
  return { write: { text: REMOVE_EXPIRED, values: [time, limit] } };
}

export function secretFromRow(row: SqliteRow): StoredSecret {
  const { digest, kind, id, owner, created } = row as unknown as StoredSecret;
  const { name, permissions, expires, last_used: lastUsed } = row as Readonly<Record<string, string | number | null>>;
  return {
    ...{ digest, kind, id, owner, created },
    name: (name ?? undefined) as string | undefined,
    permissions: permissions === null ? undefined : toPermissions(String(permissions)),
    expires: (expires ?? undefined) as number | undefined,
    lastUsed: (lastUsed ?? undefined) as number | undefined,
  };
}

/** As JSON, because a JSON value may be missing where a column is NULL. */
function toJson(secrets: readonly StoredSecret[]): string {
  return JSON.stringify(secrets.map((secret) => ({ ...secret, permissions: secret.permissions?.join(',') })));
}
