import assert from 'node:assert/strict';
import { kapacitorAuth } from 'kapacitor-auth';
import { serve } from './served.mjs';

const KEYS = '/kapacitor/v1/users/jane/keys';
const JANE = { as: 'jane:janePassword' };

const admin = { name: 'admin', password: 'adminPassword' };
const auth = kapacitorAuth({ auth: { store: 'sqlite:./keys/users.db', bcryptCost: 4, admin } });
await auth.ready;
await auth.users.create({ name: 'jane', password: 'janePassword', permissions: ['api', 'config_api'] });
const { send, close } = await serve(auth);
const statusOf = async (...request) => (await send(...request)).status;

const body = { name: 'prometheus', expires: '90d', permissions: ['api'] };
const created = await send('POST', KEYS, { ...JANE, body });
assert.equal(created.status, 200);
const { key, id } = created.body;
for (const as of [`Bearer ${key}`, `jane:${key}`, `:${key}`]) {
  const answer = await send('GET', '/whoami', { as });
  assert.deepEqual(answer.body, { name: 'jane', credential: 'key' });
}
assert.equal(await statusOf('GET', '/whoami', { as: `Bearer ${key}x` }), 401);

// The key has one of its owner's two permissions.
assert.equal(await statusOf('GET', '/kapacitor/v1/config', { as: `Bearer ${key}` }), 403);
assert.equal(await statusOf('GET', '/kapacitor/v1/config', JANE), 404);

const listed = await send('GET', KEYS, JANE);
assert.deepEqual(
  listed.body.keys.map(({ name }) => name),
  ['prometheus'],
);
assert.equal(await statusOf('DELETE', `${KEYS}/${id}`, JANE), 204);
assert.equal(await statusOf('GET', '/whoami', { as: `Bearer ${key}` }), 401);
await close();
