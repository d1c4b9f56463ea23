/**
 * A process that shares an LMDB folder: told by messages, it answers with what the repository answered. Run with the
 * folder as its argument; with a name and a revision besides, it gives the user this revision and ends.
 */
import { randomUUID } from 'node:crypto';
import { LmdbUserRepository } from '../../lib/users/repositories/lmdb.js';
import type { StoredUser } from '../../lib/users/user.js';

export type Question =
  | { readonly do: 'find'; readonly name: string }
  | { readonly do: 'replace'; readonly user: StoredUser; readonly expectedRevision: string }
  | { readonly do: 'remove'; readonly name: string }
  | { readonly do: 'insertMany'; readonly users: readonly StoredUser[] }
  /** In another folder. */
  | { readonly do: 'insertFirstAdmin'; readonly folder: string; readonly user: StoredUser }
  /** Hands the role of the only admin on from one to the next, until the process is killed; each round is sent. */
  | { readonly do: 'hand on'; readonly names: readonly string[] }
  /** Creates users until the process is killed; each name is sent when it has been answered. */
  | { readonly do: 'storm'; readonly prefix: string };

const repository = new LmdbUserRepository(process.argv[2] as string);
const send = (message: unknown) => process.send?.(message);

async function storm(prefix: string): Promise<void> {
  const hash = `$2b$10$${'.'.repeat(53)}`;
  await Promise.all(
    Array.from({ length: 20 }, async (_, lane) => {
      for (let index = 0; ; index += 1) {
        const name = `${prefix}-${lane}-${index}`;
        await repository.insert({ name, type: 'normal', permissions: [], enabled: true, hash, revision: name });
        send({ created: name });
      }
    }),
  );
}

async function insertFirstAdmin(folder: string, user: StoredUser): Promise<unknown> {
  const other = new LmdbUserRepository(folder);
  const outcome = await other.insertFirstAdmin(user);
  await other.close();
  return outcome;
}

async function handOn(names: readonly string[]): Promise<void> {
  const become = async (name: string, type: StoredUser['type']) => {
    const user = repository.find(name) as StoredUser;
    await repository.replace({ ...user, type, revision: randomUUID() }, user.revision);
  };
  for (let round = 0; ; round += 1) {
    const [from, to] = [round, round + 1].map((index) => names[index % names.length] as string);
    await become(to as string, 'admin');
    await become(from as string, 'normal');
    send({ round });
  }
}

process.on('message', async (question: Question) => {
  if (question.do === 'find') send({ answer: repository.find(question.name) ?? null });
  else if (question.do === 'replace')
    send({ answer: await repository.replace(question.user, question.expectedRevision) });
  else if (question.do === 'remove') send({ answer: await repository.remove(question.name) });
  else if (question.do === 'insertMany') send({ answer: await repository.insertMany(question.users) });
  else if (question.do === 'insertFirstAdmin') send({ answer: await insertFirstAdmin(question.folder, question.user) });
  else if (question.do === 'hand on') await handOn(question.names);
  else await storm(question.prefix);
});

const [, , , changed, revision] = process.argv;
if (changed === undefined) {
  send('ready');
} else {
  const user = repository.find(changed) as StoredUser;
  await repository.replace({ ...user, revision: revision as string }, user.revision);
  await repository.close();
}
