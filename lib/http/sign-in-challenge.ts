import { isFromBrowser, prefersPage } from '../request/browser.js';
import { type HostRequest, mountOf, withoutOrigin } from '../request/host.js';
import { withoutSession } from '../request/session-cookie.js';
import { endpointPath, nextPath } from './next-path.js';
import { Refusal } from './refusals.js';

/** Where a middleware differs from the others. */
export interface ChallengeOptions {
  /** Whether a person without credentials, or who must change its password, is sent to the sign-in page. Defaults to true. */
  readonly sendsToSignIn?: boolean;
  /** Whether the endpoints of this package are below the mount of the middleware. Defaults to false: below the root. */
  readonly hasEndpoints?: boolean;
}

/** Refuses requests without credentials while there are sessions. */
export class SignInChallenge {
  readonly #apiPath: string;

  /** @param apiPath see {@link ResolvedConfig} */
  constructor(apiPath: string) {
    this.#apiPath = apiPath;
  }

  /**
   * Refuses a request without credentials. A person goes to the sign-in page. A browser gets no challenge, which would open its
   * dialog. A cookie whose session has ended is taken away.
   *
   * @param challenge the `WWW-Authenticate` header for others
   */
  refuse(req: HostRequest, reason: string, challenge: string | undefined, options: ChallengeOptions): Refusal {
    const headers = {
      'WWW-Authenticate': isFromBrowser(req) || prefersPage(req) ? undefined : challenge,
      ...withoutSession(req),
    };
    return new Refusal(401, reason, headers, { signIn: this.pathFor(req, options) });
  }

  /** The path of the sign-in page for a person who opens a page. Undefined for others. */
  pathFor(req: HostRequest, options: ChallengeOptions): string | undefined {
    return options.sendsToSignIn !== false && prefersPage(req) ? this.#pathFor(req, options) : undefined;
  }

  /** The path of the sign-in page, with the path of the request if it can be asked for again. */
  #pathFor(req: HostRequest, { hasEndpoints }: ChallengeOptions): string {
    const page = endpointPath(hasEndpoints ? mountOf(req) : '', this.#apiPath, 'sign-in');
    const isRead = req.method === 'GET' || req.method === 'HEAD';
    const next = isRead ? nextPath(withoutOrigin(req.originalUrl ?? req.url ?? '')) : '/';
    return next === '/' ? page : `${page}?next=${encodeURIComponent(next)}`;
  }
}
