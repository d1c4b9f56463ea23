import type { Request } from 'express';
import { keyProblem } from '../argument-checks.js';
import type { LoginService } from '../authentication/login-service.js';
import type { SignInEndpoint } from '../authorization/own-endpoints.js';
import { ForbiddenError, InvalidRequestError, UnauthenticatedError } from '../errors.js';
import { contextOf } from '../request/audit-context.js';
import { prefersPage } from '../request/browser.js';
import { type HostRequest, type HostResponse, type Middleware, queryOf } from '../request/host.js';
import { isFromOtherSite, mayUseCookie } from '../request/same-origin.js';
import { canHaveSession, sessionCookie, sessionTokenOf, withoutSession } from '../request/session-cookie.js';
import type { Audit } from '../users/audit-events.js';
import type { SessionService } from '../users/session-service.js';
import { ADMIN_USER, type StoredUser, type User } from '../users/user.js';
import type { UserService } from '../users/user-service.js';
import { warn } from '../warnings.js';
import { allowOf, FORGED, forbidStoring, sendEmpty, sendJson, sendMethodNotAllowed } from './answers.js';
import { reportForbidden } from './denials.js';
import type { Guard } from './guard.js';
import { NewPassword } from './new-password.js';
import { nextPath } from './next-path.js';
import { Refusal } from './refusals.js';
import { type FormOrJson, readFormOrJson } from './request-body.js';
import type { SignInAnswers } from './sign-in-answers.js';
import { surviveErrors } from './socket-errors.js';
import { userBody } from './user-body.js';

/** The endpoints with which a browser signs in and out. */
export type SignInEndpoints = Readonly<Record<SignInEndpoint, Middleware>>;

export interface SignInParts {
  readonly guard: Guard;
  readonly logins: LoginService;
  readonly users: UserService;
  readonly sessions: SessionService;
  /** Whether a user who was let in with its password may still log in with it. */
  readonly isStillVerified: (user: User, stored: StoredUser) => boolean;
  readonly answers: SignInAnswers;
  /** Receives `denied` for each request that is answered with 403. */
  readonly audit: Audit;
}

/** Answers a request. An error that it throws becomes an answer. */
type SignInAction = (req: HostRequest, res: HostResponse) => Promise<void>;

export function createSignInEndpoints(parts: SignInParts): SignInEndpoints {
  const api = new SignInApi(parts);
  return {
    session: endpoint(parts, { POST: api.signIn, DELETE: api.signOut }),
    'sign-in': endpoint(parts, { GET: api.showPage, POST: api.setPassword }),
    'sign-out': endpoint(parts, { POST: api.leave }),
  };
}

function endpoint({ guard, audit }: SignInParts, actions: Readonly<Record<string, SignInAction>>): Middleware {
  const allow = allowOf(Object.keys(actions));
  return (req: HostRequest, res, next) => {
    forbidStoring(res);
    const action = actions[req.method === 'HEAD' ? 'GET' : (req.method ?? '')];
    const otherHost = guard.hosts.refusalOf(req);
    if (otherHost !== undefined) guard.later(res, next, () => otherHost);
    else if (action === undefined) refuseMethod(req, res, allow);
    else {
      surviveErrors(req.socket);
      action(req, res).catch((error: unknown) => {
        reportForbidden(audit, req, undefined, error);
        guard.later(res, next, () => Refusal.of(error));
      });
    }
  };
}

function refuseMethod(req: HostRequest, res: HostResponse, allow: string): void {
  if (req.method === 'OPTIONS') sendEmpty(res, 204, { Allow: allow });
  else sendMethodNotAllowed(res, allow);
}

const INSECURE =
  'signing in needs HTTPS: serve the app over TLS or, behind a proxy that ends TLS, let the app trust it, such as ' +
  'app.set("trust proxy", "loopback"). Without TLS it works on localhost alone';

class SignInApi {
  readonly #parts: SignInParts;
  readonly #newPassword: NewPassword;
  #hasWarned = false;

  constructor(parts: SignInParts) {
    this.#parts = parts;
    this.#newPassword = new NewPassword(parts);
  }

  /** The page. Somebody who is signed in, and may open the next page, goes on. */
  readonly showPage: SignInAction = async (req, res) => {
    const { guard, logins, answers } = this.#parts;
    const query = new URLSearchParams(queryOf(req.url ?? ''));
    const next = nextPath(query.get('next'));
    if (!guard.authEnabled) return answers.leadTo(res, next);
    if (!canHaveSession(req)) return this.#refuseInsecure(req, res);
    if (!logins.hasCredentials(req) && logins.mayHaveAny(req)) {
      const outcome = await logins.login(req);
      if (outcome.kind === 'user') return this.#goOn(req, res, outcome.user, next);
      if (outcome.kind === 'error') return answers.refuse(req, res, outcome.error, '', next);
    }
    const message = query.has('signed-out') ? ({ text: answers.signedOut, role: 'status' } as const) : undefined;
    answers.show(req, res, { next, message }, withoutSession(req));
  };

  /** Verifies a name and a password, and gives the browser a cookie. */
  readonly signIn: SignInAction = async (req, res) => {
    const { answers } = this.#parts;
    let typed: Typed | undefined;
    try {
      if (isFromOtherSite(req)) throw new ForbiddenError('a page of another site may not sign in');
      typed = typedIn(await readFormOrJson(req as Request, res));
      await this.#signIn(req, res, typed);
    } catch (error) {
      if (typed?.isForm === false || !prefersPage(req)) throw error;
      this.#report(req, error);
      answers.refuse(req, res, error, typed?.name ?? '', typed?.next ?? '/');
    }
  };

  /** Takes the new password of somebody who must change it. */
  readonly setPassword: SignInAction = async (req, res) => {
    try {
      if (!canHaveSession(req)) return this.#refuseInsecure(req, res);
      await this.#newPassword.set(req, res);
    } catch (error) {
      if (!prefersPage(req)) throw error;
      this.#report(req, error);
      this.#parts.answers.refuse(req, res, error, '', '/');
    }
  };

  /** Ends the session of the browser, for scripts. */
  readonly signOut: SignInAction = async (req, res) => {
    sendEmpty(res, 204, await this.#end(req));
  };

  /** Ends the session of the browser, for a form. */
  readonly leave: SignInAction = async (req, res) => {
    const { answers } = this.#parts;
    const headers = await this.#end(req);
    const body = await readFormOrJson(req as Request, res).catch(() => undefined);
    const next = body !== undefined && 'form' in body ? body.form.get('next') : undefined;
    const page = `${answers.pathOf(req, 'sign-in')}?signed-out`;
    answers.leadTo(res, next === undefined ? page : nextPath(next), headers);
  };

  async #signIn(req: HostRequest, res: HostResponse, typed: Typed): Promise<void> {
    const { guard, logins, sessions, isStillVerified } = this.#parts;
    // Nobody needs a session then.
    if (!guard.authEnabled) return this.#welcome(req, res, typed, ADMIN_USER);
    if (!canHaveSession(req)) {
      if (!typed.isForm || !prefersPage(req)) throw new ForbiddenError(INSECURE);
      this.#report(req, new ForbiddenError(INSECURE));
      return this.#refuseInsecure(req, res);
    }
    const user = await logins.verifyPassword(typed, req);
    const session = user && (await sessions.create(user.name, (stored) => isStillVerified(user, stored)));
    if (user === undefined || session === undefined) throw new UnauthenticatedError('authorization failed');
    const former = sessionTokenOf(req);
    if (former !== undefined) await sessions.endOf(former, contextOf(req));
    const headers = { 'Set-Cookie': sessionCookie(req, session.token, sessions.lifetime) };
    this.#welcome(req, res, typed, user, session.expires, headers);
  }

  /** Somebody who may not open the next page would be led back and forth, and could not become somebody else. */
  #goOn(req: HostRequest, res: HostResponse, user: User, next: string): void {
    const { guard, answers } = this.#parts;
    if (user.mustChangePassword) this.#newPassword.show(req, res, user, next);
    else if (guard.policy.decide(user, 'GET', next).allowed) answers.leadTo(res, next);
    else answers.show(req, res, { next, message: { text: answers.notAllowed(user.name), role: 'alert' } });
  }

  #refuseInsecure(req: HostRequest, res: HostResponse): void {
    // The person at the browser cannot do anything about it.
    if (!this.#hasWarned && req.headers['x-forwarded-proto'] !== undefined) {
      this.#hasWarned = true;
      warn('KAPACITOR_AUTH_PROXY', INSECURE);
    }
    this.#parts.answers.refuseInsecure(res);
  }

  #welcome(
    req: HostRequest,
    res: HostResponse,
    { isForm, next }: Typed,
    user: User,
    expires?: Date,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const { answers } = this.#parts;
    if (isForm) answers.leadTo(res, user.mustChangePassword ? answers.signInPath(req, next) : next, headers);
    else sendJson(res, 200, { user: userBody(user, answers.pathOf(req, 'users')), expires }, headers);
  }

  /** Ends the session of a request, if it has one. Gives the header that takes its cookie away. */
  async #end(req: HostRequest) {
    const token = sessionTokenOf(req);
    if (token === undefined) return {};
    if (!mayUseCookie(req)) throw new ForbiddenError(FORGED);
    await this.#parts.sessions.endOf(token, contextOf(req));
    return withoutSession(req);
  }

  #report(req: HostRequest, error: unknown): void {
    reportForbidden(this.#parts.audit, req, undefined, error);
  }
}

/** The content of a sign-in. */
interface Typed {
  readonly name: string;
  readonly password: string;
  readonly next: string;
  readonly isForm: boolean;
}

/** @throws {InvalidRequestError} the JSON has no name and password */
function typedIn(body: FormOrJson): Typed {
  if ('form' in body) {
    const { form } = body;
    const next = nextPath(form.get('next'));
    return { name: form.get('name') ?? '', password: form.get('password') ?? '', next, isForm: true };
  }
  const problem = keyProblem(body.json, { owner: 'the body', noun: 'field', keys: ['name', 'password'] });
  if (problem !== undefined) throw new InvalidRequestError(problem);
  const { name, password } = body.json as { readonly name: unknown; readonly password: unknown };
  if (typeof name !== 'string' || typeof password !== 'string') {
    throw new InvalidRequestError('the body must have a name and a password, and both are texts');
  }
  return { name, password, next: '/', isForm: false };
}
