import { setImmediate } from 'node:timers/promises';
import { TimeoutError } from '../../../answer-within.js';
import { now } from '../../../clock.js';
import type { UserListQuery } from '../../repository.js';
import { SlowListError } from '../../slow-list-error.js';
import type { StoredUser } from '../../user.js';
import type { Connections } from './connections.js';
import type { Answer, Statement } from './driver.js';
import { type Page, type Statements, toFoundUser } from './statements.js';

/** Milliseconds, for each part of a list. */
const ANSWER_WITHIN = 1_500;
/** Milliseconds, for all of it: nobody waits for it any more then. */
const LIST_WITHIN = 4_000;
/** How many users are read at once. */
const PAGE = 1_000;
/** How many names are passed over, or compared with a pattern, at once. */
const NAMES = 10_000;
/** What the server says when it has worked on a question for as long as it may. */
const CANCELED = '57014';
/** How many names are compared with a pattern, which may take its time, before other requests have their turn. */
const PATTERN_BATCH = 100;

/**
 * Lists users, in parts. Each is one that the index has in this order, and that is small: none takes longer for how many
 * users there are, and others have their turn between them.
 */
export class Listing {
  readonly #connections: Connections;
  readonly #statements: Statements;

  constructor(connections: Connections, statements: Statements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  /** @throws {SlowListError} the database answers, and the list is not complete in time */
  async list(query: UserListQuery): Promise<StoredUser[]> {
    // No name has a NUL, and PostgreSQL takes no text with one.
    if (query.limit === 0 || query.pattern.prefix.includes('\0')) return [];
    const deadline = now() + LIST_WITHIN;
    if (query.pattern.isPrefixOnly) return this.#withPrefix(query, deadline);
    const names = await this.#matchingNames(query, deadline);
    const users: StoredUser[] = [];
    for (let from = 0; from < names.length; from += PAGE) {
      users.push(...(await this.#users(this.#statements.findAll(names.slice(from, from + PAGE)), deadline)));
    }
    return users;
  }

  async #withPrefix(query: UserListQuery, deadline: number): Promise<StoredUser[]> {
    const { limit } = query;
    const start = await this.#passOver(query, deadline);
    if (start === undefined) return [];
    const users: StoredUser[] = [];
    let page = { ...start, limit: Math.min(limit, PAGE) };
    for (;;) {
      const found = await this.#users(this.#statements.list(page), deadline);
      users.push(...found);
      if (found.length < page.limit || users.length === limit) return users;
      page = { ...page, after: users.at(-1)?.name, offset: 0, limit: Math.min(limit - users.length, PAGE) };
    }
  }

  /**
   * Passes over the greater part of the offset, which takes no more than the index of the names.
   *
   * @returns where the list begins; undefined if there are not so many users
   */
  async #passOver(
    { pattern: { prefix }, after, offset }: UserListQuery,
    deadline: number,
  ): Promise<Omit<Page, 'limit'> | undefined> {
    let start = { prefix, after, offset };
    while (start.offset > PAGE) {
      const count = Math.min(start.offset, NAMES);
      const last = this.#statements.listNames({ ...start, offset: count - 1, limit: 1 });
      const [row] = (await this.#ask(last, deadline)).rows;
      if (row === undefined) return undefined;
      start = { prefix, after: row['name'] as string, offset: start.offset - count };
    }
    return start;
  }

  async #matchingNames({ pattern, after, offset, limit }: UserListQuery, deadline: number): Promise<string[]> {
    const names: string[] = [];
    let toSkip = offset;
    let page = { prefix: pattern.prefix, after, offset: 0, limit: PAGE };
    for (;;) {
      const { rows } = await this.#ask(this.#statements.listNames(page), deadline);
      for (const [index, row] of rows.entries()) {
        if (index % PATTERN_BATCH === 0) await setImmediate();
        const name = row['name'] as string;
        if (!pattern.matches(name)) continue;
        if (toSkip > 0) toSkip -= 1;
        else names.push(name);
        if (names.length === limit) return names;
      }
      if (rows.length < page.limit) return names;
      // Whoever matches may be among the first, or there may be a million others before.
      page = { ...page, after: rows.at(-1)?.['name'] as string, limit: Math.min(2 * page.limit, NAMES) };
    }
  }

  async #users(statement: Statement, deadline: number): Promise<StoredUser[]> {
    const { rows } = await this.#ask(statement, deadline);
    return rows.map((row) => toFoundUser(row).user);
  }

  async #ask(statement: Statement, deadline: number): Promise<Answer> {
    const left = deadline - now();
    try {
      return await this.#connections.ask(statement, Math.min(ANSWER_WITHIN, left));
    } catch (error) {
      // A database that does not answer at all is another matter.
      const isOutOfTime = error instanceof TimeoutError && left < ANSWER_WITHIN;
      const isCanceled = (error as NodeJS.ErrnoException).code === CANCELED;
      throw isOutOfTime || isCanceled ? new SlowListError() : error;
    }
  }
}
