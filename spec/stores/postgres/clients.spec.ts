import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { cutListening } from '../../support/listening-connection.js';
import { poolWith } from '../../support/pool-beside.js';
import { ownPool, ownSchema, schemaOf } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A repository, and all that it has reported. */
async function openReporting(repository: PostgresUserRepository) {
  const told: (readonly [state: string, reason: string | undefined])[] = [];
  onTestFinished(() => repository.close());
  await repository.open({ grace: 60_000, report: (state, reason) => told.push([state, reason]) });
  return { repository, told, soon: () => expect.poll(() => told.at(-1), { timeout: 5_000, interval: 10 }) };
}

describe('where no client can be made for the connection that listens', () => {
  it('a repository opens, and hears of changes as soon as one can be', async () => {
    const url = ownSchema();
    const pool = ownPool(url, { connectionTimeoutMillis: 2_000, statement_timeout: 1_000 });
    let made = 0;
    class Client extends pg.Client {
      constructor(options: pg.ClientConfig) {
        made += 1;
        if (made === 1) throw new Error('ENOENT: no such file');
        super(options);
      }
    }
    const { repository, told, soon } = await openReporting(
      new PostgresUserRepository(poolWith(pool, Client), { schema: schemaOf(url) }),
    );
    expect(told).toEqual([['degraded', 'ENOENT: no such file']]);
    await repository.insert(userNamed('someone'));
    expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
    await soon().toEqual(['up', undefined]);
    await repository.close();
  });

  it('because a certificate is gone, each request reads the table until it is back, and close() is possible', async () => {
    const certificate = join(temporaryFolder(), 'root.pem');
    const own = randomUUID();
    const url = `${inject('postgresUrl')}?schema=${own}&max=1&application_name=${own}&sslmode=disable&sslrootcert=${certificate}`;
    const reason = `ENOENT: no such file or directory, open '${certificate}'`;
    writeFileSync(certificate, '');
    const { repository, soon } = await openReporting(new PostgresUserRepository(url));
    await repository.insert(userNamed('someone'));

    rmSync(certificate);
    await cutListening(url, own);
    await soon().toEqual(['degraded', reason]);
    expect(await repository.find('someone')).toMatchObject({ name: 'someone' });

    writeFileSync(certificate, '');
    await soon().toEqual(['up', undefined]);

    rmSync(certificate);
    await cutListening(url, own);
    await soon().toEqual(['degraded', reason]);
    await repository.close();
  });
});
