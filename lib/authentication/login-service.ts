import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  KapacitorAuthError,
  type PasswordChangeRequiredError,
  StoreError,
  ThrottledError,
  TryLaterError,
} from '../errors.js';
import { isPromise, type MaybePromise } from '../promises.js';
import { contextOf } from '../request/audit-context.js';
import { isFromScript, isNavigation } from '../request/browser.js';
import type { RequestOrigin } from '../request/client-address.js';
import type { Audit, LoginFailure } from '../users/audit-events.js';
import type { User } from '../users/user.js';
import type { Authenticator } from './authenticator.js';
import {
  type Credentials,
  type Presented,
  parseQueryCredentials,
  presentedBy,
  readAuthorization,
} from './credentials.js';
import type { Challenge, Failure, LoggedIn, LoginOutcome, Refusal } from './login-outcome.js';
import type { LoginRecorder } from './login-recorder.js';
import type { PasswordDuty } from './password-duty.js';
import type { PresentedSecret } from './secret-authenticator.js';
import type { SessionReader } from './session-reader.js';
import { Tarpit } from './tarpit.js';
import type { Verification } from './verify-call.js';

export interface LoginOptions {
  /** The name in the browser's dialog. */
  readonly realm: string;
  /** Whether `?u=NAME&p=PASSWORD` counts if there is no `Authorization` header. */
  readonly queryCredentials: boolean;
  /** Undefined: there are no sessions. */
  readonly sessions?: SessionReader | undefined;
  /** Refuses users who must change their passwords first. */
  readonly duty: PasswordDuty;
  /** Undefined: nobody keeps when users logged in. */
  readonly recorder?: LoginRecorder | undefined;
  /** Receives `login-failed` for malformed credentials. The authenticator emits the others. */
  readonly audit: Audit;
}

/** Characters of credentials in code. Node.js limits the headers of a request to as many bytes. */
const MAX_LENGTH = 16_384;

/** Before the text of a session, where the cache finds it. No `Authorization` header has a NUL. */
const SESSION_MARK = '\0';

/** Logs in the user of a request, whatever kind of credentials it has. */
export class LoginService {
  readonly #authenticator: Authenticator;
  readonly #challenge: string;
  readonly #queryCredentials: boolean;
  readonly #sessions: SessionReader | undefined;
  readonly #duty: PasswordDuty;
  readonly #recorder: LoginRecorder | undefined;
  readonly #audit: Audit;
  readonly #tarpit = new Tarpit(true);

  constructor(
    authenticator: Authenticator,
    { realm, queryCredentials, sessions, duty, recorder, audit }: LoginOptions,
  ) {
    this.#authenticator = authenticator;
    // A quoted-string (RFC 9110, section 5.6.4). `charset` asks the client to send UTF-8 (RFC 7617, section 2.1).
    this.#challenge = `Basic realm="${realm.replace(/["\\]/g, '\\$&')}", charset="UTF-8"`;
    this.#queryCredentials = queryCredentials;
    this.#sessions = sessions;
    this.#duty = duty;
    this.#recorder = recorder;
    this.#audit = audit;
  }

  /** Whether a request has credentials, well-formed or not. */
  hasCredentials(req: IncomingMessage, { authorization }: IncomingHttpHeaders = req.headers): boolean {
    return Boolean(authorization) || (this.#queryCredentials && /[?&][up]=/.test(req.url ?? ''));
  }

  /** Whether a request has credentials, or a cookie that may be that of a session. */
  mayHaveAny(req: IncomingMessage, headers: IncomingHttpHeaders = req.headers): boolean {
    return this.hasCredentials(req, headers) || this.#sessions?.mayHave(headers) === true;
  }

  /**
   * Logs in. Most requests have credentials that were verified lately: if the store answers without a promise, so does
   * this. Neither throws nor rejects.
   *
   * @param headers those of the request: each reading of it takes time
   */
  login(req: IncomingMessage, headers: IncomingHttpHeaders = req.headers): MaybePromise<LoginOutcome> {
    try {
      const outcome = this.#login(req, headers);
      return isPromise(outcome) ? outcome.catch((error) => this.#failed(req, error)) : outcome;
    } catch (error) {
      return this.#failed(req, error);
    }
  }

  /**
   * Logs in with the session alone, whatever other credentials the request has.
   *
   * @throws {StoreError} the store is unavailable
   */
  async resume(req: IncomingMessage): Promise<LoginOutcome> {
    const { headers } = req;
    const sessions = this.#sessions;
    const session = sessions?.read(req, headers);
    if (sessions === undefined || session === undefined) return this.#challenged(req, 'no session');
    return this.#resume(req, headers, session, sessions);
  }

  /**
   * Verifies credentials that the app has read itself, as a login does.
   *
   * @returns undefined if there are none, if they are malformed, or if nobody can log in with them
   * @throws {PasswordChangeRequiredError} the user must change its password first
   * @throws {ThrottledError} {@link OverloadedError} {@link StoreError} as in a login
   */
  async verify({ credentials, origin }: Verification): Promise<User | undefined> {
    if (credentials === undefined || credentials === '') return undefined;
    return this.#slowly(async () => {
      // A session counts only in its cookie.
      const isHeader = typeof credentials === 'string' && !credentials.startsWith(SESSION_MARK);
      if (isHeader && credentials.length <= MAX_LENGTH) {
        const user = await this.#authenticator.recall(credentials, origin);
        if (user !== undefined) return this.#withoutDuty(user);
      }
      const presented = wellFormed(credentials);
      if (presented === undefined) {
        this.#reportMalformed(origin);
        return undefined;
      }
      const outcome = await this.#authenticate(presented, origin);
      return typeof outcome === 'string' ? undefined : this.#withoutDuty(outcome);
    });
  }

  /** The refusal of a user who must change its password before it may do anything else. Undefined for all others. */
  dutyOf(user: User): PasswordChangeRequiredError | undefined {
    return user.mustChangePassword ? this.#duty.errorFor(user) : undefined;
  }

  /**
   * Verifies a password that somebody typed, as a login does. A key is no password.
   *
   * @returns undefined if it is wrong, or nobody has the name
   * @throws {ThrottledError} {@link OverloadedError} {@link StoreError} as in a login
   */
  verifyPassword(credentials: Credentials, origin: RequestOrigin): Promise<User | undefined> {
    return this.#slowly(async () => {
      const { name, password } = credentials;
      if (name !== '' && name.length + password.length <= MAX_LENGTH) {
        const user = await this.#authenticator.authenticate(credentials, origin);
        if (user !== undefined) this.#recorder?.note(user);
        return user;
      }
      this.#reportMalformed(origin);
      return undefined;
    });
  }

  /** Answers the refusals that are held back. */
  readonly close = (): void => this.#tarpit.close();

  /** A user who is let in with verified credentials. */
  #letIn(user: User, hasHeader: boolean): LoggedIn {
    this.#recorder?.note(user);
    return { kind: 'user', user, hasHeader };
  }

  #withoutDuty(user: User): User {
    this.#recorder?.note(user);
    const refusal = this.dutyOf(user);
    if (refusal !== undefined) throw refusal;
    return user;
  }

  async #slowly<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // A refusal takes no work, so a client could ask for it without end.
      if (error instanceof TryLaterError) await this.#tarpit.hold();
      if (error instanceof KapacitorAuthError) throw error;
      throw new StoreError('authentication is unavailable', { cause: error });
    }
  }

  #login(req: IncomingMessage, headers: IncomingHttpHeaders): MaybePromise<LoginOutcome> {
    const { authorization } = headers;
    if (!authorization && this.#sessions !== undefined && !this.hasCredentials(req, headers)) {
      const session = this.#sessions.read(req, headers);
      if (session !== undefined) return this.#resume(req, headers, session, this.#sessions);
    }
    if (!authorization) return this.#attempt(req);
    const recalled = this.#authenticator.recall(authorization, req, headers);
    const conclude = (user: User | undefined) => (user === undefined ? this.#attempt(req) : this.#letIn(user, true));
    return isPromise(recalled) ? recalled.then(conclude) : conclude(recalled);
  }

  async #attempt(req: IncomingMessage): Promise<LoginOutcome> {
    const presented = this.#presentedBy(req);
    if (presented === undefined || presented.name === '') {
      if (this.hasCredentials(req)) this.#reportMalformed(req);
      const reason = presented ? 'username required' : 'unable to parse authentication credentials';
      return this.#challenged(req, reason);
    }
    const outcome = await this.#authenticate(presented, req);
    if (typeof outcome === 'string') return this.#challenged(req, outcome);
    return this.#letIn(outcome, Boolean(req.headers.authorization));
  }

  #presentedBy({ headers: { authorization }, url }: IncomingMessage): Presented | undefined {
    if (authorization || !this.#queryCredentials) return readAuthorization(authorization);
    const credentials = parseQueryCredentials(url ?? '');
    return credentials && presentedBy(credentials);
  }

  /** The user, or the reason for a challenge. */
  async #authenticate(presented: Presented, origin: RequestOrigin): Promise<User | string> {
    if (presented.kind === 'jwt') return this.#authenticator.authenticateToken(presented, origin);
    const user = await (presented.kind === 'password'
      ? this.#authenticator.authenticate(presented, origin)
      : this.#authenticator.authenticateSecret(presented, origin));
    return user ?? 'authorization failed';
  }

  /** Logs in with a session. A request with an ended one counts as one without credentials: each browser has one sooner or later. */
  #resume(
    req: IncomingMessage,
    headers: IncomingHttpHeaders,
    text: string,
    sessions: SessionReader,
  ): MaybePromise<LoginOutcome> {
    const header = SESSION_MARK + text;
    const presented: PresentedSecret = { kind: 'session', text, name: undefined, header };
    const conclude = (user: User | undefined): LoginOutcome => {
      if (user === undefined) return this.#challenged(req, 'unable to parse authentication credentials');
      return sessions.mayUse(req, headers) ? this.#letIn(user, false) : { kind: 'forged' };
    };
    const verify = () => this.#authenticator.authenticateSecret(presented, req).then(conclude);
    const recalled = this.#authenticator.recall(presented.header, req, headers);
    if (isPromise(recalled)) return recalled.then((user) => (user === undefined ? verify() : conclude(user)));
    return recalled === undefined ? verify() : conclude(recalled);
  }

  #challenged(req: IncomingMessage, reason: string): Challenge {
    const challenge = isFromScript(req) ? undefined : this.#challenge;
    return { kind: 'challenge', reason, hasCredentials: this.hasCredentials(req), challenge };
  }

  async #failed(req: IncomingMessage, error: unknown): Promise<Refusal | Failure> {
    if (!(error instanceof TryLaterError)) return { kind: 'error', error };
    // A refusal takes no work, so a client could ask for it without end.
    await this.#tarpit.hold();
    try {
      return this.#refused(req, error);
    } catch (oddRequest) {
      return { kind: 'error', error: oddRequest };
    }
  }

  #refused(req: IncomingMessage, error: TryLaterError): Refusal {
    // A browser keeps a wrong password that met a 429. A 401 makes it show its dialog again.
    const canTypeAgain = error instanceof ThrottledError && isNavigation(req);
    return {
      kind: 'refusal',
      error,
      status: canTypeAgain ? 401 : error.status,
      challenge: canTypeAgain ? this.#challenge : undefined,
    };
  }

  #reportMalformed(req: RequestOrigin): void {
    const reason: LoginFailure = 'malformed-credentials';
    this.#audit('login-failed', () => ({ ...contextOf(req), user: undefined, reason }));
  }
}

/** The credentials that code gives to verify. Undefined if a request could not have them. */
function wellFormed(credentials: NonNullable<Verification['credentials']>): Presented | undefined {
  if (typeof credentials === 'string') {
    const read = credentials.length <= MAX_LENGTH ? readAuthorization(credentials) : undefined;
    return read?.name === '' ? undefined : read;
  }
  const { name, password } = credentials;
  if (typeof name !== 'string' || typeof password !== 'string' || name.length + password.length > MAX_LENGTH) {
    return undefined;
  }
  const presented = presentedBy({ name, password });
  return presented.name === '' ? undefined : presented;
}
