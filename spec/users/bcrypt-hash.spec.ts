import { describe, expect, it } from 'vitest';
import { costOf, maxLoginCost } from '../../lib/users/bcrypt-hash.js';

const DIGEST = 'x'.repeat(53);

describe('the cost of a stored hash', () => {
  it.each([
    [`$2a$10$${DIGEST}`, 10],
    [`$2b$04$${DIGEST}`, 4],
    [`$2y$20$${DIGEST}`, 20],
  ])('is read from %s', (hash, cost) => {
    expect(costOf(hash)).toBe(cost);
  });

  it.each([
    ['costs too much', `$2b$21$${DIGEST}`],
    ['costs too much', `$2b$31$${DIGEST}`],
    ['costs too little', `$2b$03$${DIGEST}`],
    ['belongs to another algorithm', `$2x$10$${DIGEST}`],
    ['belongs to another algorithm', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA'],
    ['is cut off', `$2b$10$${DIGEST.slice(1)}`],
    ['is too long', `$2b$10$${DIGEST}x`],
    ['is empty', ''],
    ['is a password', 'examplePassword'],
  ])('is undefined for a text that %s', (_what, hash) => {
    expect(costOf(hash)).toBeUndefined();
  });
});

describe('the highest cost that a login verifies', () => {
  it.each([
    [4, 14],
    [10, 14],
    [11, 15],
    [16, 20],
    [20, 20],
  ])('with new hashes of cost %d is %d', (configured, highest) => {
    expect(maxLoginCost(configured)).toBe(highest);
  });
});
