import { StoreError } from '../../errors.js';
import type { Ask } from './driver.js';
import type { TableNames } from './table-names.js';

/**
 * Expects of a role that it may do with secrets what it may do with users. An upgrade by another role grants it nothing on
 * the table of secrets.
 *
 * @throws {StoreError} a right is missing
 */
export async function expectRights(ask: Ask, { users, secrets }: TableNames): Promise<void> {
  const { rows } = await ask({
    text: `SELECT string_agg(privilege, ', ') AS missing
      FROM (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS rights (privilege)
      WHERE has_table_privilege($1, privilege) AND NOT has_table_privilege($2, privilege)`,
    values: [users, secrets],
  });
  const missing = rows[0]?.['missing'];
  if (missing == null) return;
  throw new StoreError(`this database user may not use the table ${secrets}: grant it ${missing} on it`);
}
