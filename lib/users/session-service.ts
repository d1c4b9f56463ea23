import { isDisabled } from './account.js';
import type { Audit, AuditContext } from './audit-events.js';
import { repeatConflicts } from './conflicts.js';
import type { OwnChangeLimit } from './own-change-limit.js';
import type { UserRepository } from './repository.js';
import { dateOf, isValidAt, type SecretRepository, type StoredSecret } from './secret.js';
import { digestOfSecret, newSecret } from './secret-text.js';
import type { StoredUser } from './user.js';

/** The most sessions that a user can have. The oldest makes room for one more. */
const LIMIT = 100;

/** A session of a user, without its secret. */
export interface Session {
  readonly id: string;
  readonly created: Date;
  /** When it ends at the latest. */
  readonly expires: Date;
  /** To the minute. Undefined: never. */
  readonly lastUsed: Date | undefined;
}

/** A new session. The browser gets it as a cookie. */
export interface NewSession {
  /** The secret: `kas_` and 36 letters and digits. Only the browser keeps it. */
  readonly token: string;
  readonly expires: Date;
}

interface SessionServiceParts {
  readonly repository: Pick<UserRepository, 'find'>;
  readonly secrets: SecretRepository;
  /** Milliseconds. */
  readonly lifetime: number;
  /** Milliseconds. */
  readonly idle: number;
  /** Limits the new sessions of a user. */
  readonly ownSessions: OwnChangeLimit;
  readonly audit: Audit;
}

/** The sessions of browsers. */
export class SessionService {
  readonly #parts: SessionServiceParts;

  constructor(parts: SessionServiceParts) {
    this.#parts = parts;
  }

  /** Milliseconds for which a session lasts at most. */
  get lifetime(): number {
    return this.#parts.lifetime;
  }

  /**
   * Creates a session for a user whose password was verified.
   *
   * @param isVerified whether the password is the one of this user, who may have been changed since
   * @returns undefined if the password is no longer the user's, or if the user may no longer log in
   * @throws {ThrottledError} the user has too many new sessions
   * @throws {StoreError} the store is unavailable, or the user changes too often
   */
  async create(name: string, isVerified: (stored: StoredUser) => boolean): Promise<NewSession | undefined> {
    return this.#parts.ownSessions.run(name, () => this.#insert(name, isVerified));
  }

  /**
   * The sessions that a user has, the oldest first.
   *
   * @throws {StoreError} the store is unavailable
   */
  async list(name: string): Promise<Session[]> {
    const time = Date.now();
    const sessions = await this.#parts.secrets.list(name, 'session');
    return sessions.filter((session) => this.#lasts(session, time)).map(toSession);
  }

  /**
   * Ends one session of a user. It lets nobody in from the moment when the promise is fulfilled.
   *
   * @param context for the audit
   * @returns whether the user had a session of this id
   * @throws {StoreError} the store is unavailable
   */
  async end(name: string, id: string, context: AuditContext): Promise<boolean> {
    const isEnded = await this.#parts.secrets.remove(name, 'session', id);
    if (isEnded) this.#report(name, 1, context);
    return isEnded;
  }

  /**
   * Ends all sessions of a user, and returns their number.
   *
   * @param context for the audit
   * @throws {StoreError} the store is unavailable
   */
  async endAll(name: string, context: AuditContext): Promise<number> {
    const count = await this.#parts.secrets.removeAll(name, 'session');
    if (count > 0) this.#report(name, count, context);
    return count;
  }

  /**
   * Ends the session of a token, if there is one.
   *
   * @param context for the audit; the user itself is `by`
   * @throws {StoreError} the store is unavailable
   */
  async endOf(token: string, context: AuditContext): Promise<void> {
    const session = await this.#parts.secrets.find(digestOfSecret(token));
    if (session?.kind === 'session') await this.end(session.owner, session.id, { by: session.owner, ...context });
  }

  #insert(name: string, isVerified: (stored: StoredUser) => boolean): Promise<NewSession | undefined> {
    const { repository, secrets, lifetime } = this.#parts;
    const { text: token, digest, id } = newSecret('session');
    return repeatConflicts(name, 'to sign in', async () => {
      const stored = await repository.find(name);
      if (stored === undefined || isDisabled(stored) || !isVerified(stored)) return undefined;
      const created = Date.now();
      const expires = created + lifetime;
      const session: StoredSecret = {
        ...{ digest, kind: 'session', id, owner: name, name: undefined, permissions: undefined },
        ...{ created, expires, lastUsed: undefined },
      };
      const outcome = await secrets.insert(session, stored.revision, LIMIT);
      return outcome === 'inserted' ? { token, expires: new Date(expires) } : 'conflict';
    });
  }

  #lasts({ expires, created, lastUsed = created }: StoredSecret, time: number): boolean {
    return isValidAt({ expires }, time) && time - lastUsed < this.#parts.idle;
  }

  #report(user: string, count: number, context: AuditContext): void {
    this.#parts.audit('session-ended', () => ({ ...context, user, count }));
  }
}

function toSession({ id, created, expires, lastUsed }: StoredSecret): Session {
  return {
    id,
    created: new Date(created),
    expires: new Date(expires as number),
    lastUsed: dateOf(lastUsed),
  };
}
