import type { StoredUser } from '../../users/user.js';
import type { Connections } from './connections.js';
import type { Ask } from './driver.js';
import { type Statements, toFoundUser } from './statements.js';

/** Milliseconds. */
const PAGE_WITHIN = 4_000;
/** How many users are in memory at once. */
const PAGE = 1_000;

/**
 * All of it sees the users as they were at its first question. The server ends it when nobody has asked for the next page
 * for ten minutes: for as long as it lasts, rows that have been changed cannot be cleared away.
 */
const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = ${PAGE_WITHIN};
SET LOCAL idle_in_transaction_session_timeout = '10min'`;

/** Every user, in the order of their names, as all of them were at one moment. */
export function readSnapshot(connections: Connections, statements: Statements): AsyncIterable<StoredUser> {
  return connections.useBeside(PAGE_WITHIN, (ask) => pages(ask, statements));
}

async function* pages(ask: Ask, statements: Statements): AsyncGenerator<StoredUser, void, void> {
  await ask({ text: BEGIN });
  let after: string | undefined;
  for (;;) {
    const { rows } = await ask(statements.list({ prefix: '', after, offset: 0, limit: PAGE }));
    for (const row of rows) yield toFoundUser(row).user;
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.['name'] as string;
  }
}
