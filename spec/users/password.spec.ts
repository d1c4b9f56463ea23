import { describe, expect, it } from 'vitest';
import { opaqueString, passwordForms, passwordProblem } from '../../lib/users/password.js';

/** `café`, in one and in two code points at the end. */
const NFC = 'caf\u00e9';
const NFD = 'cafe\u0301';

describe('the form in which a password is hashed', () => {
  it.each([
    ['composes what is decomposed', NFD, NFC],
    ['leaves what is composed', NFC, NFC],
    ['composes Hangul', '\u1112\u1161\u11ab', '\ud55c'],
    ['orders marks', 'a\u0307\u0323', '\u1ea1\u0307'],
    ['has one Å', '\u212b', '\u00c5'],
    ['has a blank for a no-break space', 'a\u00a0b', 'a b'],
    ['has a blank for an ideographic space', 'a\u3000b', 'a b'],
    ['has a blank for each space there is', '\u1680\u2000\u2009\u202f\u205f\u3000', '      '],
    ['keeps each blank, also at the ends', '  a  b ', '  a  b '],
    ['keeps case and width', 'Ａa', 'Ａa'],
    ['keeps compatibility characters', '\ufb01\u2460', '\ufb01\u2460'],
    ['keeps emoji', '👩‍👩‍👧', '👩‍👩‍👧'],
    ['keeps a tab and a line separator, which are no spaces', '\t\u2028', '\t\u2028'],
    ['keeps a zero width space', '\u200b', '\u200b'],
  ])('%s: RFC 8265, section 4.2.2', (_what, password, form) => {
    expect(opaqueString(password)).toBe(form);
  });

  it('does not change when it is made twice', () => {
    for (const text of [NFD, 'a\u3000\u0301', '\u212b\u0323']) {
      expect(opaqueString(opaqueString(text))).toBe(opaqueString(text));
    }
  });
});

describe('an impossible password', () => {
  it.each([
    ['nothing', '', 'password is required'],
    ['73 bytes', 'x'.repeat(73), 'password must be at most 72 bytes'],
    ['73 bytes in 37 characters', `${'é'.repeat(36)}x`, 'password must be at most 72 bytes'],
    ['19 emoji', '😀'.repeat(19), 'password must be at most 72 bytes'],
    ['a null character', 'a\0b', 'password must not contain control characters'],
    ['a line end', 'a\nb', 'password must not contain control characters'],
    ['a tab', 'a\tb', 'password must not contain control characters'],
    ['a delete character', 'a\x7fb', 'password must not contain control characters'],
    ['a high surrogate alone', 'a\ud800', 'password must be well-formed Unicode'],
    ['a low surrogate alone', '\udc00a', 'password must be well-formed Unicode'],
    ['surrogates the wrong way round', '\udc00\ud800', 'password must be well-formed Unicode'],
  ])('is %s', (_what, password, problem) => {
    expect(passwordProblem(password)).toBe(problem);
  });

  it.each([
    ['a letter', 'p'],
    ['a blank', ' '],
    ['72 bytes', 'x'.repeat(72)],
    ['72 bytes in 18 emoji', '😀'.repeat(18)],
    ['colons', ':a:b'],
    ['C1 controls, which UTF-8 has', '\u0080\u009f'],
  ])('is not %s', (_what, password) => {
    expect(passwordProblem(password)).toBeUndefined();
  });
});

describe('the forms of a password at a login', () => {
  it.each([
    ['itself where it is in the form that is hashed', NFC, [NFC]],
    ['that form first, then itself where it is another', NFD, [NFC, NFD]],
    ['the form with blanks, then itself', 'a\u00a0b', ['a b', 'a\u00a0b']],
    ['nothing where it is empty', '', []],
    ['nothing where it is too long', 'x'.repeat(73), []],
    ['nothing where it is ill-formed', '\ud800', []],
    ['nothing where it has control characters', 'a\0b', []],
    ['the form alone where only that is short enough', 'e\u0301'.repeat(25), ['\u00e9'.repeat(25)]],
    // U+0958 is one of the few characters that NFC makes longer.
    ['itself alone where only that is short enough', '\u0958'.repeat(24), ['\u0958'.repeat(24)]],
  ])('are %s', (_what, password, forms) => {
    expect(passwordForms(password)).toEqual(forms);
  });
});
