import type { IncomingMessage } from 'node:http';
import { restrictLike } from '../users/restricted-user.js';
import type { User } from '../users/user.js';

/**
 * `req.user`: the user that a request was authenticated as. It remembers the request, so that the guard does not trust a
 * `req.user` of another origin, such as a session or the app's own Passport.
 */
export class Principal implements User {
  readonly name: string;
  readonly type: User['type'];
  readonly permissions: User['permissions'];
  readonly enabled: boolean;
  /** Only there if it is true. */
  declare readonly mustChangePassword?: boolean;
  readonly #user: User;
  readonly #request: IncomingMessage;

  constructor(user: User, request: IncomingMessage) {
    this.name = user.name;
    this.type = user.type;
    this.permissions = user.permissions;
    this.enabled = user.enabled;
    if (user.mustChangePassword) this.mustChangePassword = true;
    this.#user = user;
    this.#request = request;
    restrictLike(user, this);
  }

  /** The user that the request was authenticated as, even if the app changed the object since. */
  static userOf(request: IncomingMessage & { readonly user?: unknown }): User | undefined {
    // Most requests have none, and reading a property that is not there takes Node.js 20 longer than this.
    if (!Object.hasOwn(request, 'user')) return undefined;
    const { user } = request;
    if (typeof user !== 'object' || user === null || !(#user in user)) return undefined;
    return user.#request === request ? user.#user : undefined;
  }
}
