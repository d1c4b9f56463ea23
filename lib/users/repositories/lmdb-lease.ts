import { setTimeout } from 'node:timers/promises';
import { now } from '../../clock.js';
import type { StoredUser } from '../user.js';

/**
 * Milliseconds. A user that was read is taken to be the same for this time without a look at the store, and a change
 * of a user is answered when this time has passed since it was made. So a request that comes after the answer finds
 * every lease on the old user ended: the clock that both are measured by is the machine's, and does not go back.
 * (Leases: Gray and Cheriton, 1989.)
 */
export const LEASE = 10;
export const MAX_LEASES = 10_000;

/** A user in memory who need not be read again for now. */
export interface Lease {
  readonly json: string;
  readonly user: StoredUser;
  /** Of {@link now}. */
  readonly expires: number;
}

/** Waits until every lease that there is now has ended, in whichever process. */
export async function untilLeasesEnd(): Promise<void> {
  const end = now() + LEASE;
  for (let time = now(); time < end; time = now()) await setTimeout(Math.ceil(end - time));
}
