import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { SESSION_COOKIES } from '../request/session-cookie.js';

/** Headers for this connection alone (RFC 9110, section 7.6.1), and the credentials. The upstream gets none of them. */
const OF_THIS_HOP: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  // Node.js has answered `100 Continue` itself.
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'x-forwarded-user',
]);

/** Headers in which some servers look for another method or path than the one that the permissions were checked for. */
const OF_ANOTHER_REQUEST: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
]);

/** Headers that tell the upstream where the body ends, and for which host it is. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'host', 'transfer-encoding']);

/** Headers of a proxy in front. Those of any other client are not believed. */
const OF_PROXIES = /^(?:forwarded|x-forwarded-.+|x-real-ip)$/;

/** The facts that the headers for the upstream follow from. */
export interface Forwarding {
  /** The name of the user. Undefined on a public path without credentials. */
  readonly userName: string | undefined;
  /** Whether the other end of the connection is a proxy whose headers are believed. */
  readonly isFromProxy: boolean;
}

/** Makes a client's headers those that the upstream gets. */
export function forwardHeaders(req: IncomingMessage, { userName, isFromProxy }: Forwarding): void {
  const { headers } = req;
  const { 'x-forwarded-for': before, 'x-forwarded-proto': proto, 'x-forwarded-host': host } = headers;
  for (const name of namedByConnection(headers)) if (!FRAMING.has(name)) delete headers[name];
  for (const name of Object.keys(headers)) if (isDropped(name, isFromProxy)) delete headers[name];
  const cookie = withoutSessions(headers.cookie);
  if (cookie === undefined) delete headers.cookie;
  else headers.cookie = cookie;
  const address = req.socket.remoteAddress ?? 'unknown';
  headers['x-forwarded-for'] = isFromProxy && before ? `${String(before)}, ${address}` : address;
  headers['x-forwarded-proto'] = (isFromProxy && proto) || ((req.socket as TLSSocket).encrypted ? 'https' : 'http');
  const asked = (isFromProxy && host) || headers.host;
  if (asked) headers['x-forwarded-host'] = asked;
  // A name may have letters of any script, and a header may not.
  if (userName !== undefined) headers['x-forwarded-user'] = encodeURIComponent(userName.toWellFormed());
}

function isDropped(name: string, isFromProxy: boolean): boolean {
  // Many servers treat an underscore in a header's name like a dash.
  const dashed = name.replaceAll('_', '-');
  if (OF_THIS_HOP.has(dashed) || OF_ANOTHER_REQUEST.has(dashed)) return true;
  return OF_PROXIES.test(dashed) ? !isFromProxy || dashed !== name : dashed !== name && FRAMING.has(dashed);
}

/** `Connection: X-Secret` tells proxies to drop that header. */
function namedByConnection({ connection = '' }: IncomingHttpHeaders): string[] {
  return connection.split(',').map((name) => name.trim().toLowerCase());
}

/** Cookies without those of sessions, which are for the gateway. Undefined: none are left. */
function withoutSessions(cookies: string | undefined): string | undefined {
  const isSession = (pair: string) => SESSION_COOKIES.includes((pair.split('=', 1)[0] as string).trim());
  const kept = cookies?.split(';').filter((pair) => !isSession(pair));
  return kept?.join(';').trim() || undefined;
}

/** A target without the credentials in its query: they are for the gateway. */
export function withoutQueryCredentials(target: string): string {
  const [path = '', ...queries] = target.split('?');
  if (queries.length === 0) return target;
  const kept = queries
    .join('?')
    .split('&')
    .filter((pair) => !['u', 'p'].includes([...new URLSearchParams(pair).keys()][0] ?? ''));
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/**
 * Whether the upgrade is one to a WebSocket (RFC 6455, section 4.1). Another protocol, such as HTTP/2 (`h2c`), would be a
 * tunnel around the permissions.
 */
export function isWebSocketHandshake({ method, httpVersion, url, headers }: IncomingMessage): boolean {
  const isGet = method === 'GET' && httpVersion === '1.1' && url?.startsWith('/') === true;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return isGet && headers.upgrade?.toLowerCase() === 'websocket' && !hasBody;
}

/**
 * Whether the proxy would send this body as another request: it replaces the length of a DELETE or OPTIONS without
 * `Content-Length` by 0.
 */
export function hasUnannouncedBody({ method, headers }: IncomingMessage): boolean {
  return (method === 'DELETE' || method === 'OPTIONS') && headers['transfer-encoding'] !== undefined;
}
