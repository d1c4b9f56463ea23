import { describe, expect, it } from 'vitest';
import { isWarning, sentenceOf } from '../../../lib/observe/sentence.js';

const JANE = { name: 'jane', type: 'normal', permissions: [], enabled: true };

describe('the sentence about an event', () => {
  it.each([
    ['login', { user: 'jane' }, 'user "jane" logged in'],
    ['login-failed', { user: 'jane', reason: 'wrong-password' }, 'a login as "jane" failed: wrong-password'],
    ['login-failed', { reason: 'malformed-credentials' }, 'a login failed: malformed-credentials'],
    ['denied', { user: 'jane', status: 403, reason: 'user jane may not' }, 'denied with 403: user jane may not'],
    ['user-created', { user: JANE, by: 'root' }, 'user "jane" was created by "root"'],
    ['user-created', { user: JANE }, 'user "jane" was created'],
    [
      'user-changed',
      { user: JANE, by: 'root', changed: ['password', 'type'] },
      'user "jane" was changed by "root": password, type',
    ],
    ['user-changed', { user: JANE, changed: [] }, 'user "jane" was changed: nothing is different'],
    ['user-deleted', { user: JANE, by: 'root' }, 'user "jane" was deleted by "root"'],
    [
      'user-operation-failed',
      { operation: 'delete', user: 'jane', by: 'jane', reason: 'only an admin' },
      'user "jane" could not be deleted by "jane": only an admin',
    ],
    ['user-operation-failed', { operation: 'create', reason: 'no name' }, 'a user could not be created: no name'],
    ['store-unavailable', { reason: 'refused' }, 'the user store is unavailable: refused'],
    ['store-unavailable', {}, 'the user store is unavailable'],
    ['authentication-switched', { authEnabled: true }, 'authentication was switched on'],
    ['authentication-switched', { authEnabled: false }, 'authentication was switched off'],
    ['moon-landed', { by: 'neil' }, 'moon-landed'],
    ['toString', {}, 'toString'],
  ])('%s %j is: %s', (event, details, sentence) => {
    expect(sentenceOf(event, details)).toBe(sentence);
  });

  it('is one short line that a terminal shows as it is', () => {
    const sentence = sentenceOf('denied', { status: 403, reason: `\u001b[2J\n${'x'.repeat(5_000)}` });
    expect(sentence).toMatch(/^denied with 403: \\u001b\[2J\\u000ax+…$/);
    expect(sentence.length).toBeLessThan(320);
  });
});

it.each([
  ['login', {}, false],
  ['user-created', {}, false],
  ['authentication-switched', { authEnabled: true }, false],
  ['moon-landed', {}, false],
  ['authentication-switched', { authEnabled: false }, true],
  ['login-failed', {}, true],
  ['denied', {}, true],
  ['user-operation-failed', {}, true],
  ['store-unavailable', {}, true],
])('the event %s %j is a warning: %s', (event, details, expected) => {
  expect(isWarning(event, details)).toBe(expected);
});
