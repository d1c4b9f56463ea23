import type { IncomingMessage, ServerResponse } from 'node:http';
import { BasicStrategy } from 'passport-http';
import { ThrottledError, TryLaterError } from '../errors.js';
import { throwOutside } from '../promises.js';
import { contextOf } from '../request/audit-context.js';
import { isFromScript, isNavigation } from '../request/browser.js';
import type { Audit } from '../users/audit-events.js';
import type { User } from '../users/user.js';
import type { Authenticator } from './authenticator.js';
import { type Credentials, parseBasicCredentials, parseQueryCredentials } from './credentials.js';
import { Principal } from './principal.js';
import { Tarpit } from './tarpit.js';

/** Why nobody was authenticated: Kapacitor's words. */
export type AuthenticationFailure =
  | 'unable to parse authentication credentials'
  | 'username required'
  | 'authorization failed';

export interface KapacitorStrategyOptions {
  /** What the browser's dialog shows. */
  readonly realm: string;
  /** Whether `?u=NAME&p=PASSWORD` is taken where there is no `Authorization` header. */
  readonly queryCredentials: boolean;
  /** Told of credentials that are none. */
  readonly audit: Audit;
}

/**
 * passport-http's Basic strategy with credentials read as RFC 7617 has them, users from a repository, and the
 * challenge's realm escaped. It is named `basic`, as passport-http's is.
 */
export class KapacitorStrategy extends BasicStrategy {
  // Not #private: the objects that inherit from a strategy would not have them.
  private readonly _queryCredentials: boolean;
  private readonly _audit: Audit;
  private readonly _tarpit = new Tarpit();

  constructor(authenticator: Authenticator, { realm, queryCredentials, audit }: KapacitorStrategyOptions) {
    super({ realm: escapeQuoted(realm), passReqToCallback: true }, (req, name, password, verified) => {
      authenticator
        .authenticate({ name, password }, req)
        .then((user) => verified(null, user ?? false), verified)
        // The caller, Passport for example, runs the app's handlers in these callbacks.
        .catch(throwOutside);
    });
    this._queryCredentials = queryCredentials;
    this._audit = audit;
  }

  /**
   * Calls one of `success`, `fail` and `error`, which whoever drives the strategy has put on it (or rather on an object
   * that inherits from it, one for each request, as Passport does). `fail` gets why as a third argument: the failure's
   * words, or the error of what is refused for now.
   */
  override authenticate(req: IncomingMessage): void {
    const credentials = this._credentialsOf(req);
    if (credentials === undefined) {
      if (this.hasCredentials(req)) this._tellOfMalformed(req);
      this._fail(req, 'unable to parse authentication credentials');
    } else if (credentials.name === '') {
      this._tellOfMalformed(req);
      this._fail(req, 'username required');
    } else {
      this._verify(req, credentials.name, credentials.password, (error, user) => {
        // What is refused without work could be asked for without end.
        if (error instanceof TryLaterError) this._tarpit.hold(() => this._refuse(req, error));
        else if (error) this.error(error);
        else if (user) this.success(new Principal(user as User, req));
        else this._fail(req, 'authorization failed');
      });
    }
  }

  /** Tells whether a request brings credentials, be they well-formed or not. */
  hasCredentials({ headers, url }: IncomingMessage): boolean {
    return Boolean(headers.authorization) || (this._queryCredentials && /[?&][up]=/.test(url ?? ''));
  }

  /** RFC 7617, section 2.1: `charset` asks the client to send UTF-8. */
  protected override _challenge(): string {
    return `${super._challenge()}, charset="UTF-8"`;
  }

  private _tellOfMalformed(req: IncomingMessage): void {
    this._audit('login-failed', () => ({
      ...contextOf(req),
      user: undefined,
      reason: 'malformed-credentials' as const,
    }));
  }

  private _credentialsOf(req: IncomingMessage): Credentials | undefined {
    const { authorization } = req.headers;
    if (authorization || !this._queryCredentials) return parseBasicCredentials(authorization);
    return parseQueryCredentials(req.url ?? '');
  }

  /** Passport's own answer to a failure has no headers but the challenge; Express has put the response on the request. */
  private _refuse(req: IncomingMessage & { res?: ServerResponse }, error: TryLaterError): void {
    if (req.res?.headersSent === false) req.res.setHeader('Retry-After', error.retryAfter);
    // A browser keeps a wrong password that met a 429. To a 401 it shows its dialog again, and a person can type another.
    if (error instanceof ThrottledError && isNavigation(req)) this.fail(this._challenge(), 401, error);
    else this.fail(undefined, error.status, error);
  }

  /** To the challenge a browser shows its dialog, which a page that asks in the background does not want. */
  private _fail(req: IncomingMessage, reason: AuthenticationFailure): void {
    this.fail(isFromScript(req) ? undefined : this._challenge(), 401, reason);
  }
}

/** The inside of a quoted-string: RFC 9110, section 5.6.4. */
function escapeQuoted(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}
