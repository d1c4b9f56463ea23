import { StoreError } from '../errors.js';
import { quoteText } from '../safe-text.js';

/** Each conflict means that another change of the same user went through. */
const MAX_CONFLICTS = 100;

/**
 * Repeats a change that depends on the revision of a user until no other change of the user comes between.
 *
 * @param purpose the end of the message, such as `for this change`
 * @param attempt reads the user, and changes it or its secrets. An error that it throws ends the change
 * @throws {StoreError} 100 other changes of the user came between
 */
export async function repeatConflicts<Outcome>(
  name: string,
  purpose: string,
  attempt: () => Promise<Outcome | 'conflict'>,
): Promise<Outcome> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const outcome = await attempt();
    if (outcome !== 'conflict') return outcome;
  }
  throw new StoreError(`the user ${quoteText(name)} changes too often ${purpose}: try again later`);
}
