import type { MaybePromise } from '../promises.js';
import type { StoredUser } from './user.js';

/** Runs right before a user is stored, after its password has been hashed. An error that it throws ends the operation. */
export type Confirm = () => MaybePromise<void>;

/** The same for a change or a deletion. It gets the user as it is. */
export type ConfirmChange = (current: StoredUser) => MaybePromise<void>;
