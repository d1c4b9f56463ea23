import { StoreError } from '../../errors.js';
import type { Ask } from './driver.js';
import type { TableNames } from './table-names.js';

/**
 * Expects of a role that it may do with secrets, logins and limits what it may do with users, and read the table of permissions if it
 * may read users. An upgrade by another role grants it nothing on the tables that the upgrade makes.
 *
 * @throws {StoreError} a right is missing
 */
export async function expectRights(ask: Ask, { users, secrets, logins, limits, grants }: TableNames): Promise<void> {
  const { rows } = await ask({
    text: `SELECT string_agg(privilege, ', ' ORDER BY number) || ' on ' || name AS missing
      FROM unnest($2::text[]) WITH ORDINALITY AS tables (name, position),
        (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')) AS rights (number, privilege)
      WHERE has_table_privilege($1, privilege) AND NOT has_table_privilege(name, privilege)
        AND (privilege = 'SELECT' OR name <> $3)
      GROUP BY name, position ORDER BY position`,
    values: [users, [secrets, logins, limits, grants], grants],
  });
  if (rows.length === 0) return;
  const missing = rows.map((row) => row['missing']).join(', and ');
  throw new StoreError(`this database user may not use every table of the store: grant it ${missing}`);
}
