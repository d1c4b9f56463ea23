import { setImmediate } from 'node:timers/promises';
import { now } from '../../../clock.js';
import type { UserListQuery } from '../../repository.js';
import type { StoredUser } from '../../user.js';
import type { Connections } from './connections.js';
import type { Answer, Statement } from './driver.js';
import { type Statements, toFoundUser } from './statements.js';

/** Milliseconds, for each part of a list. */
const ANSWER_WITHIN = 1_500;
/** Milliseconds, for all of it: nobody waits for it any more then. */
const LIST_WITHIN = 4_000;
/** How many users, or names to compare with a pattern, are read at once. */
const PAGE = 1_000;
/** How many names are compared with a pattern, which may take its time, before other requests have their turn. */
const PATTERN_BATCH = 100;

/** Lists users. Each part is one that the index has in this order: none takes longer for how many users there are. */
export class Listing {
  readonly #connections: Connections;
  readonly #statements: Statements;

  constructor(connections: Connections, statements: Statements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  async list(query: UserListQuery): Promise<StoredUser[]> {
    // No name has one, and PostgreSQL takes no text with it.
    if (query.pattern.prefix.includes('\0')) return [];
    const deadline = now() + LIST_WITHIN;
    if (query.pattern.isPrefixOnly) return this.#withPrefix(query, deadline);
    const names = await this.#matchingNames(query, deadline);
    const users: StoredUser[] = [];
    for (let from = 0; from < names.length; from += PAGE) {
      users.push(...(await this.#users(this.#statements.findAll(names.slice(from, from + PAGE)), deadline)));
    }
    return users;
  }

  async #withPrefix({ pattern, after, offset, limit }: UserListQuery, deadline: number): Promise<StoredUser[]> {
    const users: StoredUser[] = [];
    let page = { prefix: pattern.prefix, after, offset, limit: Math.min(limit, PAGE) };
    for (;;) {
      const found = await this.#users(this.#statements.list(page), deadline);
      users.push(...found);
      if (found.length < page.limit || users.length === limit) return users;
      page = { ...page, after: users.at(-1)?.name, offset: 0, limit: Math.min(limit - users.length, PAGE) };
    }
  }

  async #matchingNames({ pattern, after, offset, limit }: UserListQuery, deadline: number): Promise<string[]> {
    const names: string[] = [];
    let toSkip = offset;
    let page = { prefix: pattern.prefix, after, offset: 0, limit: PAGE };
    while (names.length < limit) {
      const { rows } = await this.#ask(this.#statements.listNames(page), deadline);
      for (const [index, row] of rows.entries()) {
        if (index % PATTERN_BATCH === 0) await setImmediate();
        const name = row['name'] as string;
        if (!pattern.matches(name)) continue;
        if (toSkip > 0) toSkip -= 1;
        else names.push(name);
        if (names.length === limit) return names;
      }
      if (rows.length < PAGE) return names;
      page = { ...page, after: rows.at(-1)?.['name'] as string };
    }
    return names;
  }

  async #users(statement: Statement, deadline: number): Promise<StoredUser[]> {
    const { rows } = await this.#ask(statement, deadline);
    return rows.map((row) => toFoundUser(row).user);
  }

  #ask(statement: Statement, deadline: number): Promise<Answer> {
    return this.#connections.ask(statement, Math.min(ANSWER_WITHIN, deadline - now()));
  }
}
