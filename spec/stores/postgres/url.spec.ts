import { ConfigError } from 'kapacitor-auth';
import { PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { parseStoreUrl } from '../../../lib/stores/postgres/url.js';
import { createAuth } from '../../support/auth.js';
import { failure } from '../../support/failure.js';
import { openPostgres, ownRole, ownSchema, psql, schemaOf } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

describe('the parameters of a URL', () => {
  it('default to five connections, without a schema and a table', () => {
    expect(parseStoreUrl('postgres://user:pw@host:5433/db')).toEqual({
      connectionString: 'postgres://user:pw@host:5433/db',
      schema: undefined,
      table: undefined,
      max: 5,
    });
  });

  it('are taken out, and the rest is left to the driver', () => {
    expect(
      parseStoreUrl(
        'postgres://host/db?schema=my%20schema&sslmode=require&table=a%26b&max=20&application_name=my%20app',
      ),
    ).toEqual({
      connectionString: 'postgres://host/db?sslmode=require&application_name=my+app',
      schema: 'my schema',
      table: 'a&b',
      max: 20,
    });
  });

  it.each([
    ['1', 1],
    ['9999', 9_999],
  ])('may be max=%s', (written, max) => {
    expect(parseStoreUrl(`postgres://host/db?max=${written}`)).toMatchObject({
      max,
      connectionString: 'postgres://host/db',
    });
  });

  it.each([
    ['tabel', 'table'],
    ['Table', 'table'],
    ['scheme', 'schema'],
    ['mx', 'max'],
  ])('are refused if they are misspelt: %s', (misspelt, meant) => {
    expect(() => parseStoreUrl(`postgres://host/db?${misspelt}=x`)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: `postgres://…?${misspelt}= is not known: did you mean ${meant}?`,
      }),
    );
  });

  it('count the first time if they are repeated, and the driver gets neither', () => {
    expect(parseStoreUrl('postgres://host/db?schema=one&schema=two')).toMatchObject({
      connectionString: 'postgres://host/db',
      schema: 'one',
    });
  });

  it('leave percent-encoding unchanged', () => {
    expect(parseStoreUrl('postgres://us%20er:p%40ss@host/my%2Fdb?schema=x').connectionString).toBe(
      'postgres://us%20er:p%40ss@host/my%2Fdb',
    );
  });
});

describe('a URL', () => {
  it.each([
    ['postgresql://', (url: string) => url.replace('postgres:', 'postgresql:')],
    ['postgres:///DATABASE, with the rest behind it', inParameters],
  ])('may have the form %s', async (_form, written) => {
    const url = ownSchema();
    const [one, two] = [await openPostgres(written(url)), await openPostgres(url)];
    await one.insert(userNamed('someone'));
    expect(await two.find('someone')).toEqual(userNamed('someone'));
  });

  it.each([['@:/?#[]'], ['100% %41 +&='], ['pässwörd 日本'], [`'"\\`]])(
    'may have the password %j, percent-encoded',
    async (password) => {
      const owner = ownSchema();
      await psql(owner, `CREATE SCHEMA "${schemaOf(owner)}"`);
      const { role, url } = await ownRole(owner, password.replaceAll("'", "''"));
      await psql(owner, `GRANT USAGE, CREATE ON SCHEMA "${schemaOf(owner)}" TO "${role}"`);
      const encoded = new URL(url);
      encoded.password = encodeURIComponent(password);
      const auth = await createAuth({ auth: { store: encoded.href } }, [{ name: 'someone', password: 'pw' }]);
      expect(await auth.users.get('someone')).toMatchObject({ name: 'someone' });
      expect(auth.config.auth.store).not.toContain(encoded.password);
    },
  );

  it('with the wrong password is refused by the server, and the error does not repeat it', async () => {
    const { url } = await ownRole(inject('postgresUrl'));
    const wrong = new URL(url);
    wrong.password = 'hunter2';
    const repository = new PostgresUserRepository(wrong.href);
    onTestFinished(() => repository.close());
    const error = (await repository.open().catch((thrown: unknown) => thrown)) as Error & { code: string };
    expect(error.code).toBe('28P01');
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('hunter2');
  });

  it('may set the application name, which defaults to kapacitor-auth', async () => {
    const url = ownSchema();
    const applicationsOf = async (own: string) => {
      const repository = await openPostgres(own);
      await repository.find('someone');
      const rows = await psql(url, 'SELECT application_name AS name FROM pg_stat_activity');
      return rows.map(({ name }) => name);
    };
    expect(await applicationsOf(`${url}&application_name=my+app`)).toContain('my app');
    expect(await applicationsOf(url)).toContain('kapacitor-auth');
  });

  it.each(['0', '-1', '10000', '1.5', '1e3', 'many', '', '%205', '05'])('is refused for max=%s', (max) => {
    const create = () => new PostgresUserRepository(`postgres://host/db?max=${max}`);
    expect(create).toThrow(ConfigError);
    expect(create).toThrow('postgres://…?max= must be an integer from 1 to 9999');
  });

  it.each([
    ['schema', 63],
    ['table', 40],
  ])('is refused for an empty or too long %s', (parameter, most) => {
    for (const name of ['', 'x'.repeat(most + 1), '%00']) {
      const create = () => new PostgresUserRepository(`postgres://host/db?${parameter}=${name}`);
      expect(create).toThrow(ConfigError);
      expect(create).toThrow(`the name of the ${parameter} in PostgreSQL must have 1 to ${most} bytes`);
    }
  });

  it.each(['', 'host/db', 'sqlite:./users.db', 'http://host/db', 'postgres://user:1#hunter2@host/db'])(
    'is refused and not repeated: %j',
    (text) => {
      const create = () => new PostgresUserRepository(text);
      expect(create).toThrow(ConfigError);
      expect(create).toThrow(
        expect.objectContaining({
          code: 'CONFIG_INVALID',
          message: 'the URL of a store in PostgreSQL is "postgres://USER:PASSWORD@HOST/DATABASE"',
        }),
      );
    },
  );
});

/** The form of a URL with its parts as parameters. */
function inParameters(url: string): string {
  const { hostname: host, port, username: user, password, pathname, search } = new URL(url);
  return `postgres://${pathname}${search}&${new URLSearchParams({ host, port, user, password })}`;
}

const STORE = 'postgres://user:password@host/database';
const NO_SOURCE = 'PostgresUserRepository takes a URL such as "postgres://…", or a pool: new pg.Pool({ … })';

const TABLES: readonly [unknown, string][] = [
  [{ tabel: 'users' }, 'unknown option "tabel": did you mean table?'],
  [{ Table: 'users' }, 'unknown option "Table": did you mean table?'],
  [{ name: 'users' }, 'unknown option "name": the table in PostgreSQL has schema and table'],
  ['users', 'the table in PostgreSQL must be an object with schema and table, not a text'],
  [null, 'the table in PostgreSQL must be an object with schema and table, not null'],
];

const mistake = (message: string) => failure('CONFIG_INVALID', 500, message);

describe.each(TABLES)('the table %j in code', (table, message) => {
  it('is refused', () => {
    expect(() => new PostgresUserRepository(STORE, table as never)).toThrow(mistake(message));
    expect(() => postgresSchema(table as never)).toThrow(mistake(message));
  });
});

it.each([
  ['the options of a pool', { connectionString: STORE }],
  ['a client', new pg.Client()],
  ['nothing', undefined],
  ['null', null],
])('%s is not a pool', (_what, source) => {
  expect(() => new PostgresUserRepository(source as never)).toThrow(mistake(NO_SOURCE));
});

it.each([-1, 0.5, 99, '0', null])('the version %j is impossible', (from) => {
  expect(() => postgresSchema({}, from as never)).toThrow(
    failure(
      'CONFIG_INVALID',
      500,
      expect.stringMatching(/^postgresSchema: the version of the table must be an integer from 0 to \d+$/) as never,
    ),
  );
});
