/**
 * Opens a store of COUNT users and times the look-ups of a request: `users-process.ts FILE COUNT`. Sends its parent the
 * medians in milliseconds and the memory in bytes.
 */
import { basicCredentials, request } from './client.js';
import { measure, serveStore } from './store-app.js';
import type { MeasuredUsers } from './users.js';

const [, , file, count] = process.argv;
const { server, start, memory } = await serveStore(file as string);

/** A different user each time, spread over the store. */
const nameAt = (index: number) => `user${String(Math.floor((index * 7_919_777) % Number(count))).padStart(7, '0')}`;
const admin = basicCredentials('root', 'r00t');
const get = (path: string, authorization: string) => request(server, path, authorization);

await measure(300, () => get('/kapacitor/v1/users?limit=1', admin));
const firstPage = await measure(200, () => get('/kapacitor/v1/users', admin));
const pageAfter = await measure(200, (index) => get(`/kapacitor/v1/users?after=${nameAt(index)}`, admin));
const oneUser = await measure(1_000, (index) => get(`/kapacitor/v1/users/${nameAt(index)}`, admin));
await measure(1_000, (index) => get('/kapacitor/v1/tasks', basicCredentials(nameAt(index), 'pw')));
const login = await measure(1_000, (index) => get('/kapacitor/v1/tasks', basicCredentials(nameAt(index), 'pw')));
process.send?.({
  start,
  '`GET /kapacitor/v1/users`, the first page': firstPage,
  '`GET /kapacitor/v1/users?after=NAME`': pageAfter,
  '`GET /kapacitor/v1/users/NAME`': oneUser,
  'a request of a user whose password is cached': login,
  memory: memory(),
} satisfies MeasuredUsers);
