import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { failure } from '../../support/failure.js';

const URL = 'postgres://user:password@host/database';
const NO_SOURCE = 'PostgresUserRepository takes a URL such as "postgres://…", or a pool: new pg.Pool({ … })';

const TABLES: readonly [unknown, string][] = [
  [{ tabel: 'users' }, 'unknown option "tabel": the table in PostgreSQL has schema and table'],
  [{ Table: 'users' }, 'unknown option "Table": did you mean table?'],
  [{ name: 'users' }, 'unknown option "name": the table in PostgreSQL has schema and table'],
  ['users', 'the table in PostgreSQL must be an object with schema and table, not a text'],
  [null, 'the table in PostgreSQL must be an object with schema and table, not null'],
];

const mistake = (message: string) => failure('CONFIG_INVALID', 500, message);

describe.each(TABLES)('a table of which code says %j', (table, message) => {
  it('is refused', () => {
    expect(() => new PostgresUserRepository(URL, table as never)).toThrow(mistake(message));
    expect(() => postgresSchema(table as never)).toThrow(mistake(message));
  });
});

it.each([
  ['the options of a pool', { connectionString: URL }],
  ['a client', new pg.Client()],
  ['nothing', undefined],
  ['null', null],
])('%s is no pool', (_what, source) => {
  expect(() => new PostgresUserRepository(source as never)).toThrow(mistake(NO_SOURCE));
});

it.each([-1, 0.5, 99, '0', null])('the version %j is none that could be there', (from) => {
  expect(() => postgresSchema({}, from as never)).toThrow(
    failure(
      'CONFIG_INVALID',
      500,
      expect.stringMatching(/^postgresSchema: the version of the table must be an integer from 0 to \d+$/) as never,
    ),
  );
});
