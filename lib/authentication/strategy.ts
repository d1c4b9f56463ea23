import type { IncomingMessage, ServerResponse } from 'node:http';
import { BasicStrategy } from 'passport-http';
import { throwOutside } from '../promises.js';
import type { LoginOutcome } from './login-outcome.js';
import type { LoginService } from './login-service.js';
import { Principal } from './principal.js';

/** A request of Express, which puts the response on it. */
type PassportRequest = IncomingMessage & { res?: ServerResponse };

/**
 * The login as a strategy of Passport: passport-http's Basic strategy, with credentials read as RFC 7617 defines them. Its
 * name is `basic`, as in passport-http.
 */
export class KapacitorStrategy extends BasicStrategy {
  // Not #private: Passport calls `authenticate` on an object that inherits from the strategy.
  private readonly _logins: LoginService;

  constructor(logins: LoginService) {
    // The overridden `authenticate` never calls this.
    super({}, throwOutside);
    this._logins = logins;
  }

  /**
   * Calls `success`, `fail` or `error`, which Passport adds. The third argument of `fail` is the reason: Kapacitor's words,
   * or the error of a refusal.
   */
  override authenticate(req: PassportRequest): void {
    Promise.resolve(this._logins.login(req))
      .then((outcome) => this._conclude(req, outcome))
      // Passport runs the app's handlers in these callbacks.
      .catch(throwOutside);
  }

  private _conclude(req: PassportRequest, outcome: LoginOutcome): void {
    switch (outcome.kind) {
      case 'user': {
        const refusal = this._logins.dutyOf(outcome.user);
        if (refusal === undefined) this.success(new Principal(outcome.user, req));
        else this.error(refusal);
        return;
      }
      case 'challenge':
        this.fail(outcome.challenge, 401, outcome.reason);
        return;
      case 'forged':
        this.fail(undefined, 403, 'a page of another site may not do this');
        return;
      case 'refusal':
        // Passport's answer to a failure has no headers but the challenge.
        if (req.res?.headersSent === false) req.res.setHeader('Retry-After', outcome.error.retryAfter);
        this.fail(outcome.challenge, outcome.status, outcome.error);
        return;
      default:
        this.error(outcome.error);
    }
  }
}
