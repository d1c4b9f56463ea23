import { expect, it } from 'vitest';
import { explain } from '../../lib/authorization/explain.js';
import { policyWith } from '../support/policy.js';
import { user } from '../support/user.js';

const SHOP = policyWith({
  clerk: { '/orders': ['read', 'write'], '/archive': ['all'] },
  accountant: { '/reports': ['read'], '/orders': ['read'], '/safe': [] },
  support: { '/': ['read'], '/secrets': [], '/safe': [] },
});

it.each([
  ['one permission', ['clerk'], 'POST', '/orders', 'clerk opens /orders for read and write'],
  [
    'a privilege that is missing',
    ['clerk'],
    'DELETE',
    '/orders',
    'clerk opens /orders for read and write; DELETE needs delete',
  ],
  [
    'several permissions, whose privileges add up',
    ['accountant', 'clerk'],
    'POST',
    '/orders/5',
    'accountant and clerk open /orders for read and write, the nearest entry above /orders/5',
  ],
  ['every privilege', ['clerk'], 'PROPFIND', '/archive', 'clerk opens /archive for everything'],
  [
    'an empty list',
    ['support'],
    'GET',
    '/secrets/1',
    'support closes /secrets, the nearest entry above /secrets/1; GET needs read, which api or all would give',
  ],
  [
    'the empty lists of two permissions',
    ['accountant', 'support'],
    'GET',
    '/safe',
    'accountant and support close /safe; GET needs read, which api or all would give',
  ],
  [
    'no entry at all',
    ['clerk'],
    'GET',
    '/reports',
    '/reports is opened by api, all, accountant or support, and kim has clerk',
  ],
])('a reason names the permissions that decided: %s', (_what, permissions, method, path, reason) => {
  expect(explain(SHOP, user('kim', permissions), method, path).reason).toBe(reason);
});
