/**
 * A process that shares users and their secrets in PostgreSQL: run with the store's URL, it says `ready` when it is open,
 * and then does what messages tell it.
 */
import { randomUUID } from 'node:crypto';
import { PostgresUserRepository } from '../../lib/stores/postgres/postgres-repository.js';
import type { StoredSecret } from '../../lib/users/secret.js';
import { keyOf, sessionOf } from './stored-secret.js';
import { userNamed } from './stored-user.js';

export type SecretsQuestion =
  /** Answered with the unexpected errors. */
  | { readonly do: 'storm'; readonly owners: readonly string[]; readonly deeds: number }
  /** Inserts keys, and removes every second one, until the process is killed; each answered deed is sent: {@link Deed}. */
  | { readonly do: 'change'; readonly owner: string; readonly prefix: string }
  /** Answered with {@link Sight}. */
  | { readonly do: 'find'; readonly digest: string };

export interface Deed {
  readonly deed: 'inserted' | 'removed';
  readonly key: StoredSecret;
}

export interface Sight {
  readonly digest: string;
  readonly isThere: boolean;
}

const repository = new PostgresUserRepository(process.argv[2] as string);
const { secrets } = repository;
const send = (message: unknown) => process.send?.(message);

function pick<T>(...from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}

/** Does one of the things that happen to users and their secrets. */
async function act(owners: readonly string[]): Promise<void> {
  const owner = pick(...owners);
  const listed = async () => [...(await secrets.list(owner, 'key')), ...(await secrets.list(owner, 'session'))];
  const revision = async () => (await repository.find(owner))?.revision ?? 'none';
  const user = () => userNamed(owner, { revision: randomUUID(), hash: randomUUID(), enabled: pick(true, false) });
  const name = randomUUID();
  const expires = pick(undefined, Date.now(), Date.now() + 60_000);
  const secret = pick(keyOf(owner, name, { expires }), { ...sessionOf(owner), digest: name, id: name, expires });
  const deeds: readonly (() => unknown)[] = [
    async () => secrets.insert(secret, await revision(), 10),
    async () => secrets.insert(secret, await revision(), 10),
    async () => secrets.insert(secret, await revision(), 10),
    async () => secrets.remove(owner, secret.kind, (await secrets.list(owner, secret.kind))[0]?.id ?? ''),
    () => secrets.removeAll(owner, secret.kind),
    () => secrets.removeExpired(Date.now()),
    async () => repository.replace(user(), await revision()),
    () => repository.remove(owner),
    () => repository.insert(user()),
    async () => {
      const uses = (await listed()).map(({ digest }) => ({ digest, lastUsed: Date.now() + 120_000 * Math.random() }));
      await secrets.recordUses(uses.map(({ digest, lastUsed }) => ({ digest, lastUsed: Math.floor(lastUsed) })));
    },
  ];
  await pick(...deeds)();
}

async function storm(owners: readonly string[], deeds: number): Promise<string[]> {
  const errors: string[] = [];
  const lane = async () => {
    for (let count = 0; count < deeds; count += 1) {
      await act(owners).catch((error: Error) => errors.push(String(error)));
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  return errors;
}

async function change(owner: string, prefix: string): Promise<void> {
  for (let number = 0; ; number += 1) {
    const key = keyOf(owner, `${prefix} ${number}`);
    await secrets.insert(key, '1', Number.MAX_SAFE_INTEGER);
    send({ deed: 'inserted', key } satisfies Deed);
    if (number % 2 === 0) continue;
    await secrets.remove(owner, 'key', key.id);
    send({ deed: 'removed', key } satisfies Deed);
  }
}

process.on('message', async (question: SecretsQuestion) => {
  if (question.do === 'storm') send(await storm(question.owners, question.deeds));
  else if (question.do === 'change') await change(question.owner, question.prefix);
  else {
    const { digest } = question;
    send({ digest, isThere: (await secrets.find(digest)) !== undefined } satisfies Sight);
  }
});

void repository.open().then(() => send('ready'));
