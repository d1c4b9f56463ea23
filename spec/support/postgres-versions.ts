import { MIGRATIONS, migrationStatements } from '../../lib/stores/postgres/schema.js';
import { TableNames } from '../../lib/stores/postgres/table-names.js';
import type { StoredUser } from '../../lib/users/user.js';
import { ownSchema, psql, schemaOf } from './postgres-repository.js';

/** A table of an earlier version with users, as the version of the package that had it made the table. */
export async function tableOfVersion(version: number, users: readonly StoredUser[]) {
  const url = ownSchema();
  const schema = schemaOf(url) as string;
  const names = new TableNames({ schema });
  const steps = MIGRATIONS.slice(0, version).map((migration, index) =>
    migrationStatements(migration, index + 1, names),
  );
  await psql(url, `BEGIN; CREATE SCHEMA ${names.schema}; ${steps.join('\n')} COMMIT`);
  for (const { name, type, permissions, enabled, hash, revision } of users) {
    await psql(
      url,
      `INSERT INTO ${names.users} (name, type, permissions, enabled, hash, revision) VALUES ($1, $2, $3, $4, $5, $6)`,
      [name, type, permissions, enabled, hash, revision],
    );
  }
  return { url, schema, names };
}
