/**
 * Opens a store of keys and times the requests with some of them, and the lists of their owners: `keys-process.ts FILE`.
 * Sends its parent the medians in milliseconds and the memory in bytes.
 */
import { readFileSync } from 'node:fs';
import { basicCredentials, request } from './client.js';
import type { MeasuredKeys, UsedKey } from './keys.js';
import { measure, serveStore } from './store-app.js';

const [, , file] = process.argv;
const keys = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as UsedKey[];
const { server, start, memory } = await serveStore(file as string);

const keyAt = (index: number) => keys[(index * 7_919) % keys.length] as UsedKey;
const admin = basicCredentials('root', 'r00t');
const use = (index: number) => request(server, '/kapacitor/v1/tasks', `Bearer ${keyAt(index).text}`);
const keysOf = (index: number) => `/kapacitor/v1/users/${keyAt(index).owner}/keys`;

await measure(300, () => request(server, '/kapacitor/v1/users?limit=1', admin));
const firstUse = await measure(keys.length, use);
const nextUse = await measure(keys.length, use);
const list = await measure(keys.length, (index) => request(server, keysOf(index), admin));
const oneKey = await measure(keys.length, (index) => request(server, `${keysOf(index)}/${keyAt(index).id}`, admin));
process.send?.({
  start,
  'the first request with a key': firstUse,
  'the next one': nextUse,
  '`GET /kapacitor/v1/users/NAME/keys`': list,
  '`GET /kapacitor/v1/users/NAME/keys/ID`': oneKey,
  memory: memory(),
} satisfies MeasuredKeys);
