import { describe, expect, it } from 'vitest';
import { NamePattern } from '../../lib/users/name-pattern.js';

describe('a name pattern', () => {
  it.each([
    ['', 'anything', true],
    ['*', 'anything', true],
    ['*', '', true],
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['abc', 'ab', false],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbbcd', false],
    ['a**c', 'ac', true],
    ['*b*', 'abc', true],
    ['*ab*ab*', 'xabyab', true],
    ['*ab*ab*', 'xaby', false],
    ['?', 'é', true],
    ['?', '𐐀', true],
    ['?', '', false],
    ['??', 'a', false],
    ['a?c', 'abc', true],
    ['[a-c]', 'b', true],
    ['[a-c]', 'd', false],
    ['[^a-c]', 'd', true],
    ['[^a-c]', 'b', false],
    ['[abc]x', 'cx', true],
    ['[а-я]*', 'юзер', true],
    ['[\\]]', ']', true],
    ['[\\-x]', '-', true],
    ['[!a]', '!', true],
    ['[a-cx-z]', 'y', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['\\a', 'a', true],
    ['A', 'a', false],
  ])('%j matches the name %j: %s', (pattern, name, expected) => {
    expect(new NamePattern(pattern).matches(name)).toBe(expected);
  });

  it.each(['[', '[]', '[^]', '[a', '[a-', '[a-]', '[-a]', '[\\', '\\', 'a[', '[a]['])('is invalid: %j', (pattern) => {
    expect(() => new NamePattern(pattern)).toThrowError(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        status: 400,
        message: `invalid pattern ${JSON.stringify(pattern)}`,
      }),
    );
  });

  it.each([
    ['', '', true],
    ['*', '', true],
    ['ab*', 'ab', true],
    ['ab**', 'ab', true],
    ['ab', 'ab', false],
    ['ab*c', 'ab', false],
    ['ab?', 'ab', false],
    ['a\\*b*', 'a*b', true],
    ['[a]*', '', false],
  ])('has a prefix where a repository can begin: %j', (pattern, prefix, isPrefixOnly) => {
    const { prefix: actual, isPrefixOnly: only } = new NamePattern(pattern);
    expect([actual, only]).toEqual([prefix, isPrefixOnly]);
  });

  it('is invalid if it is longer than any name', () => {
    expect(() => new NamePattern('*'.repeat(513))).toThrow('invalid pattern: it must be at most 512 characters');
    expect(new NamePattern('*'.repeat(512)).matches('a')).toBe(true);
  });

  it('matches in the same time for a malicious pattern', () => {
    const pattern = new NamePattern(`${'*a'.repeat(120)}b`);
    const start = process.cpuUsage();
    expect(pattern.matches('a'.repeat(256))).toBe(false);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(200);
  });
});
