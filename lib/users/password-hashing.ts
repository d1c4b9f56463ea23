import PQueue from 'p-queue';
import type { PasswordVerification } from './duty-to-change.js';

/** Makes bcrypt hashes. */
export interface PasswordHashing extends PasswordVerification {
  /** @param options.isPatient false: rejects when the hash has to wait for too long */
  hash(password: string, options?: { isPatient?: boolean }): Promise<string>;
  /** @throws {OverloadedError} a password could not be hashed now. A hasher without it always has room */
  requireRoom?(): void;
}

/** Hashes one password at a time. The others do not take places in the queue, where logins wait. */
export function oneAtATime(hasher: PasswordHashing): PasswordHashing {
  const turns = new PQueue({ concurrency: 1 });
  return {
    hash: (password, options) => turns.add(() => hasher.hash(password, options)),
    verify: (passwords, hash, options) => turns.add(() => hasher.verify(passwords, hash, options)),
    canVerify: (hash) => hasher.canVerify(hash),
  };
}
