import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { storeOfFormat1, storeOfFormat2 } from '../../support/sqlite-formats.js';
import { openRepository, storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { digestOf, keyOf, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** The inodes of files that processes have locks on. SQLite from 3.51 on bears it that they are lost, earlier ones do not. */
function lockedFiles(): number[] {
  return [...readFileSync('/proc/locks', 'utf8').matchAll(/:(\d+) \d+ \w+$/gm)].map(([, inode]) => Number(inode));
}

describe('two repositories on one file in one process', () => {
  it('see each other’s answered changes', async () => {
    const file = storeFile();
    const [one, two] = [openRepository(file), openRepository(file)];
    await one.insert(userNamed('someone'));
    for (let revision = 1; revision <= 20; revision += 1) {
      expect(two.find('someone')).toMatchObject({ revision: String(revision) });
      await one.replace(userNamed('someone', { revision: String(revision + 1) }), String(revision));
    }
    await one.remove('someone');
    expect(two.find('someone')).toBeUndefined();
  });

  it('distinguish a user from a removed one of the same name', async () => {
    const file = storeFile();
    const [one, two, three] = [openRepository(file), openRepository(file), openRepository(file)];
    await one.insert(userNamed('other', { type: 'admin' }));
    for (let round = 0; round < 10; round += 1) {
      await one.insert(userNamed('someone', { type: 'admin', revision: 'old' }));
      two.find('someone');
      // Not awaited: whoever inserts has only seen that the name is free.
      const removal = one.remove('someone');
      while (!(await three.insert(userNamed('someone', { revision: 'new' }))));
      expect(two.find('someone')).toMatchObject({ revision: 'new' });
      await removal;
      await one.remove('someone');
    }
  });
});

describe('a store that one thread of a process has open, while another one opens and closes it', () => {
  it('stays locked, so no other process removes its log', async () => {
    const file = storeFile();
    const process = await StoreProcess.start(storeFile());
    await process.ask('openInThread', file);
    expect(lockedFiles()).toContain(statSync(file).ino);
    await process.ask('openAndClose', file);
    expect(lockedFiles()).toContain(statSync(file).ino);
  });
});

describe('a process that loads something before the app', () => {
  it("does not load it in the writer's thread, where it may not run", async () => {
    const preload = join(temporaryFolder(), 'preload.cjs');
    writeFileSync(preload, "if (!require('node:worker_threads').isMainThread) throw new Error('not in a thread');");
    const env = { NODE_OPTIONS: `--require ${preload}` };
    const process = await StoreProcess.start(storeFile(), { env });
    expect(await process.ask('insert', userNamed('someone'))).toBe(true);
  });
});

describe('two processes on one file', () => {
  it('see each of 1,000 changes at the very next question', { timeout: 120_000 }, async () => {
    const file = storeFile();
    const [one, two] = await Promise.all([StoreProcess.start(file), StoreProcess.start(file)]);
    await one.ask('insert', userNamed('someone'));
    let stale = 0;
    for (let revision = 1; revision <= 1_000; revision += 1) {
      // Both hold the user in memory, and one of them changes it.
      const [writer, reader] = revision % 2 ? [one, two] : [two, one];
      expect(await reader.ask('find', 'someone')).toMatchObject({ revision: String(revision) });
      const user = userNamed('someone', { revision: String(revision + 1), permissions: revision % 3 ? [] : ['api'] });
      expect(await writer.ask('replace', user, String(revision))).toBe('replaced');
      const [here, there] = await Promise.all([writer.ask('find', 'someone'), reader.ask('find', 'someone')]);
      if (here?.revision !== user.revision || there?.revision !== user.revision) stale += 1;
    }
    expect(stale).toBe(0);
    await one.ask('remove', 'someone');
    expect(await two.ask('find', 'someone')).toBeUndefined();
  });

  it('refuse a key and a session at the very next question after it ended in the other one', {
    timeout: 60_000,
  }, async () => {
    const file = storeFile();
    const [one, two] = await Promise.all([StoreProcess.start(file), StoreProcess.start(file)]);
    let user = userNamed('someone');
    let stale = 0;
    await one.ask('insert', user);
    for (let round = 1; round <= 200; round += 1) {
      const [writer, reader] = round % 2 ? [one, two] : [two, one];
      const secret = round % 4 > 1 ? keyOf('someone') : sessionOf('someone', round);
      expect(await writer.ask('insertSecret', secret, user.revision)).toBe('inserted');
      // Both hold the secret in memory, and one of them ends it.
      for (const process of [writer, reader]) expect(await process.ask('findSecret', secret.digest)).toEqual(secret);
      if (secret.kind === 'key') expect(await writer.ask('removeSecret', secret)).toBe(true);
      else {
        const changed = userNamed('someone', { hash: `hash ${round}`, revision: `after ${round}` });
        expect(await writer.ask('replace', changed, user.revision)).toBe('replaced');
        user = changed;
      }
      const left = await Promise.all([writer, reader].map((process) => process.ask('findSecret', secret.digest)));
      if (left.some((found) => found !== undefined)) stale += 1;
    }
    expect(stale).toBe(0);
    const key = keyOf('someone');
    await one.ask('insertSecret', key, user.revision);
    expect(await two.ask('findSecret', key.digest)).toEqual(key);
    await one.ask('remove', 'someone');
    await one.ask('insert', user);
    expect(await two.ask('findSecret', key.digest)).toBeUndefined();
  });

  it('make one of the keys for the last place, and one of those with the same name', async () => {
    const file = storeFile();
    const processes = await Promise.all([StoreProcess.start(file), StoreProcess.start(file)]);
    await processes[0].ask('insert', userNamed('someone'));
    const attempt = (names: readonly string[]) =>
      Promise.all(
        names.flatMap((name) =>
          processes.map((process, side) =>
            process.ask(
              'insertSecret',
              keyOf('someone', name, { digest: digestOf(`${name} ${side}`), id: `${name} ${side}` }),
              '1',
            ),
          ),
        ),
      );
    expect((await attempt(['twice'])).toSorted()).toEqual(['inserted', 'name-taken']);
    const names = Array.from({ length: 98 }, (_, index) => `${index}`);
    await Promise.all(names.map((name) => processes[0].ask('insertSecret', keyOf('someone', name), '1')));
    const last = await attempt(['a', 'b', 'c']);
    expect(last.filter((outcome) => outcome === 'inserted')).toHaveLength(1);
    expect(await processes[1].ask('listSecrets', 'someone', 'key')).toHaveLength(100);
  });

  it('see each other’s changes within one turn of the event loop', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    await repository.insert(userNamed('someone'));
    expect(repository.find('someone')).toMatchObject({ revision: '1' });
    const changed = spawnSync(process.execPath, [
      '--no-warnings',
      inject('programs')['store-program'] as string,
      file,
      'someone',
      '2',
    ]);
    expect(String(changed.stderr)).toBe('');
    expect(repository.find('someone')).toMatchObject({ revision: '2' });
  });

  it('keep one of the last two admins when each demotes the other', async () => {
    const file = storeFile();
    const [one, two] = await Promise.all([StoreProcess.start(file), StoreProcess.start(file)]);
    const admins = [userNamed('one', { type: 'admin' }), userNamed('two', { type: 'admin' })];
    for (let round = 0; round < 20; round += 1) {
      await one.ask('insertMany', admins);
      const outcomes = await Promise.all([
        one.ask('replace', userNamed('one', { revision: '2' }), '1'),
        two.ask('replace', userNamed('two', { revision: '2' }), '1'),
      ]);
      expect(outcomes.toSorted()).toEqual(['last-admin', 'replaced']);
      const [demoted, left] = outcomes[0] === 'replaced' ? ['one', 'two'] : ['two', 'one'];
      expect(await one.ask('remove', left)).toBe('last-admin');
      await one.ask('insert', userNamed('third', { type: 'admin' }));
      await Promise.all([one.ask('remove', demoted), two.ask('remove', left)]);
      await one.ask('insertMany', admins);
      await one.ask('remove', 'third');
    }
  });

  it('read users beyond the former size of the file', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    const other = await StoreProcess.start(file);
    expect(await other.ask('find', 'user19999')).toBeUndefined();
    await repository.insertMany(Array.from({ length: 20_000 }, (_, index) => userNamed(`user${index}`)));
    expect(await other.ask('find', 'user19999')).toEqual(userNamed('user19999'));
  });

  it('make concurrent changes, none of which is refused', async () => {
    const file = storeFile();
    const processes = await Promise.all(Array.from({ length: 3 }, () => StoreProcess.start(file)));
    const answers = await Promise.all(
      processes.flatMap((process, writer) =>
        Array.from({ length: 200 }, (_, index) => process.ask('insert', userNamed(`${writer}-${index}`))),
      ),
    );
    expect(answers).toEqual(Array(600).fill(true));
    for (const process of processes) expect(await process.ask('names')).toHaveLength(600);
  });
});

describe.each([
  ['a new store', () => join(temporaryFolder(), 'auth', 'users.db'), 0],
  ['a store of format 1', () => storeOfFormat1(5), 5],
  ['a store of format 2', () => storeOfFormat2(5), 5],
])('eight processes that open %s at once', (_what, makeFile, before) => {
  it('all open the same one, twenty times, and exactly one of them makes the first admin', {
    timeout: 120_000,
  }, async () => {
    const file = storeFile();
    const processes = await Promise.all(Array.from({ length: 8 }, () => StoreProcess.start(file)));
    for (let round = 0; round < 20; round += 1) {
      const store = makeFile();
      const at = Date.now() + 20;
      const answers = await Promise.all(
        processes.map((process, index) =>
          process.ask('openAtOnce', store, at, userNamed(`admin${index}`, { type: 'admin' })),
        ),
      );
      const outcomes = answers.map(({ outcome }) => outcome).toSorted();
      expect(outcomes).toEqual([...Array(7).fill('admin-exists'), 'inserted']);
      const seen = answers.map(({ names }) => names).toSorted((a, b) => a.length - b.length);
      expect(seen.at(-1)).toHaveLength(9 + before);
      for (const names of seen) for (const name of names) expect(seen.at(-1)).toContain(name);
    }
  });
});
