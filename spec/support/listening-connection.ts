import { expect } from 'vitest';
import { psql } from './postgres-repository.js';

/** Ends, from the server's side, the connection on which an application listens: that is the one with a shared lock. */
export async function cutListening(url: string, applicationName: string): Promise<void> {
  const endListening = () =>
    psql(
      url,
      `SELECT pg_terminate_backend(pid) AS is_ended FROM pg_stat_activity JOIN pg_locks USING (pid)
        WHERE application_name = $1 AND locktype = 'advisory' AND mode = 'ShareLock'`,
      [applicationName],
    );
  await expect.poll(endListening, { timeout: 5_000, interval: 10 }).toEqual([{ is_ended: true }]);
}
