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
