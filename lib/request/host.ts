import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * A request as Node makes it. The rest is there or not, depending on what serves the app: Express sets all of it,
 * Connect sets `originalUrl`, socket.io and a bare server set nothing.
 */
export interface HostRequest extends IncomingMessage {
  /** The target as the client sent it; `url` is what is left of it below a mount. */
  originalUrl?: string;
  /** The path of the mount. */
  baseUrl?: string;
  /** The user who makes this request, or another middleware's word for it. */
  user?: unknown;
  /** The client's address. */
  readonly ip?: string | undefined;
  readonly app?: HostApp | undefined;
}

/** An Express app, as far as it is asked for its settings. Other frameworks put other things at `req.app`. */
export interface HostApp {
  get?(setting: string): unknown;
}

/** Goes on with the app's next handler, or with an error. */
export type Next = (error?: unknown) => void;

export type HostResponse = ServerResponse;

/** A setting of the app's, where the app is Express's. */
export function settingOf(req: { readonly app?: HostApp | undefined }, setting: string): unknown {
  return typeof req.app?.get === 'function' ? req.app.get(setting) : undefined;
}

/**
 * A middleware for Express, Connect, `io.engine.use()` of socket.io and servers of `node:http`. It works with Node's own
 * request and response. Express still infers `req.params` from the path of the route.
 *
 * The middleware throws nothing itself, and calls `next` without an argument or not at all. An error that `next` throws is
 * the app's own. It reaches the caller, or becomes an uncaught exception if the caller has returned meanwhile.
 */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;
