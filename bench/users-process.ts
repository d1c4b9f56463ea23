import { performance } from 'node:perf_hooks';

/**
 * Opens a store of COUNT users and times the look-ups of a request: `users-process.ts FILE COUNT`. Sends its parent the
 * medians in milliseconds and the memory in bytes.
 */
const [, , file, count] = process.argv;
const { kapacitorAuth } = await import('kapacitor-auth');
const { default: express } = await import('express');
const { basicCredentials, request } = await import('./client.js');
const { median } = await import('./process.js');

global.gc?.();
const before = process.memoryUsage();
const begin = performance.now();
const auth = kapacitorAuth({ auth: { store: `sqlite:${file}`, bcryptCost: 4 } });
await auth.ready;
const app = express();
app.use(auth);
app.get('/kapacitor/v1/tasks', (_req, res) => {
  res.json({ tasks: [] });
});
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const startTime = performance.now() - begin;

/** A different user each time, spread over the store. */
const nameAt = (index: number) => `user${String(Math.floor((index * 7_919_777) % Number(count))).padStart(7, '0')}`;
const admin = basicCredentials('root', 'r00t');
const measure = async (samples: number, ask: (index: number) => Promise<void>): Promise<number> => {
  const times: number[] = [];
  for (let index = 0; index < samples; index += 1) {
    const from = performance.now();
    await ask(index);
    times.push(performance.now() - from);
  }
  return median(times);
};
const get = (path: string, authorization: string) => request(server, path, authorization);

await measure(300, () => get('/kapacitor/v1/users?limit=1', admin));
const firstPage = await measure(200, () => get('/kapacitor/v1/users', admin));
const pageAfter = await measure(200, (index) => get(`/kapacitor/v1/users?after=${nameAt(index)}`, admin));
const oneUser = await measure(1_000, (index) => get(`/kapacitor/v1/users/${nameAt(index)}`, admin));
await measure(1_000, (index) => get('/kapacitor/v1/tasks', basicCredentials(nameAt(index), 'pw')));
const login = await measure(1_000, (index) => get('/kapacitor/v1/tasks', basicCredentials(nameAt(index), 'pw')));
global.gc?.();
const after = process.memoryUsage();
process.send?.({
  start: startTime,
  'first page': firstPage,
  'page after a user': pageAfter,
  'one user': oneUser,
  'login from the cache': login,
  memory: after.heapUsed + after.external - before.heapUsed - before.external,
});
