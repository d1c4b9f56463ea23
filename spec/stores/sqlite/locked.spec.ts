import { setTimeout } from 'node:timers/promises';
import { OverloadedError } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { AppInProcess } from '../../support/app-in-process.js';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { StoreProcess } from '../../support/store-process.js';
import { keyOf, NOON } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

/** Holds the lock that a writer needs. */
function lock(file: string) {
  const connection = connect(file);
  connection.execute('BEGIN IMMEDIATE');
  return { release: () => connection.execute('ROLLBACK') };
}

/** Milliseconds that a promise takes to be settled, and what it is rejected with. */
async function timed(promise: PromiseLike<unknown>): Promise<{ took: number; error?: unknown }> {
  const from = performance.now();
  const [outcome] = await Promise.allSettled([promise]);
  const took = performance.now() - from;
  return outcome.status === 'rejected' ? { took, error: outcome.reason } : { took };
}

describe('while another process holds the lock to write', () => {
  it('for a second, users and keys are found, and a change is answered afterwards', async () => {
    const file = storeFile();
    const process = await StoreProcess.start(file);
    await process.ask('insert', userNamed('someone'));
    await process.ask('insertSecret', keyOf('someone'), '1');
    const { release } = lock(file);
    let isReleased = false;
    const changing = process.ask('insert', userNamed('other')).then((answer) => {
      expect(isReleased).toBe(true);
      return answer;
    });
    const until = performance.now() + 1_000;
    let slowest = 0;
    while (performance.now() < until) {
      slowest = Math.max(slowest, (await timed(process.ask('find', 'someone'))).took);
      await setTimeout(5);
    }
    expect(await process.ask('findSecret', keyOf('someone').digest)).toEqual(keyOf('someone'));
    expect(await process.ask('find', 'other')).toBeUndefined();
    isReleased = true;
    release();
    const { took } = await timed(changing);
    expect(await changing).toBe(true);
    expect(took).toBeLessThan(500);
    expect(slowest).toBeLessThan(250);
    expect(await process.ask('find', 'other')).toEqual(userNamed('other'));
  });

  it('for longer than four seconds, a change is refused, and the next one succeeds once the lock is free', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    const { release } = lock(file);
    const uses = Promise.allSettled([
      repository.secrets.recordUses([{ digest: keyOf('someone').digest, lastUsed: NOON }]),
    ]);
    const { took, error } = await timed(repository.insert(userNamed('someone')));
    expect(error).toBeInstanceOf(OverloadedError);
    expect(error).toMatchObject({
      code: 'OVERLOADED',
      status: 503,
      message: 'another process has the user store locked: try again later',
      headers: { 'Retry-After': expect.any(String) },
    });
    expect(took).toBeGreaterThan(3_900);
    expect(took).toBeLessThan(4_400);
    release();
    expect(await uses).toEqual([{ status: 'rejected', reason: error }]);
    expect(await repository.insert(userNamed('someone'))).toBe(true);
  });

  it('an app answers a change with 503 and Retry-After, and everything else as usual', async () => {
    const file = storeFile();
    const app = await AppInProcess.start(file);
    expect((await app.create('someone')).status).toBe(200);
    const { release } = lock(file);
    const refusal = app.create('other');
    const { took } = await timed(refusal);
    expect(await app.status('someone')).toBe(200);
    const { status, headers } = await refusal;
    expect(status).toBe(503);
    expect(headers['retry-after']).toMatch(/^\d+$/);
    // A refusal after a wait is not held back for another second, as one without work is.
    expect(took).toBeGreaterThan(3_900);
    expect(took).toBeLessThan(4_900);
    release();
    expect((await app.create('other')).status).toBe(200);
    expect(await app.status('other')).toBe(200);
  });

  it('for longer than four seconds, a new store is not opened', () => {
    const file = storeFile();
    connect(file).execute('BEGIN EXCLUSIVE');
    const from = performance.now();
    expect(() => openRepository(file)).toThrow(
      /^cannot open the user store in .*: another process has it locked \(database is locked\)\. Start again when/,
    );
    expect(performance.now() - from).toBeGreaterThan(3_900);
  });
});
