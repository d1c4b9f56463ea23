import { randomBytes, randomInt } from 'node:crypto';
import autocannon from 'autocannon';
import { VICTIM } from './apps.js';
import { basicCredentials } from './client.js';

/** A kind of attack. */
export type FloodName = 'at one user' | 'at random users' | 'at random users, from random addresses';

/** The result of a flood. */
export interface FloodResult {
  readonly answers: number;
  /** The number of answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Connections that broke, and requests that got no answer within five seconds. */
  readonly errors: number;
  /** Milliseconds. */
  readonly slowest: number;
}

const CONNECTIONS = 64;

const random = () => randomBytes(12).toString('hex');
const address = () => Array.from({ length: 4 }, () => randomInt(1, 255)).join('.');

const HEADERS: Record<FloodName, () => Record<string, string>> = {
  'at one user': () => ({ authorization: basicCredentials(VICTIM.name, random()) }),
  'at random users': () => ({ authorization: basicCredentials(random(), random()) }),
  'at random users, from random addresses': () => ({
    authorization: basicCredentials(random(), random()),
    'x-forwarded-for': address(),
  }),
};

/** Floods an app on a port until it gets a message, and sends the result: `flood-process.ts PORT NAME`. */
const [, , port, name] = process.argv;
const headers = HEADERS[name as FloodName];
const flood = autocannon(
  {
    url: `http://127.0.0.1:${port}/kapacitor/v1/tasks`,
    connections: CONNECTIONS,
    duration: 3_600,
    timeout: 5,
    requests: [{ setupRequest: (request) => ({ ...request, headers: headers() }) }],
  },
  (error, result) => {
    const { requests, errors, latency, statusCodeStats } = result;
    const statuses = Object.fromEntries(
      Object.entries(statusCodeStats ?? {}).map(([code, { count }]) => [code, count]),
    );
    process.send?.({
      answers: requests.total,
      statuses,
      errors: error ? 1 : errors,
      slowest: latency.max,
    } as FloodResult);
  },
);
process.on('message', () => (flood as { stop?: () => void }).stop?.());
process.on('disconnect', () => process.exit());
process.send?.('flooding');
