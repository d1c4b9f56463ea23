import type { User } from 'kapacitor-auth';

/** A normal user who gets in, unless something else is said. */
export const user = (name: string, permissions: User['permissions'] = [], changes: Partial<User> = {}): User => ({
  name,
  type: 'normal',
  permissions,
  enabled: true,
  ...changes,
});
