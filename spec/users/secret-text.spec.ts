import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOfSecret, isMeantAsKey, isSecretText, looksLikeKey, newSecret } from '../../lib/users/secret-text.js';

/** The checksum was computed elsewhere: Python's zlib.crc32 of the 30 characters, in base62 with digits first. */
const KEY = 'kap_ABCDEFGHIJKLMNOPQRSTUVWXYZabcd34KlM6';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('a new secret', () => {
  it.each([
    ['key', 'kap_'],
    ['session', 'kas_'],
  ] as const)('is a prefix and 36 letters and digits, and has its SHA-256 and an id: %s', (kind, prefix) => {
    const { text, digest, id } = newSecret(kind);
    expect(text).toMatch(new RegExp(`^${prefix}[0-9A-Za-z]{36}$`));
    expect(digest).toBe(createHash('sha256').update(text).digest('base64url'));
    expect(digestOfSecret(text)).toBe(digest);
    expect(id).toMatch(/^[0-9A-Za-z]{16}$/);
    expect(isSecretText(kind, text)).toBe(true);
    expect(isSecretText(kind === 'key' ? 'session' : 'key', text)).toBe(false);
  });

  it('is never the same, and has every character of base62 in it sooner or later', () => {
    const secrets = Array.from({ length: 200 }, () => newSecret('key'));
    for (const part of ['text', 'digest', 'id'] as const) {
      expect(new Set(secrets.map((secret) => secret[part])).size).toBe(200);
    }
    const random = secrets.map(({ text }) => text.slice(4, 34)).join('');
    expect([...new Set(random)].sort().join('')).toBe(ALPHABET);
  });
});

describe('the text of a key', () => {
  it('has the CRC-32 of its random part at its end', () => {
    expect(isSecretText('key', KEY)).toBe(true);
  });

  it('is found wrong with any other character, and with any two neighbours that changed places', () => {
    const { text } = newSecret('key');
    for (let at = 4; at < text.length; at += 1) {
      for (const character of ALPHABET) {
        const other = text.slice(0, at) + character + text.slice(at + 1);
        expect(isSecretText('key', other), other).toBe(other === text);
      }
      const swapped = text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
      expect(isSecretText('key', swapped), swapped).toBe(swapped === text);
    }
  });

  it.each<[string, (key: string) => string, boolean, boolean]>([
    ['a key', (key) => key, true, true],
    ['one whose last character is another', (key) => key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A'), true, true],
    ['one without its end', (key) => key.slice(0, -1), false, true],
    ['one with a character more', (key) => `${key}0`, false, true],
    ['one with a line end', (key) => `${key}\n`, false, true],
    ['one with a blank before it', (key) => ` ${key}`, false, false],
    ['one in capitals', (key) => key.toUpperCase(), false, false],
    ['one with a hyphen in it', (key) => `${key.slice(0, -1)}-`, false, true],
    ['a session', () => newSecret('session').text, false, false],
    ['nothing', () => '', false, false],
  ])('is told from other texts: %s', (_what, change, looksLike, isMeant) => {
    const text = change(newSecret('key').text);
    expect([looksLikeKey(text), isMeantAsKey(text)]).toEqual([looksLike, isMeant]);
  });
});
