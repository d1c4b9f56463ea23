import { PasswordChangeRequiredError } from '../errors.js';
import type { User } from '../users/user.js';

/** Refuses users who must change their passwords first, and says where that can be done. */
export class PasswordDuty {
  readonly #users: string;
  readonly #canSignIn: boolean;

  /**
   * @param users the path of the users API
   * @param canSignIn whether there is a sign-in page, which asks for the new password
   */
  constructor(users: string, canSignIn: boolean) {
    this.#users = users;
    this.#canSignIn = canSignIn;
  }

  /** @param signIn the path of the sign-in page, for a person who can be sent there */
  errorFor({ name }: User, signIn?: string): PasswordChangeRequiredError {
    const request = `PATCH ${this.#users}/${encodeURIComponent(name.toWellFormed())} with {"password": "…"}`;
    return new PasswordChangeRequiredError(name, this.#canSignIn ? `${request}, or sign in with a browser` : request, {
      signIn,
    });
  }
}
