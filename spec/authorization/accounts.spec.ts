import type { User, UserAccount } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { AccessPolicy } from '../../lib/authorization/access-policy.js';
import { explain } from '../../lib/authorization/explain.js';
import { restrictedUser } from '../../lib/users/restricted-user.js';
import { user } from '../support/user.js';

const POLICY = new AccessPolicy({
  permissions: {},
  apiPath: '/kapacitor/v1',
  publicPaths: ['/health'],
  hasSessions: true,
});
const USERS = '/kapacitor/v1/users';
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'];
const PATHS = [
  '/tasks',
  '/health',
  '/kapacitor/v1/permissions',
  '/kapacitor/v1/check',
  USERS,
  `${USERS}/jane`,
  `${USERS}/kim`,
  `${USERS}/jane/keys`,
  `${USERS}/jane/sessions/1`,
  '/kapacitor/v1/me',
];

/** The user as a normal one with all permissions, as an admin, and with a key. */
function kinds(changes: Partial<UserAccount>): User[] {
  const normal = user('jane', ['all'], changes);
  return [normal, user('jane', [], { type: 'admin', ...changes }), restrictedUser(normal, ['all'])];
}

describe('a user who has expired', () => {
  it('may do nothing', () => {
    for (const who of kinds({ expires: new Date(Date.now() - 1) })) {
      for (const method of METHODS) {
        for (const path of PATHS) {
          expect(POLICY.decide(who, method, path)).toMatchObject({ allowed: false, rule: 'disabled' });
        }
      }
    }
  });

  it('may do everything before', () => {
    const expires = new Date(Date.now() + 60_000);
    for (const who of kinds({ expires })) expect(POLICY.decide(who, 'POST', '/tasks').allowed).toBe(true);
  });

  it.each([
    ['a time', new Date('2020-02-03T04:05:06Z'), 'jane expired at 2020-02-03T04:05:06.000Z, and cannot log in'],
    ['no time', new Date(Number.NaN), 'jane has expired, and cannot log in'],
  ])('is told when: %s', (_what, expires, reason) => {
    for (const who of kinds({ expires })) {
      expect(explain(POLICY, who, 'GET', '/tasks')).toMatchObject({ allowed: false, reason });
    }
    const both = user('jane', [], { enabled: false, expires } as Partial<UserAccount>);
    expect(explain(POLICY, both, 'GET', '/tasks').reason).toBe('jane is disabled, and cannot log in');
  });
});

describe('a user who must change its password', () => {
  /** Everything that is left, as the issue says it. `me` and the endpoints of a sign-in answer 405 to other methods. */
  function isLeft(method: string, path: string): boolean {
    if (path === '/kapacitor/v1/me') return true;
    return path === `${USERS}/jane` && ['GET', 'HEAD', 'PATCH'].includes(method);
  }

  it('may ask who it is, read itself and change its password, and nothing else', () => {
    for (const who of kinds({ mustChangePassword: true })) {
      for (const method of METHODS) {
        for (const path of PATHS) {
          const { allowed, rule } = POLICY.decide(who, method, path);
          expect([method, path, allowed, rule]).toEqual([
            method,
            path,
            isLeft(method, path),
            isLeft(method, path) ? 'own' : 'must-change-password',
          ]);
        }
      }
    }
  });

  it('may sign in and out', () => {
    for (const who of kinds({ mustChangePassword: true })) {
      for (const name of ['session', 'sign-in', 'sign-out']) {
        expect(POLICY.decide(who, 'POST', `/kapacitor/v1/${name}`)).toMatchObject({ allowed: true, rule: 'own' });
      }
    }
  });

  it('is told so, unless it is disabled as well', () => {
    const [who] = kinds({ mustChangePassword: true }) as [User];
    expect(explain(POLICY, who, 'GET', '/tasks').reason).toBe(
      'jane must change its password before it may do anything else',
    );
    expect(explain(POLICY, { ...who, enabled: false }, 'GET', '/kapacitor/v1/me').reason).toBe(
      'jane is disabled, and cannot log in',
    );
  });
});
