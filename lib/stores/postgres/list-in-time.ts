import { now } from '../../clock.js';
import { TimeoutError } from '../../promises.js';
import type { UserListQuery } from '../../users/repository.js';
import type { StoredUser } from '../../users/user.js';
import { listUsers, SlowListError } from '../listing.js';
import type { Connections } from './connections.js';
import type { Answer, Row, Statement } from './driver.js';
import { type Statements, toFoundUser } from './statements.js';

/** Milliseconds, for each part of a list. */
const ANSWER_WITHIN = 1_500;
/** Milliseconds, for all of it: nobody waits for it any more then. */
const LIST_WITHIN = 4_000;
/** A million names are about a hundred round trips. */
const NAMES_AT_ONCE = 10_000;
/** The server's code for a question that it has worked on for as long as it may. */
const CANCELED = '57014';

/**
 * Lists users.
 *
 * @throws {SlowListError} the database answers, and the list is not complete after 4 seconds
 */
export function listInTime(
  query: UserListQuery,
  connections: Connections,
  statements: Statements,
): Promise<StoredUser[]> {
  const deadline = now() + LIST_WITHIN;
  const ask = async (statement: Statement) => (await askBefore(deadline, connections, statement)).rows;
  return listUsers(query, {
    namesAtOnce: NAMES_AT_ONCE,
    users: async (page) => (await ask(statements.list(page))).map(userOf),
    names: async (page) => (await ask(statements.listNames(page))).map((row) => row['name'] as string),
    usersNamed: async (names) => (await ask(statements.findAll(names))).map(userOf),
  });
}

async function askBefore(deadline: number, connections: Connections, statement: Statement): Promise<Answer> {
  const left = deadline - now();
  try {
    return await connections.ask(statement, Math.min(ANSWER_WITHIN, left));
  } catch (error) {
    // A database that does not answer at all is another matter.
    const isOutOfTime = error instanceof TimeoutError && left < ANSWER_WITHIN;
    const isCanceled = (error as NodeJS.ErrnoException).code === CANCELED;
    throw isOutOfTime || isCanceled ? new SlowListError() : error;
  }
}

const userOf = (row: Row): StoredUser => toFoundUser(row).user;
