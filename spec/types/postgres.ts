import { kapacitorAuth, type RemoveOutcome, type StoredUser, type UserRepository } from 'kapacitor-auth';
import { type PostgresPool, type PostgresTable, PostgresUserRepository, postgresSchema } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { claim, type Same } from './claims.js';

const pool = new pg.Pool();
const url = 'postgres://user:password@host/database?schema=auth';

const repository = new PostgresUserRepository(pool);
new PostgresUserRepository(new pg.Pool({ max: 3 }), { schema: 'auth', table: 'users' });
new PostgresUserRepository(url);
new PostgresUserRepository(url, { table: 'users' });
new PostgresUserRepository(url, { schema: undefined, table: undefined });

claim<PostgresUserRepository extends UserRepository ? true : false>();
claim<pg.Pool extends PostgresPool ? true : false>();
claim<Same<ConstructorParameters<typeof PostgresUserRepository>[0], string | PostgresPool>>();

kapacitorAuth({ auth: { store: repository } });
kapacitorAuth('kapacitor.conf', { auth: { store: repository } });
kapacitorAuth({ auth: { store: url } });

await repository.open();
await repository.open({ grace: 0, report: () => {} });
const found = await repository.find('jane');
claim<Same<typeof found, StoredUser | undefined>>();
const removed = await repository.remove('jane');
claim<Same<typeof removed, RemoveOutcome>>();
await repository.close();

// @ts-expect-error a repository is somewhere
new PostgresUserRepository();
// @ts-expect-error a client is no pool
new PostgresUserRepository(new pg.Client());
// @ts-expect-error nor is what a pool is made of
new PostgresUserRepository({ connectionString: url });
// @ts-expect-error a table has a name
new PostgresUserRepository(pool, 'users');
// @ts-expect-error an option is not known
new PostgresUserRepository(pool, { tables: 'users' });
// @ts-expect-error a name is a text
new PostgresUserRepository(pool, { schema: 5 });

const table: PostgresTable = { schema: 'auth' };
const statements = postgresSchema(table);
claim<Same<typeof statements, string>>();
postgresSchema();
postgresSchema({}, 1);
// @ts-expect-error a version is a number
postgresSchema(table, '1');
