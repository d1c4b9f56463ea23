import { isUtf8 } from 'node:buffer';
import { hash as digest, randomBytes } from 'node:crypto';

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

/**
 * Keyed digests, in the place of passwords and hashes wherever something is remembered about them. The key is random and
 * never leaves the process, so that a digest tells nothing to somebody who guesses. No digest is ever shown: without an
 * oracle a hash of key and text is as good as an HMAC, and takes a fourth of its time.
 */
export class CredentialDigests {
  readonly #key: string = randomBytes(16).toString('base64');

  /** The digest of an `Authorization` header. */
  ofHeader(authorization: string): string {
    return digest('sha256', this.#key + authorization, 'base64');
  }

  /** The digest of the header that clients send for a user's name, which has no colon, and a password. */
  ofLogin(name: string, password: string): string {
    return this.ofHeader(basicCredentials(name, password));
  }

  /** The digest of any name and password: another one for `a:b` and `c` than for `a` and `b:c`. */
  ofPair(name: string, password: string): string {
    return digest('sha256', this.#key + JSON.stringify([name, password]), 'base64');
  }

  /** The digest of a stored hash. */
  ofHash(hash: string): string {
    return digest('sha256', this.#key + hash, 'base64');
  }
}
