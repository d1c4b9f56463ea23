import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { UserRepository } from '../../users/repository.js';
import type { InsertSecretOutcome, StoredSecret } from '../../users/secret.js';
import type { StoredUser } from '../../users/user.js';
import { type Suite, userNamed } from './suite.js';

/** A repository that keeps secrets, and has this optional method. */
export type SecretStore<Method extends keyof UserRepository = 'secrets'> = UserRepository &
  Required<Pick<UserRepository, 'secrets' | Method>>;

/**
 * Tests the secrets if the repository keeps any, and has the optional method. The user `someone` is there, and is no admin.
 */
export function testSecrets<Method extends keyof UserRepository = 'secrets'>(
  { test }: Suite,
  method?: Method,
): (title: string, run: (store: SecretStore<Method>) => Promise<void>) => void {
  return (title, run) =>
    test(title, async (repository) => {
      if (repository.secrets === undefined || repository[method ?? 'secrets'] === undefined) return;
      await repository.insert(OWNER);
      await run(repository as SecretStore<Method>);
    });
}

export const OWNER: StoredUser = userNamed('someone');
/** Milliseconds since 1970. */
export const NOON = 1_800_000_000_000;
export const MINUTE = 60_000;
/** More than any test inserts. */
const MANY = 1_000;

/** The SHA-256 of a text. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** A key of `someone`. Its digest and its id follow from its owner and its name. */
export function key(name: string, changes: Partial<StoredSecret> = {}): StoredSecret {
  const owner = changes.owner ?? OWNER.name;
  const text = `key ${name} of ${owner}`;
  return {
    ...{ digest: digestOf(text), kind: 'key', id: digestOf(`id of ${text}`).slice(0, 16), owner, name },
    ...{ permissions: undefined, created: NOON, expires: undefined, lastUsed: undefined },
    ...changes,
  };
}

/** A session of `someone`. Its digest follows from its owner and its id. */
export function session(id: string, changes: Partial<StoredSecret> = {}): StoredSecret {
  const owner = changes.owner ?? OWNER.name;
  const digest = digestOf(`session ${id} of ${owner}`);
  return { ...key(''), digest, kind: 'session', id, owner, name: undefined, ...changes };
}

/** Inserts a secret whose owner has the revision that `userNamed` gives. */
export async function insert(
  { secrets }: SecretStore,
  secret: StoredSecret,
  limit: number = MANY,
): Promise<InsertSecretOutcome> {
  return secrets.insert(secret, `first of ${secret.owner}`, limit);
}

/** Inserts secrets, and asserts that none is refused. */
export async function insertSecrets(
  store: SecretStore,
  secrets: readonly StoredSecret[],
  limit: number = MANY,
): Promise<void> {
  const outcomes = await Promise.all(secrets.map((secret) => insert(store, secret, limit)));
  assert.deepEqual(new Set(outcomes), new Set(secrets.length > 0 ? ['inserted'] : []));
}

/** Asserts that the user has these secrets and no others, in this order, and that each is found. */
export async function assertSecrets(
  { secrets }: SecretStore,
  expected: readonly StoredSecret[],
  owner: string = OWNER.name,
): Promise<void> {
  const listed = [...(await secrets.list(owner, 'key')), ...(await secrets.list(owner, 'session'))];
  assert.deepEqual(listed, expected);
  for (const secret of expected) assert.deepEqual(await secrets.find(secret.digest), secret);
}

/** Asserts that none of these secrets is found. */
export async function assertGone({ secrets }: SecretStore, gone: readonly StoredSecret[]): Promise<void> {
  for (const { digest } of gone) assert.equal(await secrets.find(digest), undefined);
}
