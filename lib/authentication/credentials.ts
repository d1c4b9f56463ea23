import { isUtf8 } from 'node:buffer';

/** What a user gives to prove who it is. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** RFC 9110, section 11.4: the scheme's name has no case, spaces follow, then one token68. */
const BASIC = /^basic +([a-z0-9+/]+={0,2}) *$/i;

/**
 * Reads the value of an `Authorization` header as RFC 7617 has it: `user-id:password` in UTF-8, where the first colon
 * is the one that divides, and a password may have more of them. Bytes that are not UTF-8 are read as Latin-1, which
 * Python's `requests` and aiohttp send: each byte is one character, so that different bytes stay different.
 *
 * @returns undefined if there are no Basic credentials in it
 */
export function parseBasicCredentials(authorization: string | undefined): Credentials | undefined {
  const token = authorization === undefined ? undefined : BASIC.exec(authorization)?.[1];
  if (token === undefined) return undefined;
  const bytes = Buffer.from(token, 'base64');
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The header that clients send for this name and password. */
export function basicCredentials(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/**
 * Reads Kapacitor's query parameters `u` and `p`.
 *
 * @param url a request's, in whatever form
 * @returns undefined if one of them is missing or empty
 */
export function parseQueryCredentials(url: string): Credentials | undefined {
  const query = new URLSearchParams(url.split('?').slice(1).join('?'));
  const name = query.get('u');
  const password = query.get('p');
  return name && password ? { name, password } : undefined;
}
