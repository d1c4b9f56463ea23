import type { Ask } from './driver.js';

/** What PostgreSQL calls it when a standby is asked for what is the primary server's to do, such as LISTEN. */
const READ_ONLY = '25006';

/** Whether the server has refused because it is a standby. */
export function isOfStandby(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === READ_ONLY;
}

/** @throws an error as PostgreSQL's own if the server is a standby: it answers, and what it answers may be old */
export async function expectPrimary(ask: Ask): Promise<void> {
  const { rows } = await ask({ text: 'SELECT pg_is_in_recovery()::text AS is_standby' });
  if (rows[0]?.['is_standby'] !== 'true') return;
  throw Object.assign(new Error('the server has become a standby'), { code: READ_ONLY });
}
