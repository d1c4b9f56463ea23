import { execFileSync } from 'node:child_process';
import { LmdbUserRepository } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { ask, kill, NODE_OPTIONS, pathOf, startProcess } from '../../support/child-process.js';
import type { Question } from '../../support/lmdb-process.js';
import { openRepository } from '../../support/lmdb-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Another process on the same folder. */
async function startOn(folder: string) {
  const child = await startProcess('./lmdb-process.ts', [folder]);
  const asking = async (question: Question) => ((await ask(child, question)) as { answer: unknown }).answer;
  return { child, ask: asking };
}

describe('two repositories on one folder in one process', () => {
  it('see each other’s changes when these are answered', async () => {
    const folder = temporaryFolder();
    const [one, two] = [openRepository(folder), openRepository(folder)];
    await one.insert(userNamed('someone'));
    for (let revision = 1; revision <= 20; revision += 1) {
      expect(two.find('someone')?.revision).toBe(String(revision));
      await one.replace(userNamed('someone', { revision: String(revision + 1) }), String(revision));
    }
    await one.remove('someone');
    expect(two.find('someone')).toBeUndefined();
  });
});

describe('two processes on one folder', () => {
  it('see each other’s changes at the very next question', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const { ask } = await startOn(folder);
    await repository.insert(userNamed('someone', { permissions: ['api'] }));
    for (let revision = 1; revision <= 50; revision += 1) {
      // Both hold the user in memory, and one of them changes it.
      const before = { revision: String(revision) };
      const user = userNamed('someone', { revision: String(revision + 1), permissions: revision % 2 ? [] : ['api'] });
      expect(await ask({ do: 'find', name: 'someone' })).toMatchObject(before);
      expect(repository.find('someone')).toMatchObject(before);
      if (revision % 2) expect(await repository.replace(user, before.revision)).toBe('replaced');
      else expect(await ask({ do: 'replace', user, expectedRevision: before.revision })).toBe('replaced');
      expect(repository.find('someone')).toEqual(user);
      expect(await ask({ do: 'find', name: 'someone' })).toEqual(user);
    }
    await ask({ do: 'find', name: 'someone' });
    await repository.remove('someone');
    expect(await ask({ do: 'find', name: 'someone' })).toBeNull();
  });

  it('see each other’s changes even within one turn of the event loop', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    await repository.insert(userNamed('someone'));
    await repository.insert(userNamed('other'));
    // Reads, and has LMDB keep a snapshot for the turn.
    expect(repository.find('other')?.revision).toBe('1');
    execFileSync(process.execPath, [...NODE_OPTIONS, pathOf('./lmdb-process.ts'), folder, 'someone', '2']);
    expect(repository.find('someone')?.revision).toBe('2');
  });

  it('do not take a user for the removed one of the same name', async () => {
    const folder = temporaryFolder();
    const [one, two, three] = [openRepository(folder), openRepository(folder), openRepository(folder)];
    await one.insert(userNamed('other', { type: 'admin' }));
    for (let round = 0; round < 10; round += 1) {
      await one.insert(userNamed('someone', { type: 'admin', revision: 'old' }));
      two.find('someone');
      // Not awaited: whoever inserts has only seen that the name is free.
      const removal = one.remove('someone');
      while (!(await three.insert(userNamed('someone', { revision: 'new' }))));
      expect(two.find('someone')?.revision).toBe('new');
      await removal;
      await one.remove('someone');
    }
  });

  it('leave one of the last two admins when each demotes another', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const { ask } = await startOn(folder);
    for (let round = 0; round < 10; round += 1) {
      const [one, two] = [`one${round}`, `two${round}`];
      const admin = { type: 'admin' as const };
      await repository.insert(userNamed(one, admin));
      await repository.insert(userNamed(two, admin));
      if (round > 0) await removeAdmins(repository, [one, two]);
      const outcomes = await Promise.all([
        repository.replace(userNamed(one, { revision: '2' }), '1'),
        ask({ do: 'replace', user: userNamed(two, { revision: '2' }), expectedRevision: '1' }),
      ]);
      expect(outcomes.toSorted()).toEqual(['last-admin', 'replaced']);
    }
  });

  it('grow the database beyond what it was when the other opened it', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(folder);
    const { ask } = await startOn(folder);
    await ask({ do: 'find', name: 'x' });
    await Promise.all(Array.from({ length: 20_000 }, (_, index) => repository.insert(userNamed(`user${index}`))));
    expect(await ask({ do: 'find', name: 'user19999' })).toMatchObject({ name: 'user19999' });
  });
});

/** Takes away every admin but these. */
async function removeAdmins(repository: LmdbUserRepository, but: string[]): Promise<void> {
  const users = await repository.list({ pattern: new NamePattern(''), after: undefined, offset: 0, limit: 100 });
  for (const { name, type } of users) if (type === 'admin' && !but.includes(name)) await repository.remove(name);
}

describe('kill -9', () => {
  it('in the middle of a storm of creations loses no user whose creation was answered', {
    timeout: 120_000,
  }, async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 20; round += 1) {
      const { child } = await startOn(folder);
      const created: string[] = [];
      const enough = new Promise<void>((resolve) => {
        child.on('message', (message: { created: string }) => {
          created.push(message.created);
          if (created.length === 40 + 7 * round) resolve();
        });
      });
      child.send({ do: 'storm', prefix: `round${round}` } satisfies Question);
      await enough;
      await kill(child);
      const repository = new LmdbUserRepository(folder);
      for (const name of created) expect(repository.find(name)?.name).toBe(name);
      await repository.close();
    }
  });
});
