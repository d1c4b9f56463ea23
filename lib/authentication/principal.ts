import type { IncomingMessage } from 'node:http';
import type { User } from '../users/user.js';

/**
 * The user that a request was authenticated as: `req.user`. It knows which request that was, and by whom, so that a
 * `req.user` of another origin (a Passport of the app's, a session) is not taken for one of ours.
 */
export class Principal implements User {
  readonly name: string;
  readonly type: User['type'];
  readonly permissions: User['permissions'];
  readonly #user: User;
  readonly #request: IncomingMessage;
  readonly #issuer: object;

  constructor(user: User, request: IncomingMessage, issuer: object) {
    this.name = user.name;
    this.type = user.type;
    this.permissions = user.permissions;
    this.#user = user;
    this.#request = request;
    this.#issuer = issuer;
  }

  /** Whom this issuer authenticated this request as, whatever was done to the object since. */
  static userOf(request: IncomingMessage & { readonly user?: unknown }, issuer: object): User | undefined {
    const { user } = request;
    if (typeof user !== 'object' || user === null || !(#user in user)) return undefined;
    return user.#request === request && user.#issuer === issuer ? user.#user : undefined;
  }
}
