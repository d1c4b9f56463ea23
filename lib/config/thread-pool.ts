import { availableParallelism } from 'node:os';
import type { Environment } from './environment.js';

/** libuv's, unless the environment says another number. */
const DEFAULT_SIZE = 4;
const MAX_SIZE = 1_024;

/** How many threads there are for bcrypt, files and DNS look-ups together: https://docs.libuv.org/en/v1.x/threadpool.html */
export function threadPoolSize(environment: Environment): number {
  const text = environment['UV_THREADPOOL_SIZE'];
  if (text === undefined) return DEFAULT_SIZE;
  return Math.min(MAX_SIZE, Math.max(1, Number.parseInt(text, 10) || 0));
}

/** How many passwords may be hashed at once: one thread at least is left to the rest of the app, if there are two. */
export function mostHashingThreads(environment: Environment): number {
  return Math.max(1, threadPoolSize(environment) - 1);
}

/** How many are hashed at once if nobody says otherwise: a core is left as well. */
export function defaultHashingThreads(environment: Environment): number {
  return Math.max(1, Math.min(mostHashingThreads(environment), availableParallelism() - 1));
}
