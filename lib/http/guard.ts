import type { Authenticator } from '../authentication/authenticator.js';
import type { LoginOutcome } from '../authentication/login-outcome.js';
import type { LoginService } from '../authentication/login-service.js';
import { Principal } from '../authentication/principal.js';
import type { Credential } from '../authentication/used-credentials.js';
import type { AccessPolicy } from '../authorization/access-policy.js';
import { type Privilege, privilegeFor } from '../authorization/privileges.js';
import { ForbiddenError } from '../errors.js';
import { isPromise, throwOutside } from '../promises.js';
import type { HostRequest, HostResponse, Middleware, Next } from '../request/host.js';
import { wholePathOf } from '../request/host.js';
import { ADMIN_USER, isActiveAdmin, type User } from '../users/user.js';
import {
  adminRequired,
  CHANGED_MEANWHILE,
  forbidStoring,
  refusalMessage,
  sendEmpty,
  varyOnCredentials,
} from './answers.js';
import { type GuardOptions, type IdentifyOptions, type Proceed, STRICT, type Verdict } from './guard-options.js';
import { challenged, GuardRefusals } from './guard-refusals.js';
import { HostGate } from './host-gate.js';
import { answerRefusal, handOverRefusal, Refusal, type Refuse } from './refusals.js';
import { readingsOf } from './requested-paths.js';
import { surviveErrors } from './socket-errors.js';

/** Lets authenticated and authorized requests through, and refuses all others. */
export class Guard {
  authEnabled: boolean;
  readonly hosts: HostGate;
  readonly #onFailure: (req: HostRequest) => void;
  readonly #authenticator: Authenticator;
  readonly #logins: LoginService;
  readonly #refuse: Refuse;
  readonly #refusals: GuardRefusals;
  /** The headers that answers for nobody vary on. */
  readonly #credentialFields: readonly string[];
  /** Decides who may do what. */
  readonly policy: AccessPolicy;

  constructor(
    authenticator: Authenticator,
    logins: LoginService,
    policy: AccessPolicy,
    { authEnabled, allowedHosts, refusals, onFailure, ...others }: GuardOptions,
  ) {
    this.#authenticator = authenticator;
    this.policy = policy;
    this.#logins = logins;
    this.authEnabled = authEnabled;
    this.hosts = new HostGate(allowedHosts);
    this.#refuse = refusals === 'next' ? handOverRefusal : answerRefusal;
    this.#refusals = new GuardRefusals(others);
    this.#credentialFields = others.signIn === undefined ? ['Authorization'] : ['Authorization', 'Cookie'];
    this.#onFailure = onFailure;
  }

  /** Sets `req.user`, or answers 401. */
  readonly authenticate: Middleware = (req, res, next) => {
    this.identify(req, res, next, goOn);
  };

  /** Sets `req.user` to the user, or to undefined for a request without credentials. Answers 401 to wrong ones. */
  readonly optional: Middleware = (req, res, next) => {
    this.identify(req, res, next, this.#goOnVarying, this.#optional);
  };

  /** Lets admins through, and answers 401 or 403 to all others. */
  readonly requireAdmin: Middleware = (req, res, next) => {
    this.identify(req, res, next, this.#goOnAsAdmin);
  };

  /**
   * Lets users with a privilege through, and answers 401 or 403 to all others.
   *
   * @param privilege defaults to the privilege that the request's method needs
   * @param resource defaults to every reading of the request's path
   */
  requirePrivilege(privilege?: Privilege, resource?: string): Middleware {
    const proceed: Proceed = (user, req) => this.authorize(user, req, privilege, resource);
    return (req, res, next) => this.identify(req, res, next, proceed);
  }

  /**
   * The current state of a user, for a request that takes long. A client can hold its body back for minutes, and a
   * password or an admin may have changed by then.
   *
   * @throws {ForbiddenError} the user would not be let in any more, or must change its password by now
   */
  async reconsider(user: User): Promise<User> {
    const current = this.authEnabled ? await this.#authenticator.refresh(user) : ADMIN_USER;
    if (current === undefined) throw new ForbiddenError(CHANGED_MEANWHILE);
    if (current.mustChangePassword && !user.mustChangePassword) throw this.#refusals.errorOfDuty(current);
    return current;
  }

  /** The credential that let the user in. Undefined for ADMIN_USER, and for a user of another guard. */
  credentialOf(user: User): Credential | undefined {
    return this.#authenticator.credentialOf(user);
  }

  /**
   * Verifies the password of a user who is logged in. A wrong password counts as a failed login.
   *
   * @throws {ForbiddenError} the password is wrong
   * @throws {ThrottledError} {@link OverloadedError} {@link StoreError} as in a login
   */
  async confirmPassword({ name }: User, password: string, req: HostRequest): Promise<void> {
    if (!this.authEnabled) return;
    const user = await this.#authenticator.authenticate({ name, password }, req);
    if (user === undefined) throw new ForbiddenError('the current password is wrong');
  }

  /**
   * Finds the user of a request and proceeds, or refuses the request: 401, 421 or 503. An error of this package becomes a
   * refusal. An error that `next` throws is the app's, and goes to the caller as it would without the guard.
   */
  identify(req: HostRequest, res: HostResponse, next: Next, proceed: Proceed, options: IdentifyOptions = STRICT): void {
    let verdict: Verdict;
    try {
      verdict = this.#identify(req, res, next, proceed, options);
    } catch (error) {
      verdict = Refusal.of(error);
    }
    this.#settle(verdict, res, next, options);
  }

  /** Tells caches that the answer to a request without credentials is not the one to a request with them. */
  varyOnCredentials(res: HostResponse): void {
    varyOnCredentials(res, this.#credentialFields);
  }

  /** Decides after a wait. No caller is left to catch an error. */
  later(res: HostResponse, next: Next, decide: () => Verdict, options: IdentifyOptions = STRICT): void {
    let verdict: Verdict;
    try {
      verdict = decide();
    } catch (error) {
      verdict = Refusal.of(error);
    }
    try {
      this.#settle(verdict, res, next, options);
    } catch (error) {
      throwOutside(error);
    }
  }

  /** Whether a request needs no credentials. */
  isPublic(req: HostRequest): boolean {
    const { publicPaths } = this.policy;
    return !publicPaths.isEmpty && publicPaths.includes(req.method ?? '', readingsOf(this.policy.paths, req));
  }

  /** Whether the user has the privilege on the resource, or on every reading of the request's path. 403 if not. */
  authorize(
    user: User,
    req: HostRequest,
    privilege: Privilege = privilegeFor(req.method ?? ''),
    resource?: string,
  ): Verdict {
    if (user.mustChangePassword) return this.#refusals.ofDuty(req, user);
    // An admin may use every path, and its readings take time.
    if (isActiveAdmin(user)) return true;
    const readings = resource === undefined ? readingsOf(this.policy.paths, req) : { whole: [resource], below: [] };
    if (this.policy.allowsOn(user, privilege, readings)) return true;
    const decision = this.policy.decideOn(user, privilege, readings);
    return this.deny(req, user, refusalMessage(user, decision, resource ?? wholePathOf(req)));
  }

  /** The refusal of a user: 403. Reports it. */
  deny(req: HostRequest, user: User, reason: string): Refusal {
    return this.#refusals.of(req, user, reason);
  }

  #settle(verdict: Verdict, res: HostResponse, next: Next, { refuse = this.#refuse }: IdentifyOptions): void {
    if (verdict === true) next();
    else if (verdict !== false) refuse(res, verdict, next);
  }

  #identify(req: HostRequest, res: HostResponse, next: Next, proceed: Proceed, options: IdentifyOptions): Verdict {
    const otherHost = this.hosts.refusalOf(req);
    if (otherHost !== undefined) return otherHost;
    if (!this.authEnabled) {
      req.user = ADMIN_USER;
      return proceed(ADMIN_USER, req, res, next);
    }
    const known = Principal.userOf(req);
    if (known !== undefined && this.#authenticator.knows(known)) {
      return this.#proceed(known, req, res, next, proceed, options);
    }
    const { headers } = req;
    if (!headers.authorization && (options.admit !== undefined || req.method === 'OPTIONS')) {
      const verdict = this.#logins.mayHaveAny(req, headers) ? undefined : this.#admitNobody(req, res, next, options);
      if (verdict !== undefined) return verdict;
    }
    const outcome = this.#logins.login(req, headers);
    if (!isPromise(outcome)) return this.#conclude(outcome, req, res, next, proceed, options);
    this.#concludeLater(outcome, req, res, next, proceed, options);
    return false;
  }

  /** A user who must change its password is let through to the endpoints of this package that are for that, whoever calls. */
  #proceed(
    user: User,
    req: HostRequest,
    res: HostResponse,
    next: Next,
    proceed: Proceed,
    options: IdentifyOptions,
  ): Verdict {
    const { endpoint } = options;
    if (!user.mustChangePassword) return proceed(user, req, res, next);
    const isLeft = endpoint !== undefined && this.policy.decideOwn(user, req.method ?? '', endpoint).allowed;
    return isLeft ? proceed(user, req, res, next) : this.#refusals.ofDuty(req, user, options);
  }

  #admitNobody(req: HostRequest, res: HostResponse, next: Next, options: IdentifyOptions): Verdict | undefined {
    const verdict = options.admit?.(req, res, next);
    if (verdict !== undefined || req.method !== 'OPTIONS' || options.answersPreflights === false) return verdict;
    // A browser's preflight. Behind the guard, a handler of `use` or `all` would run for it.
    sendEmpty(res, 204);
    return false;
  }

  /** Not in {@link #identify}, where the function would cost memory in each request. */
  #concludeLater(
    outcome: Promise<LoginOutcome>,
    req: HostRequest,
    res: HostResponse,
    next: Next,
    proceed: Proceed,
    options: IdentifyOptions,
  ): void {
    // socket.io calls middlewares for upgrades as well.
    surviveErrors(req.socket);
    const conclude = (settled: LoginOutcome) => () => this.#conclude(settled, req, res, next, proceed, options);
    void outcome.then((settled) => this.later(res, next, conclude(settled), options));
  }

  #conclude(
    outcome: LoginOutcome,
    req: HostRequest,
    res: HostResponse,
    next: Next,
    proceed: Proceed,
    options: IdentifyOptions,
  ): Verdict {
    if (outcome.kind === 'user') {
      const { user, hasHeader } = outcome;
      if (!hasHeader) forbidStoring(res);
      const verdict = options.onlyDecides ? this.#proceed(user, req, res, next, proceed, options) : undefined;
      req.user = new Principal(user, req);
      return verdict ?? this.#proceed(user, req, res, next, proceed, options);
    }
    if (outcome.kind === 'challenge') {
      const { reason, challenge, hasCredentials } = outcome;
      if (reason === 'authorization failed') this.#onFailure(req);
      if (hasCredentials) return challenged(reason, challenge);
      // A session that has ended is no credential.
      const verdict = this.#logins.mayHaveAny(req) ? this.#admitNobody(req, res, next, options) : undefined;
      return verdict ?? this.#refusals.ofNobody(req, reason, challenge, options);
    }
    if (outcome.kind === 'forged') return this.#refusals.ofForged(req);
    if (outcome.kind === 'error') return Refusal.of(outcome.error);
    return Refusal.of(outcome.error, outcome.status, { 'WWW-Authenticate': outcome.challenge });
  }

  readonly #goOnAsAdmin: Proceed = (user, req) =>
    user.type === 'admin' || this.deny(req, user, adminRequired(user, 'do this'));

  readonly #goOnVarying: Proceed = (_user, _req, res) => {
    this.varyOnCredentials(res);
    return true;
  };

  /** Lets a request without credentials through. */
  readonly #optional: IdentifyOptions = {
    admit: (req, res) => {
      req.user = undefined;
      this.varyOnCredentials(res);
      return true;
    },
  };
}

const goOn: Proceed = () => true;
