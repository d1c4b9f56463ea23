/**
 * A process that shares an LMDB folder: told by messages, it answers with what the repository answered. Run with the
 * folder as its argument; with a name and a revision besides, it gives the user this revision and ends.
 */
import { LmdbUserRepository } from '../../lib/users/repositories/lmdb.js';
import type { StoredUser } from '../../lib/users/user.js';

export type Question =
  | { readonly do: 'find'; readonly name: string }
  | { readonly do: 'replace'; readonly user: StoredUser; readonly expectedRevision: string }
  | { readonly do: 'remove'; readonly name: string }
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

process.on('message', async (question: Question) => {
  if (question.do === 'find') send({ answer: repository.find(question.name) ?? null });
  else if (question.do === 'replace')
    send({ answer: await repository.replace(question.user, question.expectedRevision) });
  else if (question.do === 'remove') send({ answer: await repository.remove(question.name) });
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
