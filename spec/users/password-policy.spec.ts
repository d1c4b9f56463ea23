import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PasswordCheckError } from '../../lib/errors.js';
import { PasswordPolicy, type PasswordPolicyOptions, type PasswordRefusal } from '../../lib/users/password-policy.js';
import { newSecret } from '../../lib/users/secret-text.js';
import { invalidUser } from '../support/failure.js';

/** Checks a password of the user `someone`. */
function accept(password: string, options: Partial<PasswordPolicyOptions> = {}, name = 'someone'): Promise<string> {
  return new PasswordPolicy({ minimumLength: 0, ...options }).accept(password, name);
}

describe('the length of a new password', () => {
  it.each([
    ['letters', 'abcd', 4],
    ['emoji, which are two UTF-16 units each', '😀😁😂🤣', 4],
    ['a family, which is five code points', '👩‍👩‍👧', 5],
    ['letters with marks that have a composed form', 'e\u0301e\u0301', 2],
    ['letters with marks that have none', 'x\u0301x\u0301', 4],
    ['blanks', '    ', 4],
  ])('is counted in code points: %s', async (_what, password, length) => {
    expect(await accept(password, { minimumLength: length })).toBe(password.normalize('NFC'));
    await expect(accept(password, { minimumLength: length + 1 })).rejects.toThrow(
      invalidUser(`password must be at least ${length + 1} characters`),
    );
  });

  it('may be one without a minimum, but not zero', async () => {
    expect(await accept('p')).toBe('p');
    await expect(accept('')).rejects.toThrow(invalidUser('password is required'));
  });

  it('may be 72 bytes in the form that is hashed, however many were given', async () => {
    const given = 'e\u0301'.repeat(36);
    expect(await accept(given)).toBe('\u00e9'.repeat(36));
    await expect(accept(`${given}x`)).rejects.toThrow(invalidUser('password must be at most 72 bytes'));
    await expect(accept('\u0958'.repeat(24))).rejects.toThrow(invalidUser('password must be at most 72 bytes'));
  });
});

describe('a new password', () => {
  it.each([
    ['someone', 'someone'],
    ['someone', 'SomeOne'],
    ['Someone', 'sOMEONE'],
    ['JosÉ', 'jose\u0301'],
    ['\u212bngstrom', '\u00e5ngstrom'],
    ['\uf900', '\u8c48'],
    ['\u8c48', '\uf900'],
    ['\uf900', '\uf900'],
  ])('of the user %s cannot be %s', async (name, password) => {
    await expect(accept(password, {}, name)).rejects.toThrow(invalidUser('password must not be the username'));
  });

  it.each<[string, (key: string) => string]>([
    ['a key', (key) => key],
    ['with another last character', (key) => key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A')],
    // U+212A, the sign of Kelvin, is a K in NFC.
    ['in another form of Unicode', () => `kap_${'\u212a'.repeat(36)}`],
  ])('must not have the form of a key, which would be taken for one: %s', async (_what, change) => {
    const key = change(newSecret('key').text);
    await expect(accept(key)).rejects.toThrow(invalidUser('password must not be a key: choose another'));
    expect(await accept(`${key}0`)).toBe(`${key}0`.normalize('NFC'));
  });

  it('may contain the username', async () => {
    expect(await accept('someone1')).toBe('someone1');
    expect(await accept('someone', {}, 'someone1')).toBe('someone');
  });

  it('must be well-formed, and is not repeated', async () => {
    await expect(accept('hunter\ud800')).rejects.toThrow(invalidUser('password must be well-formed Unicode'));
  });

  it('must have the minimum length, which is checked before the look-up of refused passwords', async () => {
    const isRefused = vi.fn(() => true);
    await expect(accept('pass', { minimumLength: 8, isRefused })).rejects.toThrow(
      invalidUser('password must be at least 8 characters'),
    );
    expect(isRefused).not.toHaveBeenCalled();
  });
});

describe('the refused passwords', () => {
  const REFUSED = invalidUser('password is one of the refused passwords: choose another');

  it.each([
    ['says so', () => true],
    ['promises so', async () => true],
  ])('are those for which the function %s', async (_what, isRefused) => {
    await expect(accept('hunter2', { isRefused })).rejects.toThrow(REFUSED);
  });

  it.each([
    ['says so', () => false],
    ['promises so', async () => false],
  ])('exclude a password for which the function %s', async (_what, isRefused) => {
    expect(await accept('hunter2', { isRefused })).toBe('hunter2');
  });

  it('are looked up in the form that is hashed', async () => {
    const isRefused = vi.fn(() => false);
    await accept('cafe\u0301\u00a0au lait', { isRefused });
    expect(isRefused).toHaveBeenCalledExactlyOnceWith('caf\u00e9 au lait', 'someone');
  });
});

describe('a function that cannot tell whether a password is refused', () => {
  const PASSWORD = 'two words & “más”';
  const MESSAGE = 'the password could not be checked: try again later';
  const ENCODED = encodeURIComponent(PASSWORD);

  const message = `no answer for ${PASSWORD}, ${ENCODED} and ${new URLSearchParams({ PASSWORD })}`;

  it.each<[string, string, () => unknown]>([
    [
      'throws',
      'RangeError',
      () => {
        throw new RangeError(message);
      },
    ],
    [
      'rejects',
      'TypeError ERR_X ENOTFOUND',
      async () => {
        const cause = Object.assign(new Error(PASSWORD), { code: 'ENOTFOUND' });
        throw Object.assign(new TypeError(message, { cause }), { code: 'ERR_X', address: message });
      },
    ],
    [
      'has codes that are none',
      'Error',
      async () => {
        throw Object.assign(new Error(message, { cause: { code: PASSWORD } }), { code: PASSWORD });
      },
    ],
    [
      'throws a text',
      'a text was thrown',
      () => {
        throw message;
      },
    ],
    [
      'throws what cannot be made a text of',
      'an object was thrown',
      () => {
        throw Object.create(null);
      },
    ],
    ['gives no answer', 'it answered neither true nor false', () => undefined],
    ['gives a number', 'it answered neither true nor false', async () => 0],
  ])('refuses the password, and the error does not repeat its message: it %s', async (_what, reason, isRefused) => {
    const onFailure = vi.fn();
    const options = { isRefused: isRefused as PasswordRefusal, onFailure };
    const error = await accept(PASSWORD, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PasswordCheckError);
    expect(error).toMatchObject({ code: 'PASSWORD_CHECK_FAILED', status: 503, message: MESSAGE });
    expect((error as Error).cause).toEqual(new Error(`refusedPasswords: ${reason}`));
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(error);
    const shown = inspect(error, { depth: 9, showHidden: true });
    for (const secret of [PASSWORD, ENCODED, 'más']) expect(shown).not.toContain(secret);
  });

  it('has five seconds, and a later answer is ignored', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let fail = (_error: Error) => {};
    const answer = new Promise<boolean>((_resolve, reject) => {
      fail = reject;
    });
    const acceptance = accept(PASSWORD, { isRefused: () => answer }).catch((thrown: unknown) => thrown);
    const settled = vi.fn();
    acceptance.then(settled);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    const error = await acceptance;
    expect(error).toBeInstanceOf(PasswordCheckError);
    expect(error).toMatchObject({ message: MESSAGE, cause: { message: 'refusedPasswords: TimeoutError' } });
    fail(new Error('too late'));
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has no timer after its answer', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    await accept(PASSWORD, { isRefused: async () => false });
    expect(vi.getTimerCount()).toBe(0);
  });
});
