import { now } from '../../clock.js';
import { TimeoutError } from '../../promises.js';
import type { KeyOwner, UserFilter, UserListQuery } from '../../users/repository.js';
import type { StoredSecret } from '../../users/secret.js';
import type { StoredUser } from '../../users/user.js';
import { countUsers, type ListSource, listUsers, SlowListError } from '../listing.js';
import type { Connections } from './connections.js';
import type { Answer, Ask, Row, Statement } from './driver.js';
import { type SecretStatements, toSecret } from './secret-statements.js';
import { type Statements, toFoundUser } from './statements.js';

/** Milliseconds for each part of a list. */
const PART_WITHIN = 1_500;
/** Milliseconds for a list. The request that needs it is answered after five seconds at the latest. */
const LIST_WITHIN = 4_000;
/** A million names take about a hundred round trips. */
const NAMES_AT_ONCE = 10_000;
/** The SQLSTATE of `query_canceled`: a statement has reached its timeout. */
const QUERY_CANCELED = '57014';

/** Milliseconds for each page of a snapshot. */
const PAGE_WITHIN = 4_000;
/** Users of a snapshot in memory at once. */
const PAGE = 1_000;

/**
 * A snapshot shows the users as they are at its first query. The server ends it after ten minutes without a query: while
 * it lasts, VACUUM cannot remove old rows.
 */
const BEGIN_SNAPSHOT = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = ${PAGE_WITHIN};
SET LOCAL idle_in_transaction_session_timeout = '10min'`;

/** Milliseconds. It takes about a second with a million users. */
const PERMISSIONS_WITHIN = 60_000;

const BEGIN_READING = `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SET LOCAL statement_timeout = ${PERMISSIONS_WITHIN}`;

/**
 * Lists users.
 *
 * @throws {SlowListError} the database answers, but the list is not complete after 4 seconds
 */
export function readList(
  query: UserListQuery,
  connections: Connections,
  statements: Statements,
): Promise<StoredUser[]> {
  return listUsers(query, listSource(connections, statements));
}

/**
 * Counts users.
 *
 * @throws {SlowListError} as {@link readList} does
 */
export function readCount(filter: UserFilter, connections: Connections, statements: Statements): Promise<number> {
  return countUsers(filter, listSource(connections, statements));
}

function listSource(connections: Connections, statements: Statements): ListSource {
  const deadline = now() + LIST_WITHIN;
  const ask = async (statement: Statement) => (await askBefore(deadline, connections, statement)).rows;
  return {
    namesAtOnce: NAMES_AT_ONCE,
    users: async (page) => (await ask(statements.list(page))).map(toUser),
    names: async (page) => (await ask(statements.listNames(page))).map((row) => row['name'] as string),
    usersNamed: async (names) => (await ask(statements.findAll(names))).map(toUser),
    count: async (selection) => Number((await ask(statements.count(selection)))[0]?.['count']),
  };
}

async function askBefore(deadline: number, connections: Connections, statement: Statement): Promise<Answer> {
  const left = deadline - now();
  try {
    return await connections.ask(statement, Math.min(PART_WITHIN, left));
  } catch (error) {
    // A part that had all its time means that the database does not answer at all.
    const isOutOfTime = error instanceof TimeoutError && left < PART_WITHIN;
    const isCanceled = (error as NodeJS.ErrnoException).code === QUERY_CANCELED;
    throw isOutOfTime || isCanceled ? new SlowListError() : error;
  }
}

/** Every user with its keys at one moment, ordered by name. */
export function readSnapshot(
  connections: Connections,
  statements: Statements,
  secretStatements: SecretStatements,
): AsyncIterable<KeyOwner> {
  return connections.useBeside(PAGE_WITHIN, (ask) => readPages(ask, statements, secretStatements));
}

async function* readPages(
  ask: Ask,
  statements: Statements,
  secretStatements: SecretStatements,
): AsyncGenerator<KeyOwner, void, void> {
  await ask({ text: BEGIN_SNAPSHOT });
  let after: string | undefined;
  for (;;) {
    const { rows } = await ask(statements.list({ prefix: '', after, offset: 0, limit: PAGE }));
    const users = rows.map(toUser);
    const keys = new Map<string, StoredSecret[]>();
    for (const row of (await ask(secretStatements.keysOf(users.map(({ name }) => name)))).rows) {
      const key = toSecret(row);
      const others = keys.get(key.owner);
      if (others === undefined) keys.set(key.owner, [key]);
      else others.push(key);
    }
    for (const user of users) {
      const own = keys.get(user.name);
      yield own === undefined ? user : { ...user, keys: own };
    }
    if (users.length < PAGE) return;
    after = users.at(-1)?.name;
  }
}

/** The names of all permissions that any user has. */
export async function readPermissionsInUse(connections: Connections, statements: Statements): Promise<string[]> {
  const inUse: string[] = [];
  const names = connections.useBeside(PERMISSIONS_WITHIN, (ask) => readPermissions(ask, statements));
  for await (const name of names) inUse.push(name);
  return inUse;
}

async function* readPermissions(ask: Ask, statements: Statements): AsyncGenerator<string, void, void> {
  await ask({ text: BEGIN_READING });
  const { rows } = await ask(statements.permissionsInUse());
  for (const row of rows) yield row['permission'] as string;
}

const toUser = (row: Row): StoredUser => toFoundUser(row).user;
