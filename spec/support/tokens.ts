import { createHmac } from 'node:crypto';

export const SECRET = 'a secret that has 32 bytes and more';

/** Seconds since 1970, as claims count them. */
export function inSeconds(milliseconds: number): number {
  return Math.floor((Date.now() + milliseconds) / 1_000);
}

/** A token without this package and without jose: with this header and these claims, each a value or a text as it stands. */
export function handmadeToken(
  claims: unknown,
  { header = { alg: 'HS256', typ: 'JWT' }, secret = SECRET, hash = 'sha256' }: Partial<Signing> = {},
): string {
  const signed = `${encoded(header)}.${encoded(claims)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

interface Signing {
  readonly header: unknown;
  readonly secret: string;
  readonly hash: string;
}

function encoded(value: unknown): string {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return bytes.toString('base64url');
}
