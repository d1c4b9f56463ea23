import type { StoredSecret } from '../../users/secret.js';
import type { StoredUser } from '../../users/user.js';
import type { KnownSecret, KnownUsers } from './known-users.js';
import type { Subject } from './reader.js';
import { type SecretStatements, toFoundSecret } from './secret-statements.js';
import { type Statements, toFoundUser } from './statements.js';

/** Milliseconds. A secret in memory is read again after this, for the latest recorded use. */
const READ_SECRET_EVERY = 60_000;

/** Users, by their names. */
export function userSubject(known: KnownUsers, statements: Statements): Subject<StoredUser> {
  return {
    userOf: (name) => known.get(name),
    inMemory: ({ user }) => user,
    trustedUntil: ({ trustedUntil }) => trustedUntil,
    statement: (name) => statements.find(name),
    found(row) {
      const found = toFoundUser(row);
      return { value: found.user, remember: (askedAt, isTrusted) => known.learn(found, askedAt, isTrusted) };
    },
    forget: (name) => known.forget(name),
  };
}

/** Secrets, by their digests. One in memory is as current as its owner. */
export function secretSubject(known: KnownUsers, statements: SecretStatements): Subject<StoredSecret> {
  const inMemory = (digest: string) => known.getSecret(digest) as KnownSecret;
  return {
    userOf: (digest) => known.getSecret(digest)?.owner,
    inMemory: (_owner, digest) => inMemory(digest).secret,
    trustedUntil: ({ trustedUntil }, digest) => Math.min(trustedUntil, inMemory(digest).askedAt + READ_SECRET_EVERY),
    statement: (digest) => statements.find(digest),
    found(row) {
      const found = toFoundSecret(row);
      return { value: found.secret, remember: (askedAt, isTrusted) => known.learnSecret(found, askedAt, isTrusted) };
    },
    forget: (digest) => known.forgetSecret(digest),
  };
}
