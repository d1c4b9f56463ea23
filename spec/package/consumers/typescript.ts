import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';
import openApi from 'kapacitor-auth/openapi.json' with { type: 'json' };
import { postgresSchema } from 'kapacitor-auth/postgres';

const app = express();
const auth = kapacitorAuth('kapacitor.conf');
app.use(auth);
app.get('/kapacitor/v1/tasks', (req, res) => res.json({ tasks: [], for: req.user.name }));

await auth.users.create({ name: 'typescript', password: 'examplePassword', type: 'admin' });
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const url = `http://127.0.0.1:${port}/kapacitor/v1/tasks`;

const stranger = await fetch(url);
assert.equal(stranger.status, 401);
const user = await fetch(url, { headers: { Authorization: `Basic ${btoa('typescript:examplePassword')}` } });
assert.equal(user.status, 200);
console.log(await user.text());

const sql: string = postgresSchema({ schema: 'auth' });
assert.match(sql, /CREATE TABLE "auth"/);

const described: string = openApi.paths['/users'].get.operationId;
assert.equal(described, 'listUsers');

// From here on nothing of ours may keep the process alive.
server.close();
await auth.close();
