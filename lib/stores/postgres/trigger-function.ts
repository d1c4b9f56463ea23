import { quoteLiteral, type TableNames } from './table-names.js';

/**
 * A trigger function with the rights of the table's owner: a process of an older version, whose role has no rights on a new
 * table, keeps that table current as well.
 */
export function createFunction(names: TableNames, name: string, body: string): string {
  return `CREATE OR REPLACE FUNCTION ${names.inSchema(name)}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS ${quoteLiteral(body)};`;
}
