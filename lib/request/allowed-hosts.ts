import type { IncomingMessage } from 'node:http';
import { domainToASCII } from 'node:url';
import type { HostRequest } from './host.js';

/** A host, with or without a port, as in the header `Host`: https://www.rfc-editor.org/rfc/rfc9110#section-7.2 */
const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\%]+)(?::(\d{1,5}))?$/i;

/** An absolute-form target, which takes precedence over `Host`: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 */
const ABSOLUTE_FORM = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i;

/** An IPv6 address without its brackets. */
const BARE_IPV6 = /^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*$/i;

/** The ports that a URL may omit. */
const DEFAULT_PORTS: readonly string[] = ['80', '443'];

interface Host {
  /** In lower case and ASCII, without a trailing dot. */
  readonly name: string;
  readonly port: string | undefined;
}

/** Tells whether the host of a request is allowed. */
export type HostCheck = (req: IncomingMessage) => boolean;

/**
 * Reads a list of allowed hosts: `example.com`, `example.com:8080` (only on this port), `.example.com` (also its
 * subdomains), `*.example.com` (only its subdomains), `[::1]`, or `*` (every host). A request without a host, or with
 * two, is not allowed. `X-Forwarded-Host` is ignored.
 *
 * @param allowed entries for which {@link allowedHostProblem} is undefined
 */
export function createHostCheck(allowed: readonly string[]): HostCheck {
  if (allowed.includes('*')) return () => true;
  const matchers = allowed.map(toMatcher);
  return (req) => {
    const host = parseHost(requestedHost(req));
    return host !== undefined && matchers.some((matches) => matches(host));
  };
}

/** The problem of an entry of the list, and what to write instead. Undefined if the entry is valid. */
export function allowedHostProblem(entry: string): string | undefined {
  if (entry === '*') return undefined;
  // The part before the @ may hold a password.
  if (entry.includes('@')) return 'a host has no @ in it: write only the host, such as "example.com"';
  const host = parseHost(withoutWildcard(entry));
  if (host !== undefined && !/[*,;"']/.test(host.name)) {
    return Number(host.port ?? 0) > 65_535 ? `${JSON.stringify(entry)} has a port over 65535` : undefined;
  }
  const slips: readonly (readonly [what: string, instead: string | undefined])[] = [
    ['is a URL', ABSOLUTE_FORM.exec(entry)?.[1]],
    ['has a path', /^([^/?#]+)[/?#]/.exec(entry)?.[1]],
    ['has no brackets', BARE_IPV6.test(entry) ? `[${entry}]` : undefined],
  ];
  const slip = slips.find(([, instead]) => instead !== undefined && allowedHostProblem(instead) === undefined);
  // A query may hold a password.
  const shown = JSON.stringify(entry.replace(/\?.*$/s, '?…'));
  if (slip !== undefined) return `${shown} ${slip[0]}: write ${JSON.stringify(slip[1])}`;
  return `${shown} is not a host, such as "localhost", "example.com:8080", ".example.com" or "[::1]"`;
}

function toMatcher(entry: string): (host: Host) => boolean {
  const { name, port } = parseHost(withoutWildcard(entry)) as Host;
  const below = /^\*?\./.test(entry) ? `.${name}` : undefined;
  const isItself = !entry.startsWith('*');
  return (host) =>
    ((isItself && host.name === name) || (below !== undefined && host.name.endsWith(below))) &&
    (port === undefined || port === host.port || (host.port === undefined && DEFAULT_PORTS.includes(port)));
}

/** `example.com`, from `.example.com` and `*.example.com`. */
function withoutWildcard(entry: string): string {
  return entry.replace(/^\*?\./, '');
}

/** Brings the many spellings of an IPv6 address, and a name in Unicode, into their one ASCII form. */
function parseHost(text: string | undefined): Host | undefined {
  const [, written, port] = HOST_AND_PORT.exec(text ?? '') ?? [];
  const name = domainToASCII(written ?? '').replace(/\.$/, '');
  return name === '' ? undefined : { name, port };
}

function requestedHost(req: IncomingMessage & Pick<HostRequest, 'originalUrl'>): string | undefined {
  // `headers` has only the first of two.
  const isHost = (name: string, index: number) => index % 2 === 0 && name.toLowerCase() === 'host';
  if (req.rawHeaders.filter(isHost).length > 1) return undefined;
  const [, authority] = ABSOLUTE_FORM.exec(req.originalUrl ?? req.url ?? '') ?? [];
  if (authority !== undefined) return authority;
  // In HTTP/2 the field `:authority` takes precedence over `Host`: https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
  return (req.headers[':authority'] as string | undefined) ?? req.headers.host;
}
