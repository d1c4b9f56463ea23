import type { StoredSecret } from '../../users/secret.js';
import type { StoredUser } from '../../users/user.js';
import type { KnownUsers } from './known-users.js';
import type { Subject } from './reader.js';
import { type SecretStatements, toFoundSecret } from './secret-statements.js';
import { type Statements, toFoundUser } from './statements.js';

/** Users, by their names. */
export function userSubject(known: KnownUsers, statements: Statements): Subject<StoredUser> {
  return {
    userOf: (name) => known.get(name),
    inMemory: ({ user }) => user,
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
  return {
    userOf: (digest) => known.getSecret(digest)?.owner,
    inMemory: (_owner, digest) => known.getSecret(digest)?.secret as StoredSecret,
    statement: (digest) => statements.find(digest),
    found(row) {
      const found = toFoundSecret(row);
      return { value: found.secret, remember: (askedAt, isTrusted) => known.learnSecret(found, askedAt, isTrusted) };
    },
    forget: (digest) => known.forgetSecret(digest),
  };
}
