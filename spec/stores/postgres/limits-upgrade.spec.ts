import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openPostgres, ownRole, psql, usersTable } from '../../support/postgres-repository.js';
import { tableOfVersion } from '../../support/postgres-versions.js';
import { userNamed } from '../../support/stored-user.js';

const PAIR = { keyPrefix: 'pair', points: 10, duration: 600 };
const tableOfVersion4 = () => tableOfVersion(4, [userNamed('someone')]);

describe('a table of version 4', () => {
  it.each(['a start', 'the SQL of postgresSchema()'])(
    'is upgraded by %s: users stay the same rows, and failed logins are counted',
    async (upgrade) => {
      const { url, schema } = await tableOfVersion4();
      const rows = () => psql(url, `SELECT *, xmin, ctid FROM ${usersTable(url)}`);
      const before = await rows();
      if (upgrade !== 'a start') await psql(url, postgresSchema({ schema }, 4));
      const repository = await openPostgres(url);
      expect(await rows()).toEqual(before);
      expect(await repository.limits.limiter(PAIR).penalty('key')).toMatchObject({ consumedPoints: 1 });
    },
  );

  it('is upgraded while a long transaction reads and changes users: it waits for none', async () => {
    const { url } = await tableOfVersion4();
    const other = new pg.Client(url.replace(/\?.*/, ''));
    await other.connect();
    onTestFinished(() => other.end());
    await other.query(`BEGIN; UPDATE ${usersTable(url)} SET note = 'a note'`);
    const repository = await openPostgres(url);
    expect(await repository.limits.limiter(PAIR).penalty('key')).toMatchObject({ consumedPoints: 1 });
    await other.query('COMMIT');
    expect(await repository.find('someone')).toMatchObject({ note: 'a note' });
  });

  it('leaves a role without rights on the new table, which an open names', async () => {
    const { url, schema, names } = await tableOfVersion4();
    const { role, url: asRole } = await ownRole(url);
    const rights = 'SELECT, INSERT, UPDATE, DELETE';
    await psql(
      url,
      `GRANT USAGE ON SCHEMA "${schema}" TO "${role}"; GRANT ${rights} ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`,
    );
    await psql(url, postgresSchema({ schema }, 4));
    await expect(openPostgres(asRole)).rejects.toMatchObject({
      message: `this database user may not use every table of the store: grant it ${rights} on ${names.limits}`,
    });
    await psql(url, `GRANT ${rights} ON ${names.limits} TO "${role}"`);
    const { limits } = await openPostgres(asRole);
    expect(await limits.limiter(PAIR).penalty('key')).toMatchObject({ consumedPoints: 1 });
  });

  it('gives advice if another relation has the name of the new table', async () => {
    const { url, names } = await tableOfVersion4();
    await psql(url, `CREATE VIEW ${names.limits} AS SELECT 1`);
    const repository = new PostgresUserRepository(url);
    onTestFinished(() => repository.close());
    await expect(repository.open()).rejects.toMatchObject({
      message: expect.stringContaining('another relation has a name that the store needs'),
    });
  });
});
