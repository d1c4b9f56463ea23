import assert from 'node:assert/strict';
import { kapacitorAuth } from 'kapacitor-auth';
import { serve } from './served.mjs';

const USERS = '/kapacitor/v1/users';
const ADMIN = { as: 'admin:adminPassword' };

const admin = { name: 'admin', password: 'adminPassword' };
const auth = kapacitorAuth({ auth: { store: 'memory:', bcryptCost: 4, admin } });
await auth.ready;
const events = [];
for (const event of ['user-created', 'user-changed', 'user-deleted']) {
  auth.on(event, ({ user, by }) => events.push(`${event} ${user.name} by ${by}`));
}
const { send, close } = await serve(auth);
const statusOf = async (...request) => (await send(...request)).status;

const stan = { name: 'stan', password: 'stanPassword', type: 'normal', permissions: ['api'] };
const created = await send('POST', USERS, { ...ADMIN, body: stan });
assert.equal(created.status, 200);
assert.deepEqual(created.body.permissions, ['api']);
assert.equal(await statusOf('POST', USERS, { ...ADMIN, body: stan }), 409);
assert.equal(await statusOf('POST', USERS, { ...ADMIN, body: { name: 'short', password: 'short' } }), 400);
assert.equal(await statusOf('POST', USERS, { as: 'stan:stanPassword', body: { ...stan, name: 'other' } }), 403);
assert.equal(await statusOf('GET', '/whoami', { as: 'stan:stanPassword' }), 200);

// A change is in force when its answer goes out.
const change = (changes) => statusOf('PATCH', `${USERS}/stan`, { ...ADMIN, body: changes });
assert.equal(await change({ permissions: [] }), 200);
assert.equal(await statusOf('GET', '/whoami', { as: 'stan:stanPassword' }), 403);
assert.equal(await change({ permissions: ['api'], password: 'newPassword' }), 200);
assert.equal(await statusOf('GET', '/whoami', { as: 'stan:stanPassword' }), 401);
assert.equal(await statusOf('GET', '/whoami', { as: 'stan:newPassword' }), 200);

const { body } = await send('GET', USERS, ADMIN);
assert.deepEqual(
  body.users.map(({ name }) => name),
  ['admin', 'stan'],
);
assert.equal(await statusOf('DELETE', `${USERS}/admin`, ADMIN), 409);
assert.equal(await statusOf('DELETE', `${USERS}/stan`, ADMIN), 204);
assert.equal(await statusOf('GET', '/whoami', { as: 'stan:newPassword' }), 401);
assert.deepEqual(events, [
  'user-created stan by admin',
  'user-changed stan by admin',
  'user-changed stan by admin',
  'user-deleted stan by admin',
]);
await close();
