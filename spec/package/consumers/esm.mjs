import assert from 'node:assert/strict';
import { once } from 'node:events';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';

const app = express();
const auth = kapacitorAuth('kapacitor.conf');
app.use(auth);
app.get('/kapacitor/v1/tasks', (req, res) => res.json({ tasks: [], for: req.user.name }));

await auth.users.create({ name: 'esm', password: 'examplePassword', type: 'admin' });
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/kapacitor/v1/tasks`;

const stranger = await fetch(url);
assert.equal(stranger.status, 401);
const user = await fetch(url, { headers: { Authorization: `Basic ${btoa('esm:examplePassword')}` } });
assert.equal(user.status, 200);
console.log(await user.text());

// From here on nothing of ours may keep the process alive.
server.close();
await auth.close();
