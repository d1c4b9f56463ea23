import { renameSync, truncateSync, writeFileSync } from 'node:fs';
import { OverloadedError } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../lib/stores/sqlite/connection.js';
import { DEFAULT_STORE_SETTINGS } from '../../../lib/users/repository.js';
import { failure } from '../../support/failure.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';

const clock = vi.hoisted(() => ({ step: 0, time: 0 }));

// Each look takes as long as is said.
vi.mock('../../../lib/clock.js', () => ({
  now: () => {
    clock.time += clock.step;
    return clock.time + performance.now();
  },
}));

const unavailable = failure('STORE_UNAVAILABLE', 503, 'the user store is unavailable');

/** A store with a user, whose states are written down. */
async function setUp() {
  clock.step = 0;
  const file = storeFile();
  const repository = openRepository(file);
  const states: (readonly [state: string, reason: string | undefined])[] = [];
  repository.open({ ...DEFAULT_STORE_SETTINGS, report: (...state) => states.push(state as [string, undefined]) });
  await repository.insert(userNamed('someone'));
  return { file, repository, states };
}

/** Fails so many questions of connections. */
function failQuestions(times: number, code: string): void {
  const ask = vi.spyOn(Connection.prototype, 'first');
  for (let time = 0; time < times; time += 1) {
    ask.mockImplementationOnce(() => {
      throw Object.assign(new Error('of SQLite'), { code });
    });
  }
}

describe('a question while another process has the file locked', () => {
  it('is answered when the lock is free', async () => {
    const { repository, states } = await setUp();
    failQuestions(3, 'SQLITE_BUSY_RECOVERY');
    const found = repository.find('someone');
    expect(found).toBeInstanceOf(Promise);
    expect(await found).toEqual(userNamed('someone'));
    expect(states).toEqual([['up', undefined]]);
  });

  it('is refused after four seconds', async () => {
    const { repository } = await setUp();
    failQuestions(100, 'SQLITE_BUSY');
    const found = repository.find('someone');
    clock.step = 100;
    await expect(found).rejects.toBeInstanceOf(OverloadedError);
  });

  it('fails like any other question if SQLite fails after the wait', async () => {
    const { repository } = await setUp();
    failQuestions(1, 'SQLITE_BUSY');
    const found = repository.find('someone');
    failQuestions(1, 'SQLITE_IOERR_READ');
    await expect(found).rejects.toThrow(unavailable);
  });
});

describe('a question that fails', () => {
  it('makes the state of the store down, with the reason, until a question succeeds', async () => {
    const { file, repository, states } = await setUp();
    failQuestions(1, 'SQLITE_IOERR_READ');
    expect(() => repository.find('someone')).toThrow(unavailable);
    expect(states.at(-1)).toEqual(['down', `${file} cannot be read (of SQLite)`]);
    expect(repository.find('someone')).toEqual(userNamed('someone'));
    expect(states.at(-1)).toEqual(['up', undefined]);
  });

  it('because of a damaged file gives advice', async () => {
    const { file, repository, states } = await setUp();
    // The log holds changes that are not in the file yet.
    connect(file).value('PRAGMA wal_checkpoint(TRUNCATE)');
    truncateSync(file, 0);
    writeFileSync(file, 'overwritten '.repeat(10_000));
    await expect(repository.insert(userNamed('other'))).rejects.toThrow();
    expect(() => repository.find('unknown')).toThrow(unavailable);
    expect(states.at(-1)).toEqual(['down', expect.stringMatching(/is damaged|cannot be read/)]);
  });
});

it('a store is not opened without room for it, and the error gives advice', () => {
  failQuestions(1, 'SQLITE_FULL');
  const open = () => openRepository(storeFile());
  expect(open).toThrow('the file system has no room, or fails (of SQLite). Make room there, and start again');
});

it('a moved file makes the store unavailable until it is back', async () => {
  const { file, repository, states } = await setUp();
  renameSync(file, `${file}.away`);
  await vi.waitUntil(() => states.at(-1)?.[0] === 'down', { timeout: 5_000 });
  expect(states.at(-1)?.[1]).toBe(`${file} is gone. Put the former file back, or restart this process`);
  expect(() => repository.find('someone')).toThrow(unavailable);
  await expect(repository.insert(userNamed('other'))).rejects.toThrow(unavailable);
  renameSync(`${file}.away`, file);
  await vi.waitUntil(() => states.at(-1)?.[0] === 'up', { timeout: 5_000 });
  expect(repository.find('someone')).toEqual(userNamed('someone'));
});

describe('changes that fail', () => {
  it('are retried each second with a probe, until changes can be made', async () => {
    const { file, repository, states } = await setUp();
    const other = connect(file);
    other.execute('CREATE TABLE probe (value ANY); ALTER TABLE users RENAME TO hidden');
    const refusal = failure('STORE_UNAVAILABLE', 503, 'the user store cannot be changed');
    await expect(repository.insert(userNamed('other'))).rejects.toThrow(refusal);
    expect(states.at(-1)).toEqual(['degraded', expect.stringContaining('no such table')]);
    await vi.waitUntil(() => states.at(-1)?.[1]?.includes('probe already exists'), { timeout: 5_000 });
    other.execute('ALTER TABLE hidden RENAME TO users; DROP TABLE probe');
    await vi.waitUntil(() => states.at(-1)?.[0] === 'up', { timeout: 5_000 });
    expect(await repository.insert(userNamed('other'))).toBe(true);
  });
});
