import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MaybePromise, RefusedPasswords } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../../lib/errors.js';
import { passwordRefusal } from '../../lib/users/password-policy.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Tells of a password, whoever is to have it. */
function refusal(refused: RefusedPasswords): (password: string) => MaybePromise<boolean> {
  const isRefused = passwordRefusal(refused);
  return (password) => isRefused(password, 'someone');
}

/** Tells of a password, by a file with this content. */
function refusalOfFile(content: string | Uint8Array) {
  const path = join(temporaryFolder(), 'refused.txt');
  writeFileSync(path, content);
  return refusal(path);
}

function errorOf(path: string): ConfigError {
  try {
    refusal(path);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('a file of refused passwords', () => {
  it('has one password on each line, exactly as it is written', () => {
    const isRefused = refusalOfFile('password\nhunter 2\n# letmein\n  blanks  \nlast');
    const refused = ['password', 'hunter 2', '# letmein', '  blanks  ', 'last'];
    for (const password of refused) expect(isRefused(password), password).toBe(true);
    const others = ['Password', 'hunter', 'letmein', 'blanks', 'password\nhunter 2', 'passwor'];
    for (const password of others) expect(isRefused(password), password).toBe(false);
  });

  it('may have CRLF line ends and a byte order mark', () => {
    const isRefused = refusalOfFile('\ufefffirst\r\nsecond\r\n');
    expect(['first', 'second', '\ufefffirst', 'second\r'].map(isRefused)).toEqual([true, true, false, false]);
  });

  it('refuses nothing for an empty line, and nothing at all if it is empty', () => {
    expect(refusalOfFile('a\n\n\r\nb\n\n')('')).toBe(false);
    expect(refusalOfFile('')('')).toBe(false);
  });

  it('refuses the hashed form, whichever form it has', () => {
    const isRefused = refusalOfFile('cafe\u0301\nau\u00a0lait\n');
    expect(isRefused('caf\u00e9')).toBe(true);
    expect(isRefused('au lait')).toBe(true);
  });

  it('may have lines that are not UTF-8, as lists of breached passwords do, and the others count', () => {
    const lines = [
      Buffer.from('first'),
      Buffer.from('caf\u00e9', 'latin1'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('é'),
    ];
    const isRefused = refusalOfFile(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
    expect(['first', 'é', 'caf\u00e9', 'caf'].map(isRefused)).toEqual([true, true, false, false]);
  });

  it('is read once', () => {
    const path = join(temporaryFolder(), 'refused.txt');
    writeFileSync(path, 'before\n');
    const isRefused = refusal(path);
    writeFileSync(path, 'after\n');
    expect(['before', 'after'].map(isRefused)).toEqual([true, false]);
  });

  it('causes an error with its path if it is missing', () => {
    const path = join(temporaryFolder(), 'refused.txt');
    const error = errorOf(path);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: `[auth] refused-passwords: cannot read ${path}: there is no such file`,
      cause: { code: 'ENOENT' },
    });
  });

  it('causes an error if it is UTF-16, as PowerShell writes it, because nothing in it would be refused', () => {
    const path = join(temporaryFolder(), 'refused.txt');
    writeFileSync(path, '\ufefffirst\r\nsecond', 'utf16le');
    expect(errorOf(path)).toMatchObject({
      code: 'CONFIG_INVALID',
      message: `[auth] refused-passwords: ${path} is not a text in UTF-8: save it as UTF-8`,
    });
  });

  it('causes an error with its path and the reason if it is a folder', () => {
    const path = temporaryFolder();
    const error = errorOf(path);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', cause: { code: 'EISDIR' } });
    expect(error.message).toMatch(new RegExp(`^\\[auth\\] refused-passwords: cannot read ${path}: EISDIR: `));
  });
});

describe('a set of refused passwords', () => {
  it('refuses its passwords', () => {
    expect(['first', 'First', ''].map(refusal(new Set(['first', 'second'])))).toEqual([true, false, false]);
  });

  it('refuses the hashed form, whichever form it has', () => {
    const isRefused = refusal(new Set(['cafe\u0301', 'au\u00a0lait']));
    expect(['caf\u00e9', 'au lait', 'cafe\u0301'].map(isRefused)).toEqual([true, true, false]);
  });

  it('is read once, and does not change', () => {
    const passwords = new Set(['cafe\u0301']);
    const isRefused = refusal(passwords);
    expect([...passwords]).toEqual(['cafe\u0301']);
    passwords.clear();
    passwords.add('after');
    expect(['caf\u00e9', 'after'].map(isRefused)).toEqual([true, false]);
  });
});

describe('a function of refused passwords', () => {
  it("gets the user's name, and answers in its own time", async () => {
    const answer = vi.fn(async (password: string) => password === 'hunter2');
    const isRefused = refusal(answer);
    expect(await isRefused('hunter2')).toBe(true);
    expect(await isRefused('another')).toBe(false);
    expect(answer.mock.calls).toEqual([
      ['hunter2', 'someone'],
      ['another', 'someone'],
    ]);
  });
});
