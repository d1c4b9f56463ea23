import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Node's own request, with the properties that its host adds. Express sets all of them, Connect sets `originalUrl`,
 * socket.io and a bare server set none.
 */
export interface HostRequest extends IncomingMessage {
  /** The target as the client sent it. Below a mount `url` is the remaining part. */
  originalUrl?: string;
  /** The path of the mount. */
  baseUrl?: string;
  /** The user who makes this request. Another middleware may have put anything here. */
  user?: unknown;
  /** The client's address. */
  readonly ip?: string | undefined;
  /** Whether the client speaks TLS. */
  readonly secure?: boolean | undefined;
  readonly app?: HostApp | undefined;
}

export type HostResponse = ServerResponse;

/** Calls the app's next handler, or its error handler. */
export type Next = (error?: unknown) => void;

/** An Express app, as far as its settings are read. Other frameworks put other objects at `req.app`. */
export interface HostApp {
  get?(setting: string): unknown;
}

/** A setting of an Express app. Undefined for any other host. */
export function settingOf(req: { readonly app?: HostApp | undefined }, setting: string): unknown {
  return typeof req.app?.get === 'function' ? req.app.get(setting) : undefined;
}

/** The part of a target before the query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** The query of a target, without its question mark. */
export function queryOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? '' : url.slice(query + 1);
}

/** The path as the client sent it. */
export function wholePathOf({ originalUrl, url = '' }: Pick<HostRequest, 'originalUrl' | 'url'>): string {
  return pathOf(originalUrl ?? url);
}

/** The part before the path of an absolute-form target (RFC 9112, section 3.2.2) with an honest host. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[\w.:@[\]-]+(?=[/\\?#]|$)/i;

/** The path of an absolute-form target. Any other target stays as it is. */
export function withoutOrigin(target: string): string {
  return target.replace(ORIGIN, '');
}

/** The path of the mount. Connect tells only the path below it, with the origin of an absolute-form target. */
export function mountOf(req: Pick<HostRequest, 'originalUrl' | 'url' | 'baseUrl'>): string {
  if (req.baseUrl) return req.baseUrl;
  if (req.originalUrl === req.url) return '';
  const whole = withoutOrigin(wholePathOf(req));
  const below = withoutOrigin(pathOf(req.url ?? ''));
  if (whole === below) return '';
  if (whole.endsWith(below)) return whole.slice(0, whole.length - below.length);
  // A mounted handler sees at least a slash.
  return below === '/' ? whole : '';
}

/**
 * Whether a middleware has rewritten the path. Without Express, a path that has lost its beginning counts as one below a
 * mount: Connect does not tell the two apart.
 */
export function isRewritten(req: Pick<HostRequest, 'originalUrl' | 'url' | 'baseUrl'>): boolean {
  if (req.originalUrl === undefined || req.originalUrl === req.url) return false;
  const whole = withoutOrigin(wholePathOf(req));
  const below = withoutOrigin(pathOf(req.url ?? ''));
  const mount = req.baseUrl ?? mountOf(req);
  return whole !== mount + below && !(below === '/' && whole === mount);
}

/**
 * A middleware for Express, Connect, `io.engine.use()` of socket.io and servers of `node:http`. It works with Node's own
 * request and response. Express still infers `req.params` from the path of the route.
 *
 * The middleware throws nothing itself, and calls `next` without an argument or not at all. With `http.refusals: 'next'` it
 * calls `next` with an error in place of an answer with 401, 403, 429 or 503, unless `next` takes no parameter. An error that
 * `next` throws is the app's own. It reaches the caller, or becomes an uncaught exception if the caller has returned meanwhile.
 */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;
