import type { Request } from 'express';
import type { LoginService } from '../authentication/login-service.js';
import { ForbiddenError, InvalidUserError } from '../errors.js';
import { contextOf } from '../request/audit-context.js';
import type { HostRequest, HostResponse } from '../request/host.js';
import { isFromOtherSite } from '../request/same-origin.js';
import { sessionCookie } from '../request/session-cookie.js';
import type { SessionService } from '../users/session-service.js';
import type { User } from '../users/user.js';
import type { UserService } from '../users/user-service.js';
import { FORGED } from './answers.js';
import type { Guard } from './guard.js';
import { nextPath } from './next-path.js';
import { readFormOrJson } from './request-body.js';
import type { SignInAnswers } from './sign-in-answers.js';

/** Milliseconds after a sign-in for which the present password is not asked for again. */
const FRESH = 10 * 60_000;

interface NewPasswordParts {
  readonly guard: Guard;
  readonly logins: LoginService;
  readonly users: UserService;
  readonly sessions: SessionService;
  readonly answers: SignInAnswers;
}

/** The form with which a person who must change its password chooses a new one, on the sign-in page. */
export class NewPassword {
  readonly #parts: NewPasswordParts;

  constructor(parts: NewPasswordParts) {
    this.#parts = parts;
  }

  /** Shows the form. */
  show(req: HostRequest, res: HostResponse, user: User, next: string, error?: unknown): void {
    this.#parts.answers.showNewPassword(req, res, { user, next, asksPresent: !this.#isFresh(user), error });
  }

  /** Sets the new password, and gives the browser another session: the change has ended all that there were. */
  async set(req: HostRequest, res: HostResponse): Promise<void> {
    const { guard, logins, answers } = this.#parts;
    if (isFromOtherSite(req)) throw new ForbiddenError(FORGED);
    const body = await readFormOrJson(req as Request, res);
    const form = 'form' in body ? body.form : new Map<string, string>();
    const next = nextPath(form.get('next'));
    if (!guard.authEnabled) return answers.leadTo(res, next);
    const outcome = await logins.resume(req);
    if (outcome.kind === 'forged') throw new ForbiddenError(FORGED);
    // Signed out meanwhile, or in another window it is done already.
    const isDue = outcome.kind === 'user' && outcome.user.mustChangePassword;
    if (!isDue) return answers.leadTo(res, answers.signInPath(req, next));
    const { user } = outcome;
    try {
      await this.#change(req, res, user, next, {
        present: form.get('present') ?? '',
        password: form.get('password') ?? '',
        repeated: form.get('repeated') ?? '',
      });
    } catch (error) {
      this.show(req, res, user, next, error);
    }
  }

  async #change(req: HostRequest, res: HostResponse, user: User, next: string, typed: TypedPasswords): Promise<void> {
    const { guard, users, sessions, answers } = this.#parts;
    if (typed.password !== typed.repeated) throw new InvalidUserError(answers.texts.differ);
    if (!this.#isFresh(user)) await guard.confirmPassword(user, typed.present, req);
    const confirm = async () => void (await guard.reconsider(user));
    const changed = await users
      .by({ ...contextOf(req), by: user.name })
      .update(user.name, { password: typed.password }, confirm);
    const session = await sessions.create(user.name, ({ revision }) => revision === changed.revision);
    if (session === undefined) return answers.leadTo(res, answers.signInPath(req, next));
    answers.leadTo(res, next, { 'Set-Cookie': sessionCookie(req, session.token, sessions.lifetime) });
  }

  #isFresh(user: User): boolean {
    const { guard, sessions } = this.#parts;
    const age = Date.now() - (Number(guard.credentialOf(user)?.expires) - sessions.lifetime);
    return age >= 0 && age < FRESH;
  }
}

interface TypedPasswords {
  readonly present: string;
  readonly password: string;
  readonly repeated: string;
}
