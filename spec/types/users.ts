import { kapacitorAuth, type NewUser, type UserAccount } from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

const { users } = kapacitorAuth();
const name = 'jane';
const password = 'a password';

const created = await users.create({ name, password, type: 'normal', permissions: ['api'] });
claim<Same<typeof created, UserAccount<never>>>();
await users.create({ name, password });
await users.create({ name, password, type: 'admin', permissions: undefined });
const permissions = ['api', 'write_points'] as const;
await users.create({ name, password, permissions });
const jane: NewUser = { name, password };
await users.create(jane);

// @ts-expect-error a user has a password
await users.create({ name });
// @ts-expect-error and a name
await users.create({ password });
// @ts-expect-error an option is not known
await users.create({ name, password, role: 'admin' });
// @ts-expect-error there is no such type of user
await users.create({ name, password, type: 'root' });
// @ts-expect-error there is no such permission
await users.create({ name, password, permissions: ['API'] });

const found = await users.get(name);
claim<Same<typeof found, UserAccount<never> | undefined>>();

const some = await users.list({ pattern: 'j*', offset: 0, limit: 10 });
claim<Same<typeof some, UserAccount<never>[]>>();
await users.list();
await users.list({ after: some.at(-1)?.name });
// @ts-expect-error a list begins after a name, not after a user
await users.list({ after: some[0] });

const updated = await users.update(name, { permissions: ['config_api'] });
claim<Same<typeof updated, UserAccount<never>>>();
await users.update(name, { password, type: undefined });
// @ts-expect-error a user is not renamed
await users.update(name, { name: 'janet' });

const wasThere = await users.delete(name);
claim<Same<typeof wasThere, boolean>>();

// @ts-expect-error a field is not known
await users.update(name, { enable: false });
// @ts-expect-error a field is not known
await users.create({ name, password, permission: ['api'] });
// @ts-expect-error an option is not known
await users.list({ ofset: 1 });
// @ts-expect-error a name is a text
await users.get(created);
// A user that was read can be sent back.
await users.update(name, { ...created, enabled: false });

const [result] = await users.batch([
  { op: 'create', user: jane },
  { op: 'change', name, changes: { enabled: false }, confirm: ({ revision }) => void revision },
  { op: 'delete', name },
]);
if (result !== undefined && 'error' in result) claim<Same<typeof result.error, Error>>();
// @ts-expect-error there is no such operation
await users.batch([{ op: 'remove', name }]);
// @ts-expect-error an option is not known
await users.batch([{ op: 'change', name, changes: { enable: false } }]);
