import { isUtf8 } from 'node:buffer';
import { hash as digest, randomBytes } from 'node:crypto';
import { detached } from '../safe-text.js';
import { isMeantAsKey, looksLikeKey } from '../users/secret-text.js';
import type { PresentedSecret } from './secret-authenticator.js';
import type { PresentedToken } from './token-authenticator.js';

/** A user's name and password. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** RFC 9110, section 11.4: the scheme in any case, spaces, and one token68. */
const BASIC = /^basic +([a-z0-9+/]+={0,2}) *$/i;

/**
 * Reads an `Authorization` header according to RFC 7617: `user-id:password` in UTF-8. The first colon separates the two;
 * the password may have further colons. Bytes that are not UTF-8 are read as Latin-1, which Python's `requests` and aiohttp
 * send. In Latin-1 each byte is one character, so that different bytes stay different.
 *
 * @returns undefined if the header has no Basic credentials
 */
export function parseBasicCredentials(authorization: string | undefined): Credentials | undefined {
  const token = authorization === undefined ? undefined : BASIC.exec(authorization)?.[1];
  if (token === undefined) return undefined;
  const bytes = Buffer.from(token, 'base64');
  const colon = bytes.indexOf(':');
  if (colon === -1) return undefined;
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  // Two texts, and not two parts of one: what keeps the name must not keep the password.
  return { name: bytes.toString(encoding, 0, colon), password: bytes.toString(encoding, colon + 1) };
}

/**
 * RFC 6750, section 2.1: the scheme, and one token68. InfluxDB's clients, and Telegraf among them, write `Token` in place of
 * `Bearer`.
 */
const BEARER = /^(bearer|token) +([a-z0-9._~+/-]+=*) *$/i;

/** The credentials that a client sent: a name and a password, a key or a session, or a JSON Web Token. */
export type Presented = (Credentials & { readonly kind: 'password' }) | PresentedSecret | PresentedToken;

/**
 * Reads an `Authorization` header: Basic credentials, whose password may be a key, or a key or a JSON Web Token as a bearer
 * token. A token with a dot in it is meant as a JSON Web Token.
 *
 * @returns undefined if the header has none of them
 */
export function readAuthorization(authorization: string | undefined): Presented | undefined {
  const credentials = parseBasicCredentials(authorization);
  if (credentials !== undefined) return presentedBy(credentials);
  const [, scheme = '', text = ''] = BEARER.exec(authorization ?? '') ?? [];
  const isBearer = scheme.toLowerCase() === 'bearer';
  const header = `${isBearer ? 'Bearer' : 'Token'} ${text}`;
  if (isMeantAsKey(text)) return { kind: 'key', text, name: undefined, header };
  return isBearer && text.includes('.') ? { kind: 'jwt', text, name: undefined, header } : undefined;
}

/** A password with the form of a key is a key: no user has such a password. The name may then be left out. */
export function presentedBy({ name, password }: Credentials): Presented {
  // Without a name, a text that begins like a key is meant as one, whatever is wrong with it.
  const isKey = looksLikeKey(password) || (name === '' && isMeantAsKey(password));
  if (!isKey) return { kind: 'password', name, password };
  return { kind: 'key', text: password, name: name || undefined, header: basicCredentials(name, password) };
}

/** The header that clients send for this name and password. */
export function basicCredentials(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/**
 * Reads Kapacitor's query parameters `u` and `p`.
 *
 * @param url the target of a request, in any form
 * @returns undefined if a parameter is missing or empty
 */
export function parseQueryCredentials(url: string): Credentials | undefined {
  const query = new URLSearchParams(url.split('?').slice(1).join('?'));
  const name = query.get('u');
  const password = query.get('p');
  return name && password ? { name: detached(name), password } : undefined;
}

/**
 * Keyed digests, which stand for passwords and hashes in memory. The key is random and never leaves the process, so that a
 * digest does not help to guess. Digests are never shown: without an oracle, a hash of key and text is as good as an HMAC,
 * and takes a fourth of its time. Each of their 32 characters is a byte: texts in Base64 are longer, and take longer to find.
 */
export class CredentialDigests {
  readonly #key: string = randomBytes(16).toString('base64');

  /** The digest of an `Authorization` header. */
  ofHeader(authorization: string): string {
    return digest('sha256', this.#key + authorization, 'binary');
  }

  /** The digest of the header that clients send for a user's name, which has no colon, and a password. */
  ofLogin(name: string, password: string): string {
    return this.ofHeader(basicCredentials(name, password));
  }

  /** The digest of any name and password. `a:b` and `c` have another digest than `a` and `b:c`. */
  ofPair(name: string, password: string): string {
    return digest('sha256', this.#key + JSON.stringify([name, password]), 'binary');
  }

  /** The digest of a stored hash. */
  ofHash(hash: string): string {
    return digest('sha256', this.#key + hash, 'binary');
  }
}
