import type { StoredUser } from 'kapacitor-auth';

const HASH = `$2b$10$${'.'.repeat(53)}`;

export const userNamed = (name: string, changes: Partial<StoredUser> = {}): StoredUser => ({
  name,
  type: 'normal',
  permissions: [],
  enabled: true,
  hash: HASH,
  revision: '1',
  ...changes,
});
