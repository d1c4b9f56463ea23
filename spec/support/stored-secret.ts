import { createHash } from 'node:crypto';
import type { StoredSecret } from '../../lib/users/secret.js';

/** A moment, as secrets have it. */
export const NOON = 1_800_000_000_000;

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** A key. Its digest and its id follow from its owner and its name. */
export function keyOf(owner: string, name = 'key', changes: Partial<StoredSecret> = {}): StoredSecret {
  return {
    ...{ digest: digestOf(`${owner} ${name}`), kind: 'key', id: `${owner}-${name}`, owner, name },
    ...{ permissions: undefined, created: NOON, expires: undefined, lastUsed: undefined },
    ...changes,
  };
}

/** A session. Its digest and its id follow from its owner and its number. */
export function sessionOf(owner: string, number = 1, changes: Partial<StoredSecret> = {}): StoredSecret {
  return { ...keyOf(owner, `session ${number}`), kind: 'session', name: undefined, ...changes };
}
