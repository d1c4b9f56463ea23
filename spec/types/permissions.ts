import {
  type KapacitorAuth,
  kapacitorAuth,
  type NewUser,
  type PermissionDefinitions,
  type UserAccount,
} from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

const name = 'kim';
const password = 'a password';

const auth = kapacitorAuth({
  permissions: { clerk: { '/orders': ['read', 'write'] }, accountant: { '/reports': 'read', '/secrets': [] } },
});
const created = await auth.users.create({ name, password, permissions: ['clerk', 'accountant', 'api', 'none'] });
claim<Same<typeof created, UserAccount<'clerk' | 'accountant'>>>();
await auth.users.update(name, { permissions: ['accountant'] });
await auth.users.update(name, { ...created, enabled: false });
await auth.users.by({ by: 'root' }).create({ name, password, permissions: ['clerk'] });
const kim: NewUser<'clerk'> = { name, password, permissions: ['clerk'] };
await auth.users.create(kim);
auth.can(created, 'GET', '/orders');

// @ts-expect-error there is no such permission
await auth.users.create({ name, password, permissions: ['clrk'] });
// @ts-expect-error nor is there in a change
await auth.users.update(name, { permissions: ['clrk'] });
// @ts-expect-error nor with a context
await auth.users.by({ by: 'root' }).create({ name, password, permissions: ['clrk'] });

// @ts-expect-error there is no such privilege
kapacitorAuth({ permissions: { clerk: { '/orders': ['raed'] } } });
// @ts-expect-error a method is not a privilege
kapacitorAuth({ permissions: { clerk: { '/orders': 'GET' } } });
// @ts-expect-error the privileges of a permission belong to paths
kapacitorAuth({ permissions: { clerk: ['read'] } });

// Both objects define permissions.
const both = kapacitorAuth(
  { permissions: { clerk: { '/orders': 'read' } } },
  { permissions: { boss: { '/': 'all' } } },
);
await both.users.create({ name, password, permissions: ['clerk', 'boss'] });
// @ts-expect-error neither of them defines this one
await both.users.create({ name, password, permissions: ['accountant'] });

// The type does not know what a file defines, unless it is told.
const byFile = kapacitorAuth('kapacitor.conf');
await byFile.users.create({ name, password, permissions: ['clerk'] });
const told = kapacitorAuth<'clerk'>('kapacitor.conf');
await told.users.create({ name, password, permissions: ['clerk'] });
// @ts-expect-error there is no such permission
await told.users.create({ name, password, permissions: ['clrk'] });

// A configuration that is made elsewhere.
const definitions: PermissionDefinitions = { [`${name}-only`]: { '/orders': 'read' } };
await kapacitorAuth({ permissions: definitions }).users.create({ name, password, permissions: ['kim-only'] });

// A function that takes any of them.
const show = async ({ users }: KapacitorAuth): Promise<readonly string[]> => (await users.get(name))?.permissions ?? [];
await show(auth);
await show(both);
await show(kapacitorAuth());
