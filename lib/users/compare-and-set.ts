import type { MaybePromise } from '../promises.js';
import { repeatConflicts } from './conflicts.js';
import type { UserRepository } from './repository.js';
import type { StoredUser } from './user.js';

/** A user before and after a change. Both are the same object if there was nothing to change. */
export interface Replacement<Before = StoredUser> {
  readonly before: Before;
  readonly after: StoredUser;
}

/**
 * Changes a user with a compare-and-set: reads the user, asks for its successor, and stores the successor unless the user
 * changed in between. After a conflict it begins again.
 *
 * @param next returns the user before and after the change. If both are the same object, nothing is stored. An error that it
 *   throws ends the change
 * @returns `last-admin` if no admin who can log in would be left; nothing was changed then
 * @throws {StoreError} the store is unavailable, or 100 other changes of the user came between
 */
export function compareAndSet<Before extends StoredUser | undefined>(
  repository: Pick<UserRepository, 'find' | 'insert' | 'replace'>,
  name: string,
  next: (before: StoredUser | undefined) => MaybePromise<Replacement<Before>>,
): Promise<Replacement<Before> | 'last-admin'> {
  return repeatConflicts(name, 'for this change', async () => {
    const replacement = await next(await repository.find(name));
    const { before, after } = replacement;
    if (before === after) return replacement;
    if (before === undefined) return (await repository.insert(after)) ? replacement : 'conflict';
    const outcome = await repository.replace(after, before.revision);
    return outcome === 'replaced' ? replacement : outcome;
  });
}
