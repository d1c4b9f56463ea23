import type { User } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { explain, privilegesOf } from '../../lib/authorization/explain.js';
import type { OwnEndpoint } from '../../lib/authorization/own-endpoints.js';
import { PRIVILEGES } from '../../lib/authorization/privileges.js';
import { restrictedUser } from '../../lib/users/restricted-user.js';
import { policyWith } from '../support/policy.js';
import { user } from '../support/user.js';

const DEFINITIONS = {
  clerk: { '/orders': ['read', 'write'], '/orders/archive': [] },
  support: { '/': ['read'], '/secrets': [] },
} as const;
const POLICY = policyWith(DEFINITIONS, undefined, ['GET /kapacitor/v1/ping', '/open']);

const OWNERS: readonly User[] = [
  user('root', [], { type: 'admin' }),
  user('jane', ['all', 'clerk', 'support']),
  user('jane', ['api', 'clerk']),
  user('jane', ['support', 'clerk']),
  user('jane', ['config_api', 'write_points']),
  user('jane'),
  user('jane', ['all'], { enabled: false }),
  user('root', [], { type: 'admin', enabled: false }),
];
const KEYS = [[], ['all'], ['api'], ['support'], ['clerk'], ['api', 'config_api', 'clerk'], ['gone']];
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];
const PATHS = [
  ...['/', '/orders', '/orders/archive', '/secrets', '/secrets/../orders', '/open', '/%63onfig', 'no slash'],
  ...['ping', 'config', 'write', 'tasks', 'me', 'permissions', 'check', 'users', 'users/jane', 'users/kim'].map(
    (path) => `/kapacitor/v1/${path}`,
  ),
  ...['keys', 'keys/1', 'sessions', 'sessions/1'].flatMap((path) => [
    `/kapacitor/v1/users/jane/${path}`,
    `/kapacitor/v1/users/kim/${path}`,
  ]),
];

/** Each owner with each key, and a normal user of the same name who has the permissions of the key. */
const PAIRS = OWNERS.flatMap((owner) =>
  KEYS.map((permissions) => ({
    owner,
    limited: restrictedUser(owner, permissions),
    alone: user(owner.name, permissions, { enabled: owner.enabled }),
  })),
);

describe('a user with a key of less', () => {
  it('may make the requests that both may', () => {
    let allowed = 0;
    for (const { owner, limited, alone } of PAIRS) {
      for (const method of METHODS) {
        for (const path of PATHS) {
          const [ofOwner, ofKey] = [POLICY.decide(owner, method, path), POLICY.decide(alone, method, path)];
          const expected = ofOwner.allowed ? ofKey : ofOwner;
          const where = `${method} ${path} ${JSON.stringify([owner, alone.permissions])}`;
          expect(POLICY.decide(limited, method, path), where).toEqual(expected);
          expect(explain(POLICY, limited, method, path).allowed, where).toBe(expected.allowed);
          if (expected.allowed) allowed += 1;
        }
      }
    }
    expect([allowed > 500, allowed < (PAIRS.length * METHODS.length * PATHS.length) / 2]).toEqual([true, true]);
  });

  it('has the privileges that both have', () => {
    const resources = ['/api', '/api/orders', '/api/orders/archive', '/api/secrets/1', '/api/config', '/api/users'];
    for (const { owner, limited, alone } of PAIRS) {
      for (const privilege of PRIVILEGES) {
        for (const resource of resources) {
          const both = [owner, alone].every((each) => POLICY.hasPrivilege(each, privilege, resource));
          expect(POLICY.hasPrivilege(limited, privilege, resource)).toBe(both);
          const readings = { whole: [resource], below: [] };
          const decided = [owner, alone].every((each) => POLICY.decideOn(each, privilege, readings).allowed);
          expect(POLICY.decideOn(limited, privilege, readings).allowed).toBe(decided);
        }
      }
    }
    const [root] = OWNERS as [User];
    expect(privilegesOf(POLICY, restrictedUser(root, ['clerk']))).toEqual({
      '/api': [],
      '/api/ping': [],
      '/api/write': [],
      '/api/config': [],
      '/api/users': [],
      '/api/orders': ['read', 'write'],
      '/api/orders/archive': [],
      '/api/secrets': [],
    });
  });

  it.each<[string, User, string[], string, string, boolean, string]>([
    [
      'the owner may not',
      user('jane', ['clerk']),
      ['all'],
      'DELETE',
      '/orders',
      false,
      'clerk opens /orders for read and write; DELETE needs delete',
    ],
    [
      'the key may not',
      user('jane', ['all']),
      ['clerk'],
      'DELETE',
      '/orders',
      false,
      'with this key, clerk opens /orders for read and write; DELETE needs delete',
    ],
    [
      'the key of an admin may not',
      user('root', [], { type: 'admin' }),
      ['all'],
      'POST',
      '/kapacitor/v1/users',
      false,
      'with this key, only an admin manages users, and root is not an admin',
    ],
    [
      'a permission of the owner closes what the key opens',
      user('jane', ['clerk', 'support']),
      ['support'],
      'GET',
      '/orders/archive',
      false,
      'clerk closes /orders/archive; GET needs read, which api, all or support would give',
    ],
    [
      'both may',
      user('jane', ['all']),
      ['clerk'],
      'GET',
      '/orders',
      true,
      'with this key, clerk opens /orders for read and write',
    ],
    [
      'it is the own entry',
      user('jane'),
      [],
      'GET',
      '/kapacitor/v1/users/jane',
      true,
      'with this key, every user may read its own entry',
    ],
    [
      'it is public',
      user('jane'),
      [],
      'GET',
      '/open',
      true,
      'with this key, /open is public, and needs no credentials',
    ],
  ])('is told why: %s', (_what, owner, permissions, method, path, allowed, reason) => {
    expect(explain(POLICY, restrictedUser(owner, permissions), method, path)).toMatchObject({ allowed, reason });
  });
});

describe('the keys and sessions of a user', () => {
  const names = ['keys', 'sessions'] as const;

  it.each<[string, User, string, boolean, string]>([
    ['an admin', user('root', [], { type: 'admin' }), 'jane', true, 'admin'],
    ['a disabled admin', user('root', [], { type: 'admin', enabled: false }), 'jane', false, 'disabled'],
    ['the user', user('jane'), 'jane', true, 'own'],
    ['the user, disabled', user('jane', [], { enabled: false }), 'jane', false, 'disabled'],
    ['a user who may read all users', user('kim', ['all']), 'jane', false, 'admin-only'],
    ['a user whose name has other letters', user('Jane'), 'jane', false, 'admin-only'],
    [
      'an admin with a key of less',
      restrictedUser(user('root', [], { type: 'admin' }), ['all']),
      'jane',
      false,
      'admin-only',
    ],
    ['the user with a key of less', restrictedUser(user('jane', ['all']), []), 'jane', true, 'own'],
  ])('are for the user and for admins: %s', (_who, who, name, allowed, rule) => {
    for (const kind of names) {
      for (const method of METHODS) {
        const endpoint: OwnEndpoint = { kind, name };
        expect(POLICY.decideOwn(who, method, endpoint)).toMatchObject({ allowed, rule });
        expect(POLICY.decide(who, method, `/kapacitor/v1/users/${name}/${kind}/1`)).toMatchObject({ allowed, rule });
      }
    }
  });

  it('have a reason of their own', () => {
    for (const kind of names) {
      const { reason } = explain(POLICY, user('jane'), 'DELETE', `/kapacitor/v1/users/jane/${kind}/1`);
      expect(reason).toBe(`every user may have ${kind} of its own`);
    }
  });
});
