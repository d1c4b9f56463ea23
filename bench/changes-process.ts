import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';

/** Serves an app whose cache is off, so that each login is verified: `changes-process.ts PASSWORD NAME …`. */
const [, , password = '', ...names] = process.argv;
const auth = kapacitorAuth({ auth: { store: 'memory:', bcryptCost: 10, cacheExpiration: 0 } });
for (const name of names) await auth.users.create({ name, password, permissions: ['api'] });
const app = express().use(auth);
app.use((_req, res) => {
  res.end();
});
const server = createServer(app).listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on('disconnect', () => process.exit());
