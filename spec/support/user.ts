import type { User } from 'kapacitor-auth';
import { expect } from 'vitest';

/** A normal user who gets in, unless something else is said. */
export const user = (name: string, permissions: User['permissions'] = [], changes: Partial<User> = {}): User => ({
  name,
  type: 'normal',
  permissions,
  enabled: true,
  ...changes,
});

/** The times of a user that this package has made, and its revision. */
export const ANY_ACCOUNT = {
  created: expect.any(Date),
  passwordChanged: expect.any(Date),
  revision: expect.stringMatching(/^[0-9a-f-]{36}$/),
};
