import { expect } from 'vitest';
import { psql } from './postgres-repository.js';

/**
 * Ends, from the server's side, the connection on which an application listens. That is the one that looks at the table
 * again and again: others may have done so once, while nobody listened yet.
 */
export async function cutListening(url: string, applicationName: string): Promise<void> {
  const [start] = await psql(url, 'SELECT clock_timestamp()::text AS time', []);
  const endListening = () =>
    psql(
      url,
      `SELECT pg_terminate_backend(pid) AS is_ended FROM (
        SELECT pid FROM pg_stat_activity
        WHERE application_name = $1 AND query LIKE '%unnest%' AND query_start > $2::timestamptz
        ORDER BY query_start DESC LIMIT 1) AS listening`,
      [applicationName, start?.['time']],
    );
  await expect.poll(endListening, { timeout: 5_000, interval: 10 }).toEqual([{ is_ended: true }]);
}
