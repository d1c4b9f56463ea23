import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromCode, fromEnvironment, fromFile, fromFileWithUsers, problemsOf } from './resolve.js';

const PROBLEM =
  'must be the path of a file with a password on each line or, in code, a Set of them or a function that tells of one, not';

describe('refused-passwords', () => {
  it('are none by default', () => {
    expect(fromCode({}).config.auth.refusedPasswords).toBeUndefined();
    expect(fromFile('').config.auth.refusedPasswords).toBeUndefined();
  });

  it.each<[string, ReadonlySet<string> | ((password: string) => boolean)]>([
    ['a set', new Set(['password'])],
    ['an empty set', new Set()],
    ['an instance of a class of sets', new (class extends Set<string> {})()],
    ['a function', () => true],
  ])('may be %s in code, which is taken as it is', (_what, refusedPasswords) => {
    expect(fromCode({ auth: { refusedPasswords } }).config.auth.refusedPasswords).toBe(refusedPasswords);
  });

  it.each([
    ['an empty path', '', '""'],
    ['an array', ['hunter2'], 'an array'],
    ['a map', new Map([['hunter2', true]]), 'a map'],
    ['a promise', Promise.resolve(new Set()), 'a promise'],
    ['a set with something else in it', new Set(['password', 123456]), 'a set'],
    ['an object', { has: () => true }, 'an object'],
    ['a number', 3, '3'],
    ['null', null, 'null'],
    ['a url', new URL('file:///hunter2'), 'a url'],
  ])('are not %s in code', (_what, refusedPasswords, shown) => {
    expect(problemsOf(() => fromCode({ auth: { refusedPasswords } }))).toEqual([
      `auth.refusedPasswords: ${PROBLEM} ${shown}`,
    ]);
  });

  it.each([
    ['""', '""'],
    ['[ "hunter2" ]', 'an array'],
    ['true', 'true'],
    ['3', '3'],
    ['{ file = "hunter2" }', 'an object'],
  ])('are not %s in a file', (value, shown) => {
    expect(problemsOf(() => fromFileWithUsers(`[auth]\nrefused-passwords = ${value}\n`))).toEqual([
      `kapacitor.conf, line 2: [auth] refused-passwords: ${PROBLEM} ${shown}`,
    ]);
  });

  it('are left to the file, or to none, by an empty environment variable', () => {
    const environment = { KAPACITOR_AUTH_REFUSED_PASSWORDS: '' };
    expect(fromEnvironment(environment).config.auth.refusedPasswords).toBeUndefined();
    const { config } = fromFile('[auth]\nrefused-passwords = "/file.txt"\n', environment);
    expect(config.auth.refusedPasswords).toBe('/file.txt');
  });

  it('are what code says, else what the environment does, else what the file does', () => {
    const path = configFile('[auth]\nrefused-passwords = "/file.txt"\n');
    const environment = { KAPACITOR_AUTH_REFUSED_PASSWORDS: '/environment.txt' };
    const refusedPasswords = new Set<string>();
    const resolved = resolveConfig(path, { auth: { refusedPasswords } }, environment);
    expect(resolved.config.auth.refusedPasswords).toBe(refusedPasswords);
    expect(resolveConfig(path, {}, environment).config.auth.refusedPasswords).toBe('/environment.txt');
  });
});
