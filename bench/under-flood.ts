import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import autocannon from 'autocannon';
import { type AppName, USER } from './apps.js';
import { basicCredentials } from './client.js';
import type { FloodName, FloodResult } from './flood-process.js';
import { start, stop } from './process.js';

/** Requests of users whose password has been verified. */
const CONNECTIONS = 4;
/** Seconds. */
const WARM_UP = 2;
const MEASURE = 5;
/** The number of look-ups of a file and a name, and the milliseconds between two of them. */
const PROBES = 100;
const PROBE_EVERY = 30;

export type Weather = FloodName | 'quiet';

/** The requests of a user with a verified password. */
export interface MeasuredApp {
  /** Requests a second. */
  readonly throughput: number;
  /** Milliseconds. */
  readonly p99: number;
  readonly flood?: FloodResult;
}

/** Milliseconds of two look-ups in the app, which use the same threads as bcrypt. */
export interface Probe {
  readonly file: number;
  readonly name: number;
}

/** Starts an app and floods it. Ends both when the work is done. */
async function underFlood<T>(
  app: AppName,
  weather: Weather,
  folder: string,
  work: (url: string, begin: () => Promise<void>) => Promise<T>,
): Promise<{ done: T; flood?: FloodResult }> {
  const { child, told: port } = await start<number>('./app-process.ts', [app, folder]);
  let flood: Awaited<ReturnType<typeof start>>['child'] | undefined;
  const begin = async () => {
    if (weather === 'quiet') return;
    flood = (await start('./flood-process.ts', [String(port), weather])).child;
  };
  const done = await work(`http://127.0.0.1:${port}`, begin);
  if (flood === undefined) {
    await stop(child);
    return { done };
  }
  flood.send('end');
  const [result] = (await once(flood, 'message')) as [FloodResult];
  await stop(flood);
  await stop(child);
  return { done, flood: result };
}

/** Measures the requests of a user with a verified password while others guess passwords, or nobody does. */
export async function serveUsers(app: AppName, weather: Weather, folder: string): Promise<MeasuredApp> {
  const { done, flood } = await underFlood(app, weather, folder, async (url, begin) => {
    const fire = (duration: number) =>
      autocannon({
        url: `${url}/kapacitor/v1/tasks`,
        connections: CONNECTIONS,
        duration,
        headers: { authorization: basicCredentials(USER.name, USER.password) },
      });
    await fire(WARM_UP);
    await begin();
    const { requests, duration, latency, non2xx, errors } = await fire(MEASURE);
    if (non2xx > 0 || errors > 0) throw new Error(`${app}, ${weather}: ${non2xx} refused, ${errors} errors`);
    return { throughput: requests.total / duration, p99: latency.p99 };
  });
  return { ...done, ...(flood && { flood }) };
}

/** Times look-ups in the app while others guess passwords, or nobody does. */
export async function probe(weather: Weather, folder: string): Promise<Probe[]> {
  const { done } = await underFlood('kapacitor-auth', weather, folder, async (url, begin) => {
    const look = async () => (await (await fetch(`${url}/probe`)).json()) as Probe;
    for (let index = 0; index < PROBES; index += 1) await look();
    await begin();
    const seen: Probe[] = [];
    for (let index = 0; index < PROBES; index += 1) {
      await setTimeout(PROBE_EVERY);
      seen.push(await look());
    }
    return seen;
  });
  return done;
}
