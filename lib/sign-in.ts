import type { Authenticator } from './authentication/authenticator.js';
import type { LoginService } from './authentication/login-service.js';
import type { SessionReader } from './authentication/session-reader.js';
import type { ResolvedConfig } from './config/options.js';
import type { Guard } from './http/guard.js';
import { SignInAnswers } from './http/sign-in-answers.js';
import { createSignInEndpoints, type SignInEndpoints } from './http/sign-in-endpoints.js';
import { SignInPage } from './http/sign-in-page.js';
import { mayUseCookie } from './request/same-origin.js';
import { mayHaveSession, sessionTokenOf } from './request/session-cookie.js';
import type { Audit } from './users/audit-events.js';
import type { SessionService } from './users/session-service.js';
import type { UserService } from './users/user-service.js';

/** Reads the cookie of a session. */
export const SESSION_READER: SessionReader = {
  mayHave: mayHaveSession,
  read: sessionTokenOf,
  mayUse: mayUseCookie,
};

export interface SignInWiring {
  readonly http: ResolvedConfig['http'];
  readonly guard: Guard;
  readonly logins: LoginService;
  readonly users: UserService;
  readonly authenticator: Authenticator;
  /** Undefined: there are no sessions. */
  readonly sessions: SessionService | undefined;
  readonly audit: Audit;
}

/** Creates the endpoints with which a browser signs in and out, if there are sessions. */
export function createSignIn({ http, authenticator, sessions, ...parts }: SignInWiring): SignInEndpoints | undefined {
  if (http.sessions === false || sessions === undefined) return undefined;
  return createSignInEndpoints({
    ...parts,
    sessions,
    isStillVerified: (user, stored) => authenticator.isStillVerified(user, stored),
    answers: new SignInAnswers(new SignInPage(http.realm, http.sessions.texts), http.apiPath),
  });
}
