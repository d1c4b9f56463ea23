import type { Server } from 'node:http';
import { performance } from 'node:perf_hooks';
import { median } from './process.js';

/** An app on a store of SQLite, for a process of the bench. */
export interface StoreApp {
  readonly server: Server;
  /** Milliseconds until it served, the imports excepted. */
  readonly start: number;
  /** The bytes that it takes now. */
  memory(): number;
}

/** Serves `GET /kapacitor/v1/tasks` behind the middleware. */
export async function serveStore(file: string): Promise<StoreApp> {
  const { kapacitorAuth } = await import('kapacitor-auth');
  const { default: express } = await import('express');
  const before = bytesInUse();
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
  return { server, start: performance.now() - begin, memory: () => bytesInUse() - before };
}

/** The median of the milliseconds that a number of samples take, one after another. */
export async function measure(samples: number, ask: (index: number) => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < samples; index += 1) {
    const from = performance.now();
    await ask(index);
    times.push(performance.now() - from);
  }
  return median(times);
}

function bytesInUse(): number {
  global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
