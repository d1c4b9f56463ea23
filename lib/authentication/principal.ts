import type { IncomingMessage } from 'node:http';
import type { User } from '../users/user.js';

/**
 * The user that a request was authenticated as: `req.user`. It knows which request that was, so that a
 * `req.user` of another origin (a Passport of the app's, a session) is not taken for one of ours.
 */
export class Principal implements User {
  readonly name: string;
  readonly type: User['type'];
  readonly permissions: User['permissions'];
  readonly enabled: boolean;
  readonly #user: User;
  readonly #request: IncomingMessage;

  constructor(user: User, request: IncomingMessage) {
    this.name = user.name;
    this.type = user.type;
    this.permissions = user.permissions;
    this.enabled = user.enabled;
    this.#user = user;
    this.#request = request;
  }

  /** Whom this request was authenticated as, whatever was done to the object since. */
  static userOf(request: IncomingMessage & { readonly user?: unknown }): User | undefined {
    const { user } = request;
    if (typeof user !== 'object' || user === null || !(#user in user)) return undefined;
    return user.#request === request ? user.#user : undefined;
  }
}
