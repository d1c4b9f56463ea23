import { isPlainObject } from '../argument-checks.js';
import type { ApiClient } from './api-client.js';
import { UnreachableError } from './cli-error.js';

/**
 * Asks a server for the last events of its audit log, the newest first.
 *
 * @throws {RefusedError} the server keeps no audit log, or the user who asks is not an admin
 * @throws {UnreachableError} there is no answer, or the server does not tell events, such as a real Kapacitor
 */
export async function readRemoteEvents(client: ApiClient, limit: number): Promise<readonly object[]> {
  const { body } = await client.send('GET', `/audit?limit=${limit}`);
  const events: unknown = body?.events;
  if (Array.isArray(events) && events.every(isPlainObject)) return events;
  throw new UnreachableError(
    'the server does not answer with events. A real Kapacitor has none to show, and neither has an older version',
  );
}
