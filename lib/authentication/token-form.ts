import { hasDuplicateMembers } from '../duplicate-members.js';

/** The reasons for which a token is refused. */
type TokenFailure = 'malformed-token' | 'wrong-token' | 'expired-token' | 'unacceptable-token';

/** A refused token. */
export interface RefusedToken {
  readonly failure: TokenFailure;
  /** The answer to the client, in Kapacitor's words where it has some. It repeats nothing of the token. */
  readonly reason: string;
}

/** RFC 7518, section 3.2. A shared secret is for no other family, and `none` needs no secret at all. */
export const ALGORITHMS: readonly string[] = ['HS256', 'HS384', 'HS512'];

/** Milliseconds from now to the end of a token: enough for a year, also for a leap year. */
export const LONGEST_LIFE: number = 366 * 86_400_000;

/** Characters. */
const MAX_LENGTH = 8_192;

/**
 * The fault of a token that is not three segments (RFC 7515, section 7.1) with a header and claims that each reader reads alike:
 * base64url in its only spelling, UTF-8, JSON objects without duplicate members, no extensions (`crit`), a known algorithm.
 */
export function formProblem(token: string): RefusedToken | undefined {
  if (token.length > MAX_LENGTH) return malformed('token is too long');
  const segments = token.split('.');
  if (segments.length !== 3) return malformed('token contains an invalid number of segments');
  const [header, claims, signature] = segments.map(decodeSegment);
  if (!header?.length || !claims?.length || !signature?.length) return malformed('token is not base64url');
  const fields = parseObject(header);
  if (fields === undefined || parseObject(claims) === undefined) {
    return malformed('header and claims must be JSON objects without duplicates');
  }
  if (Object.hasOwn(fields, 'crit')) return malformed('extensions are not supported');
  return ALGORITHMS.includes(fields['alg'] as string) ? undefined : malformed('unexpected signing method');
}

/** The fault of a token's claims beside `exp` and `nbf`, which have been verified. */
export function claimsProblem(
  { username, exp, iat }: Readonly<Record<string, unknown>>,
  now: number,
): RefusedToken | undefined {
  if ((exp as number) * 1_000 > now + LONGEST_LIFE) return unacceptable('invalid token: token expires too late');
  if (iat !== undefined && (iat as number) * 1_000 > now)
    return unacceptable('invalid token: Token used before issued');
  if (typeof username !== 'string') return unacceptable('username in token must be a string');
  return username === '' ? unacceptable('token must contain a username') : undefined;
}

export function malformed(problem: string): RefusedToken {
  return { failure: 'malformed-token', reason: `invalid token: ${problem}` };
}

/** The token is signed with the secret, and its claims do not count. */
export function unacceptable(reason: string): RefusedToken {
  return { failure: 'unacceptable-token', reason };
}

function decodeSegment(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : undefined;
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && !hasDuplicateMembers(text, value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
