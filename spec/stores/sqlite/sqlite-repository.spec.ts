import { kapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { appBehind } from '../../support/app-behind.js';
import { serve } from '../../support/server.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';

describe('a closed repository', () => {
  it('refuses every question, and can be closed again', async () => {
    const repository = openRepository(storeFile());
    await repository.close();
    await repository.close();
    expect(() => repository.find('someone')).toThrow(/is closed/);
    expect(() => repository.hasAdmin()).toThrow(/is closed/);
    await expect(repository.insert(userNamed('someone'))).rejects.toThrow(/is closed/);
    await expect(repository.replace(userNamed('someone'), '1')).rejects.toThrow(/is closed/);
    await expect(repository.remove('someone')).rejects.toThrow(/is closed/);
    await expect(repository.insertMany([userNamed('someone')])).rejects.toThrow(/is closed/);
    await expect(repository.insertFirstAdmin(userNamed('root', { type: 'admin' }))).rejects.toThrow(/is closed/);
    await expect(repository.snapshot().next()).rejects.toThrow(/is closed/);
    const everybody = { pattern: new NamePattern(''), after: undefined, offset: 0, limit: 1 };
    await expect(repository.list(everybody)).rejects.toThrow(/is closed/);
  });

  it('is down for an app that still uses it, and the answer does not name the file', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    const auth = kapacitorAuth({ auth: { store: repository } });
    onTestFinished(() => auth.close());
    await auth.ready;
    await repository.close();
    expect(auth.health().store).toMatchObject({ state: 'down', reason: 'the app has closed it' });
    const server = await serve(appBehind(auth));
    const { status, text } = await server.send({ path: '/', auth: 'someone:password' });
    expect(status).toBe(503);
    expect(text).toContain('the user store is closed');
    expect(text).not.toContain('users.db');
    const cause = expect.objectContaining({ message: `${file} is closed` });
    expect(() => repository.find('someone')).toThrow(expect.objectContaining({ cause }));
  });

  it('still makes earlier changes', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    const insertions = [repository.insert(userNamed('someone')), repository.insert(userNamed('other'))];
    await repository.close();
    expect(await Promise.all(insertions)).toEqual([true, true]);
    expect(openRepository(file).find('someone')).toEqual(userNamed('someone'));
    expect(openRepository(file).find('other')).toEqual(userNamed('other'));
  });
});

describe('an invalid change', () => {
  it.each([undefined, null, true, ['a'], () => {}])('fails alone, without the changes beside it: %s', async (hash) => {
    const repository = openRepository(storeFile());
    const first = repository.insert(userNamed('first'));
    const odd = repository.insert(userNamed('odd', { hash: hash as never }));
    const last = repository.insert(userNamed('last'));
    await expect(odd).rejects.toThrow(/^a field of a user or a secret is .*, which cannot be stored$/);
    expect(await Promise.all([first, last])).toEqual([true, true]);
    expect(repository.find('odd')).toBeUndefined();
  });
});

describe('a user in memory', () => {
  it('is the same object for as long as it is the same user', async () => {
    const repository = openRepository(storeFile());
    await repository.insert(userNamed('someone'));
    const first = repository.find('someone');
    expect(repository.find('someone')).toBe(first);
    // Something has changed, so the store is read, and has the same.
    await repository.insert(userNamed('other'));
    expect(repository.find('someone')).toBe(first);
    await repository.replace(userNamed('someone', { revision: '2' }), '1');
    expect(repository.find('someone')).toEqual(userNamed('someone', { revision: '2' }));
  });

  it('is one of at most 10,000', async () => {
    const repository = openRepository(storeFile());
    await repository.insertMany(Array.from({ length: 10_001 }, (_, index) => userNamed(`user${index}`)));
    const first = repository.find('user0');
    for (let index = 1; index <= 10_000; index += 1) {
      expect(repository.find(`user${index}`)).toMatchObject({ name: `user${index}` });
    }
    expect(repository.find('user0')).toEqual(first);
    expect(repository.find('user0')).not.toBe(first);
  });
});

describe('a name with a lone surrogate', () => {
  it('belongs to no user, and is not confused with a similar name', async () => {
    const repository = openRepository(storeFile());
    await repository.insert(userNamed('\ufffd'));
    expect(repository.find('\ud800')).toBeUndefined();
  });
});

describe('a change', () => {
  it('is on disk when it is answered: a commit waits for the write-ahead log', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    await repository.insert(userNamed('someone'));
    expect(connect(file).value('PRAGMA journal_mode')).toBe('wal');
    // 2 is FULL. SQLite of its own accord may leave it at 1, which loses answered changes with the power.
    expect(connect(file).value('PRAGMA synchronous')).toBe(2);
  });

  it('that breaks a rule of the table is refused, and the changes beside it are made', async () => {
    const repository = openRepository(storeFile());
    const outcomes = await Promise.allSettled([
      repository.insert(userNamed('a')),
      repository.insert(userNamed('x'.repeat(5_000))),
      repository.insert(userNamed('b')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(repository.find('a')).toEqual(userNamed('a'));
    expect(repository.find('b')).toEqual(userNamed('b'));
  });
});
