import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';
import imported from 'kapacitor-auth/openapi.json' with { type: 'json' };

assert.deepEqual(createRequire(import.meta.url)('kapacitor-auth/openapi.json'), imported);

// The server has it as well.
const admin = { name: 'admin', password: 'examplePassword' };
const auth = kapacitorAuth({ auth: { store: 'memory:', admin } });
const server = express().use(auth).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/kapacitor/v1/openapi.json`;
const answer = await fetch(url, { headers: { Authorization: `Basic ${btoa('admin:examplePassword')}` } });
assert.deepEqual(await answer.json(), { ...imported, servers: [{ url: '/kapacitor/v1' }] });
console.log(imported.openapi);

server.close();
await auth.close();
