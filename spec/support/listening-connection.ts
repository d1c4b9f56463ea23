import { expect } from 'vitest';
import { psql } from './postgres-repository.js';

/**
 * Ends, from the server's side, the connection on which an application listens. That is the one that looks at the table
 * all the time: others may have done so before it was there.
 */
export async function cutListening(url: string, applicationName: string): Promise<void> {
  const ended = await psql(
    url,
    `SELECT pg_terminate_backend(pid) AS is_ended FROM (
      SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query LIKE '%unnest%'
      ORDER BY query_start DESC LIMIT 1) AS listening`,
    [applicationName],
  );
  expect(ended).toEqual([{ is_ended: true }]);
}
