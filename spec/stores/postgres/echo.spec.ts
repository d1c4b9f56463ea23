import { randomUUID } from 'node:crypto';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cutListening } from '../../support/listening-connection.js';
import { ownPool, ownSchema, psql, schemaOf, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** A repository on such a pool, with somebody in it, and all that it has reported. */
async function openReporting(options: pg.PoolConfig) {
  const url = ownSchema();
  const name = `of ${randomUUID()}`;
  const pool = ownPool(url, { ...options, application_name: name });
  const repository = new PostgresUserRepository(pool, { schema: schemaOf(url) });
  onTestFinished(() => repository.close());
  const states: string[] = [];
  await repository.open({ grace: 60_000, report: (state) => states.push(state) });
  await repository.insert(userNamed('someone'));
  expect(await repository.find('someone')).toMatchObject({ enabled: true });
  return {
    pool,
    repository,
    states,
    disable: () => psql(url, `UPDATE ${usersTable(url)} SET enabled = false`),
    cut: () => cutListening(url, name),
  };
}

describe('whether a new connection hears of changes is seen by a notification', () => {
  it('from another connection: a pooler that passes on none but one’s own is no one to hear from', async () => {
    class Client extends pg.Client {
      override emit(event: any, ...details: any[]): boolean {
        const isOthers = event === 'notification' && details[0].processId !== (this as any).processID;
        return isOthers ? false : super.emit(event, ...(details as []));
      }
    }
    const { repository, states, disable } = await openReporting({ Client });
    await vi.waitFor(() => expect(states.length).toBeGreaterThan(2), { timeout: 5_000, interval: 10 });
    expect(new Set(states)).toEqual(new Set(['degraded']));
    await disable();
    expect(await repository.find('someone')).toMatchObject({ enabled: false });
  });

  it('from itself where no other connection can be had: so users in memory are served, and changes are heard of', async () => {
    const { pool, repository, states, disable, cut } = await openReporting({ max: 1 });
    const taken = await pool.connect();
    onTestFinished(() => taken.release());
    await cut();
    await vi.waitFor(() => expect(states).toContain('grace'), { timeout: 5_000, interval: 10 });
    // Neither up, since nobody can be read, nor out of order.
    await vi.waitFor(() => expect(states.at(-1)).toBe('degraded'), { timeout: 5_000, interval: 10 });
    expect(repository.find('someone')).toMatchObject({ enabled: true });
    await disable();
    await vi.waitFor(() => expect(repository.find('someone')).toBeInstanceOf(Promise), { timeout: 1_000, interval: 1 });
    await expect(repository.find('someone')).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
