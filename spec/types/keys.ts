import { type KapacitorAuth, kapacitorAuth } from 'kapacitor-auth';
import { claim, type Same } from './claims.js';

const auth = kapacitorAuth({ permissions: { clerk: { '/orders': 'read' } } });
const created = await auth.keys.create('jane', { name: 'a', expires: '90d', permissions: ['api', 'clerk'] });
claim<Same<typeof created.key, string>>();
claim<Same<typeof created.expires, Date | undefined>>();
await auth.keys.create('jane', { name: 'a', expires: new Date(), permissions: undefined });
await auth.keys.by({ by: 'root' }).create('jane', { name: 'a', permissions: ['clerk'] });
await auth.keys.delete('jane', created.id);

// @ts-expect-error there is no such permission
await auth.keys.create('jane', { name: 'a', permissions: ['clrk'] });
// @ts-expect-error a key has a name
await auth.keys.create('jane', { permissions: ['clerk'] });
// @ts-expect-error a field is not known
await auth.keys.create('jane', { name: 'a', type: 'admin' });
// @ts-expect-error an end is a text or a date
await auth.keys.create('jane', { name: 'a', expires: 90 });

const [listed] = await auth.keys.list('jane');
claim<Same<NonNullable<typeof listed>['permissions'], readonly string[] | undefined>>();
// @ts-expect-error a listed key has no secret
listed?.key;

const kindOf = (any: KapacitorAuth, req: Parameters<KapacitorAuth['credentialOf']>[0]) => any.credentialOf(req)?.kind;
claim<Same<ReturnType<typeof kindOf>, 'password' | 'key' | 'session' | 'jwt' | undefined>>();
