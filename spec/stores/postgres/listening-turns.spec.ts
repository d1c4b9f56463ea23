import { EventEmitter } from 'node:events';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ChangeListener } from '../../../lib/stores/postgres/change-listener.js';
import type { PostgresClient } from '../../../lib/stores/postgres/driver.js';
import { poolWith } from '../../support/pool-beside.js';
import { openPostgres, ownPool, ownSchema, schemaOf } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

describe('a connection that is lost', () => {
  it('at the same moment as it answers, proves nothing with that answer', async () => {
    class Client extends EventEmitter {
      async connect() {}
      async end() {}
      unref() {}
      async query({ text, values }: { text: string; values?: string[] }) {
        if (text.includes('pg_notify')) this.emit('notification', { channel: values?.[0], payload: values?.[1] });
        if (text === 'compare') this.emit('error', new Error('terminated by the administrator'));
        return { rows: [], rowCount: 0 };
      }
    }
    const told: unknown[] = [];
    const client = new Client();
    const listener = new ChangeListener({
      channel: 'changes',
      createClient: () => client as unknown as PostgresClient,
      askElsewhere: (statement) => client.query(statement as { text: string }),
      barrier: {
        channels: ['asked', 'answered'],
        join: async () => {},
        leave: () => told.push('left'),
        take: () => false,
      },
      onChange: () => {},
      compare: async (ask) => {
        await ask({ text: 'compare' });
        told.push('compared');
      },
      onState: (isListening, error) => told.push([isListening, error?.message]),
    });
    await listener.start();
    await listener.close();
    expect(told).toEqual(['left', [false, 'terminated by the administrator']]);
  });
});

describe('a query that was sent while nobody listened', () => {
  it('does not serve a request that comes when the process listens', async () => {
    const url = ownSchema();
    const other = await openPostgres(url);
    await other.insert(userNamed('someone'));
    let mayListen = false;
    class Listening extends pg.Client {
      override connect(): any {
        return mayListen ? super.connect() : Promise.reject(new Error('not yet'));
      }
    }
    let answered = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    class Client extends pg.Client {
      override async query(...asked: any[]): Promise<any> {
        const answer = await super.query(...(asked as [any]));
        if (asked[0].values?.[0] !== 'someone') return answer;
        answered += 1;
        if (answered === 1) await released;
        return answer;
      }
    }
    const repository = new PostgresUserRepository(
      poolWith(ownPool(url, { connectionTimeoutMillis: 2_000, statement_timeout: 1_000, Client }), Listening),
      {
        schema: schemaOf(url),
      },
    );
    onTestFinished(() => repository.close());
    const reports: unknown[] = [];
    await repository.open({ grace: 60_000, report: (...report) => reports.push(report) });
    const before = Promise.resolve(repository.find('someone'));
    await vi.waitUntil(() => answered === 1, { interval: 1 });
    await other.replace(userNamed('someone', { revision: '2' }), '1');
    mayListen = true;
    await expect.poll(() => reports.at(-1), { timeout: 5_000, interval: 10 }).toEqual(['up', undefined]);
    const after = Promise.resolve(repository.find('someone'));
    release();
    expect((await before)?.revision).toBe('1');
    expect((await after)?.revision).toBe('2');
  });
});
