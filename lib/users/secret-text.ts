import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SecretKind } from './secret.js';

/** How the text of a secret begins. Secret scanners look for it. */
const PREFIXES: Readonly<Record<SecretKind, string>> = { key: 'kap_', session: 'kas_' };

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 30 characters of 62 have 178.6 bits. */
const RANDOM_LENGTH = 30;
/** 6 characters of 62 hold the 32 bits of a CRC. */
const CHECKSUM_LENGTH = 6;
/** 16 characters of 62 have 95 bits: two ids are never the same. */
const ID_LENGTH = 16;

const FORM = new RegExp(`^ka[ps]_[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** A new secret, and what a repository keeps of it. */
export interface NewSecret {
  /** `kap_` for a key or `kas_` for a session, 30 random characters of base62, and a checksum of 6. */
  readonly text: string;
  readonly digest: string;
  readonly id: string;
}

/** Makes a secret. Its text is shown once, and kept nowhere. */
export function newSecret(kind: SecretKind): NewSecret {
  const random = randomText(RANDOM_LENGTH);
  const text = PREFIXES[kind] + random + checksumOf(random);
  return { text, digest: digestOfSecret(text), id: randomText(ID_LENGTH) };
}

/** Whether a text begins like a key. It may have lost its end. */
export function isMeantAsKey(text: string): boolean {
  return text.startsWith(PREFIXES.key);
}

/** Whether a text has the form of a key. Its checksum may be wrong. No password may have this form. */
export function looksLikeKey(text: string): boolean {
  return isMeantAsKey(text) && FORM.test(text);
}

/** Whether a text can be a secret of this kind. A typing error makes the checksum wrong. */
export function isSecretText(kind: SecretKind, text: string): boolean {
  if (!text.startsWith(PREFIXES[kind]) || !FORM.test(text)) return false;
  const random = text.slice(PREFIXES[kind].length, -CHECKSUM_LENGTH);
  return text.endsWith(checksumOf(random));
}

/** The SHA-256 of a secret's text, as a repository keeps it. A secret is random, so that its digest needs no salt. */
export function digestOfSecret(text: string): string {
  return hash('sha256', text, 'base64url');
}

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** The CRC-32 of a text in base62. */
function checksumOf(text: string): string {
  let rest = crc32(text);
  let checksum = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    checksum = ALPHABET[rest % ALPHABET.length] + checksum;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return checksum;
}
