import { type KapacitorAuth, type KapacitorAuthConfig, kapacitorAuth, type NewUser } from 'kapacitor-auth';
import { onTestFinished } from 'vitest';

export const ROOT: NewUser = { name: 'root', password: 'r00t', type: 'admin' };
export const API_USER: NewUser = { name: 'api', password: 'pw', permissions: ['api'] };
const CONFIG_USER: NewUser = { name: 'config', password: 'pw', permissions: ['config_api'] };
const NOBODY: NewUser = { name: 'nobody', password: 'pw' };

/** The middleware with cheap hashes, short passwords, a store in memory unless another is named, and these users, until the test is over. */
export async function createAuth(
  { permissions, http, auth }: KapacitorAuthConfig = {},
  users: readonly NewUser<string>[] = [ROOT, API_USER, CONFIG_USER, NOBODY],
): Promise<KapacitorAuth> {
  const created = kapacitorAuth<string>({
    permissions,
    http,
    auth: { store: 'memory:', bcryptCost: 4, minimumPasswordLength: 0, ...auth },
  });
  onTestFinished(() => created.close());
  for (const user of users) await created.users.create(user);
  return created;
}
