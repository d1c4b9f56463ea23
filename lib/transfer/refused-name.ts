import { withoutHashes } from '../safe-text.js';
import { checkUserName } from '../users/user-name.js';
import type { RefusedUser } from './user-file.js';

/** A user who is left out. In a file with its columns swapped the hash stands where the name should. */
export function refused(name: string, refusal: string): RefusedUser {
  return { name: withoutHashes(name), refusal: withoutHashes(refusal) };
}

/** Why nobody may have this name, or undefined. */
export function refusalOf(name: string): string | undefined {
  try {
    checkUserName(name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
