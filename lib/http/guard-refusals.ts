import type { PasswordDuty } from '../authentication/password-duty.js';
import type { HostRequest } from '../request/host.js';
import type { Audit } from '../users/audit-events.js';
import type { User } from '../users/user.js';
import { FORGED } from './answers.js';
import { reportDenial } from './denials.js';
import { type GuardOptions, type IdentifyOptions, STRICT } from './guard-options.js';
import { Refusal } from './refusals.js';
import type { SignInChallenge } from './sign-in-challenge.js';

/** Refuses requests with 401 and 403, and reports each one: `denied`. */
export class GuardRefusals {
  readonly #audit: Audit;
  readonly #duty: PasswordDuty;
  readonly #signIn: SignInChallenge | undefined;

  constructor({ audit, duty, signIn }: Pick<GuardOptions, 'audit' | 'duty' | 'signIn'>) {
    this.#audit = audit;
    this.#duty = duty;
    this.#signIn = signIn;
  }

  /** A request without credentials: 401. A person goes to the sign-in page. */
  ofNobody(req: HostRequest, reason: string, challenge: string | undefined, options: IdentifyOptions): Refusal {
    reportDenial(this.#audit, req, { status: 401, reason });
    return this.#signIn?.refuse(req, reason, challenge, options) ?? challenged(reason, challenge);
  }

  /** A request of a page of another site: 403. */
  ofForged(req: HostRequest): Refusal {
    reportDenial(this.#audit, req, { status: 403, reason: FORGED });
    return new Refusal(403, FORGED);
  }

  /** A user who may not make this request: 403. */
  of(req: HostRequest, user: User, reason: string): Refusal {
    reportDenial(this.#audit, req, { user, status: 403, reason });
    return new Refusal(403, reason);
  }

  /** For a user who must change its password by now. */
  errorOfDuty(user: User): Error {
    return this.#duty.errorFor(user);
  }

  /** A user who must change its password first: 403. A person goes to the sign-in page, which asks for the new one. */
  ofDuty(req: HostRequest, user: User, options: IdentifyOptions = STRICT): Refusal {
    const error = this.#duty.errorFor(user, this.#signIn?.pathFor(req, options));
    reportDenial(this.#audit, req, { user, status: 403, reason: error.message });
    return Refusal.of(error);
  }
}

/** 401 with a challenge, if the client is to see one. */
export function challenged(reason: string, challenge: string | undefined): Refusal {
  return new Refusal(401, reason, { 'WWW-Authenticate': challenge });
}
