import { hash, webcrypto } from 'node:crypto';
import type { JWTHeaderParameters } from 'jose';
import { BoundedCache } from './bounded-cache.js';
import {
  ALGORITHMS,
  claimsProblem,
  formProblem,
  LONGEST_LIFE,
  malformed,
  type RefusedToken,
  unacceptable,
} from './token-form.js';

/** A token that is signed with the secret and has not ended. */
export interface VerifiedToken {
  /** Whether there is such a user has not been checked. */
  readonly username: string;
  /** Milliseconds since 1970. From then on the token lets nobody in. */
  readonly expires: number;
}

/** The tokens that are remembered. Others are verified again. */
const MAX_TOKENS = 10_000;

const EXPIRED: RefusedToken = { failure: 'expired-token', reason: 'invalid token: Token is expired' };

/**
 * Signs and verifies JSON Web Tokens (RFC 7519) as Kapacitor knows them: with an HMAC of a shared secret, and the claims
 * `username` and `exp`. The clocks of both sides are compared without tolerance, as in Kapacitor.
 */
export class JsonWebTokens {
  readonly #secret: Uint8Array<ArrayBuffer>;
  /** For each algorithm. */
  readonly #keys = new Map<string, Promise<webcrypto.CryptoKey>>();
  readonly #verified = new BoundedCache<VerifiedToken>(LONGEST_LIFE, MAX_TOKENS);

  constructor(secret: string) {
    this.#secret = new TextEncoder().encode(secret);
  }

  /** Verifies a token. It is remembered by its digest until it ends, so that its signature is computed once. */
  async verify(token: string): Promise<VerifiedToken | RefusedToken> {
    const digest = hash('sha256', token, 'base64url');
    const known = this.#verified.get(digest);
    if (known !== undefined) return known;
    const verified = formProblem(token) ?? (await this.#verify(token));
    if ('expires' in verified) this.#verified.set(digest, verified, verified.expires - Date.now());
    return verified;
  }

  /** Signs a token with HS256. Its end is rounded down to a second. */
  async sign({ username, expires }: VerifiedToken): Promise<string> {
    const { SignJWT } = await import('jose');
    const claims = { username, exp: Math.floor(expires / 1_000) };
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(this.#secret);
  }

  /** Forgets all tokens and stops all timers. */
  close(): void {
    this.#verified.close();
  }

  async #verify(token: string): Promise<VerifiedToken | RefusedToken> {
    const { jwtVerify } = await import('jose');
    const currentDate = new Date();
    const options = { algorithms: [...ALGORITHMS], requiredClaims: ['exp'], currentDate };
    try {
      const { payload } = await jwtVerify(token, (header: JWTHeaderParameters) => this.#keyFor(header.alg), options);
      const verified = { username: payload['username'] as string, expires: (payload.exp as number) * 1_000 };
      return claimsProblem(payload, currentDate.getTime()) ?? (isOver(verified) ? EXPIRED : verified);
    } catch (error) {
      return refusalOf(error as JoseError);
    }
  }

  /** jose would import the secret for each token, which takes as long as to verify it. */
  #keyFor(algorithm: string): Promise<webcrypto.CryptoKey> {
    let key = this.#keys.get(algorithm);
    if (key === undefined) {
      const kind = { name: 'HMAC', hash: algorithm.replace('HS', 'SHA-') };
      key = webcrypto.subtle.importKey('raw', this.#secret, kind, false, ['verify']);
      this.#keys.set(algorithm, key);
    }
    return key;
  }
}

/** Whether a token that was valid has ended meanwhile. */
export function isOver({ expires }: VerifiedToken): boolean {
  return Date.now() >= expires;
}

/** An error of jose. The claim is that of a `JWTClaimValidationFailed`. */
type JoseError = Error & { readonly code?: unknown; readonly claim?: unknown; readonly reason?: unknown };

function refusalOf({ code, claim, reason }: JoseError): RefusedToken {
  if (code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') {
    return { failure: 'wrong-token', reason: 'invalid token: signature is invalid' };
  }
  if (code === 'ERR_JWT_EXPIRED') return EXPIRED;
  if (claim === 'exp') return unacceptable('token expiration required');
  if (claim === 'nbf' && reason === 'check_failed') return unacceptable('invalid token: Token is not valid yet');
  return claim === undefined
    ? malformed('it cannot be read')
    : unacceptable(`invalid token: "${claim}" must be a number`);
}
