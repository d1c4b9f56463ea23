import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AppName, createApp } from './apps.js';

/** Serves one app on a free port, and sends the port to its parent: `app-process.ts NAME FOLDER [URL]`. */
const [, , name, folder, postgres = ''] = process.argv;
const server = createServer(await createApp(name as AppName, folder as string, postgres));
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
