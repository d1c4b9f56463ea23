import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { InvalidRequestError, PreconditionFailedError } from '../errors.js';

/** The parts of a user that its tag depends on. */
interface Tagged {
  readonly name: string;
  readonly revision: string;
  /** Only for an answer that has it. A login does not change the revision. */
  readonly lastLogin?: Date | undefined;
}

/**
 * The strong entity tag of a user (RFC 9110, section 8.8.3): a digest of its revision, which every change replaces. In every
 * process that shares the store it is the same.
 */
export function entityTagOf({ revision, lastLogin }: Tagged): string {
  const login = lastLogin === undefined ? '' : `.${lastLogin.getTime().toString(36)}`;
  return `"${digestOf(revision)}${login}"`;
}

function digestOf(revision: string): string {
  return createHash('sha256').update(revision).digest('base64url').slice(0, 22);
}

/** An entity tag that a client sent. */
interface SentTag {
  readonly isWeak: boolean;
  /** The tag without its quotes. */
  readonly opaque: string;
}

/** RFC 9110, section 13.1: `*`, or a list of tags. */
type Condition = '*' | readonly SentTag[];

/** A tag, a comma, spaces, or any other character. Each part of a list is one of the first three. */
const PART = /(?<weak>W\/)?"(?<opaque>[!#-~\x80-\xff]*)"|(?<comma>,)|(?<space>[\t ]+)|./gs;

/** The conditions under which a client wants its request to be done (RFC 9110, section 13). */
export class Preconditions {
  readonly #ifMatch: Condition | undefined;
  readonly #ifNoneMatch: Condition | undefined;

  /** @throws {InvalidRequestError} a header is malformed: a client that sends it relies on it */
  constructor(headers: Pick<IncomingHttpHeaders, 'if-match' | 'if-none-match'>) {
    this.#ifMatch = readCondition('If-Match', headers['if-match']);
    this.#ifNoneMatch = readCondition('If-None-Match', headers['if-none-match']);
  }

  /** Whether every state of the user will do. */
  get areNone(): boolean {
    return this.#ifMatch === undefined && this.#ifNoneMatch === undefined;
  }

  /** Whether the client has this version of an answer already: 304. */
  areFresh(user: Tagged): boolean {
    if (this.#ifNoneMatch === undefined) return false;
    if (this.#ifNoneMatch === '*') return true;
    const tag = entityTagOf(user);
    // The weak comparison (section 8.8.3.2).
    return this.#ifNoneMatch.some(({ opaque }) => `"${opaque}"` === tag);
  }

  /**
   * Checks whether a user may be changed.
   *
   * @param user the user as it is. Undefined: there is none
   * @throws {PreconditionFailedError} a condition is not fulfilled
   */
  check(name: string, user: Tagged | undefined): void {
    const matches = this.#ifMatch === undefined || isVersionIn(this.#ifMatch, user);
    const isExcluded = this.#ifNoneMatch !== undefined && isVersionIn(this.#ifNoneMatch, user);
    if (!matches || isExcluded) throw new PreconditionFailedError(name, user && entityTagOf(user));
  }
}

/** The strong comparison. A login makes no other version of a user. */
function isVersionIn(condition: Condition, user: Tagged | undefined): boolean {
  if (user === undefined) return false;
  if (condition === '*') return true;
  const digest = digestOf(user.revision);
  return condition.some(({ isWeak, opaque }) => !isWeak && opaque.split('.', 1)[0] === digest);
}

function readCondition(header: string, value: string | undefined): Condition | undefined {
  if (value === undefined) return undefined;
  const condition = value.trim() === '*' ? '*' : tagsIn(value);
  if (condition.length > 0) return condition;
  throw new InvalidRequestError(
    `${header} must be *, or ETags as they were answered, in double quotes and separated by commas`,
  );
}

/** The tags of a list, which may have empty elements (RFC 9110, section 5.6.1.2). None if it is malformed. */
function tagsIn(value: string): readonly SentTag[] {
  const tags: SentTag[] = [];
  let mayFollow = true;
  for (const { groups: { weak, opaque, comma, space } = {} } of value.matchAll(PART)) {
    if (space !== undefined) continue;
    if (comma === undefined && (opaque === undefined || !mayFollow)) return [];
    if (opaque !== undefined) tags.push({ isWeak: weak !== undefined, opaque });
    mayFollow = comma !== undefined;
  }
  return tags;
}
