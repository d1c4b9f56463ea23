import { StoreError } from '../errors.js';
import type { UserRepository } from '../users/repository.js';

function refuse(): never {
  throw new StoreError('there are no users: [auth] enabled is false');
}

/** Stands where users would be while `[auth] enabled` is false: whoever looks for one is told so. */
export const noUsers: UserRepository = { find: refuse, list: refuse, insert: refuse, replace: refuse, remove: refuse };
